public import FFmpeg
internal import Locks
public import Media
public import Packaging
internal import Runtime

/// Draws and encodes what channels show while nothing comes in, one after the other, on a thread of its own.
public final class SlateStudio: Sendable {
    private struct Order {
        let customer: String
        let picture: StillPicture
        let tracks: [Track]
        let duration: MediaTime
        let deliver: @Sendable (Result<[StillGroup], CodecError>) -> Void
    }

    private struct State {
        var orders: [Order] = []
        var isOver = false
    }

    private let state = Monitor(State())
    private let thread = Mutex<NamedThread?>(nil)

    /// Opens it.
    public init() {
        let body = NamedThread("slate") { [self] in
            while let order = nextOrder() { order.deliver(Self.groups(order)) }
        }
        thread.withLock { $0 = body }
    }

    /// Has `picture` made for each of the video `tracks`, in groups of that duration; `deliver` is called on its thread. What
    /// was ordered by the same `customer` and has not been begun is not made any more.
    public func order(
        by customer: String, _ picture: StillPicture, like tracks: [Track], duration: MediaTime,
        deliver: @escaping @Sendable (Result<[StillGroup], CodecError>) -> Void
    ) {
        let order = Order(
            customer: customer, picture: picture, tracks: tracks, duration: duration, deliver: deliver)
        state.signal { state in
            state.orders.removeAll { $0.customer == customer }
            state.orders.append(order)
        }
    }

    /// Ends the thread; what is still ordered is not made.
    public func close() {
        state.signal { ($0.isOver, $0.orders) = (true, []) }
        thread.withLock { $0.take() }?.join()
    }

    private func nextOrder() -> Order? {
        while !state.wait(for: .seconds(60), until: { !$0.orders.isEmpty || $0.isOver }) {}
        return state.signal { $0.orders.isEmpty ? nil : $0.orders.removeFirst() }
    }

    private static func groups(_ order: Order) -> Result<[StillGroup], CodecError> {
        do throws(CodecError) {
            var groups: [StillGroup] = []
            for track in order.tracks {
                groups.append(try StillGroup(order.picture, like: track, duration: order.duration))
            }
            return .success(groups)
        } catch {
            return .failure(error)
        }
    }
}
