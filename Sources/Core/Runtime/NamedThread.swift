internal import CLinux
internal import Glibc

/// A thread of the operating system, with a name that debuggers and `top -H` show.
///
/// Media runs on threads, never on the cooperative pool: its reads block.
public final class NamedThread: Sendable {
    private final class Start {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    private let handle: pthread_t

    /// Starts `body` on a thread called `name`, of which Linux keeps 15 bytes.
    public init(_ name: String, body: @escaping @Sendable () -> Void) {
        var handle = pthread_t()
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        let result = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                _ = clinux_set_thread_name(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        precondition(result == 0, "the process cannot start a thread: error \(result)")
        self.handle = handle
    }

    /// Waits until the thread has ended. To be called once, or `detach`.
    public func join() { pthread_join(handle, nil) }

    /// Lets the thread go on by itself.
    public func detach() { pthread_detach(handle) }
}
