import Glibc
import Testing

@testable import Runtime

@Suite(.serialized) struct ServiceManagerTests {
    /// A socket for datagrams at `path`, where "@" begins an abstract name; and what it receives when `body` is over.
    private func received(at path: String, _ body: () -> Void) throws -> String {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array((path.hasPrefix("@") ? "\0" + path.dropFirst() : path).utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(2 + name.count)) }
        }
        #expect(bound == 0)
        defer { if !path.hasPrefix("@") { unlink(path) } }
        body()
        var text = [UInt8](repeating: 0, count: 100)
        let count = recv(descriptor, &text, text.count, Int32(MSG_DONTWAIT))
        return String(decoding: text.prefix(max(count, 0)), as: UTF8.self)
    }

    @Test(arguments: ["@headwater-test-\(getpid())", "/tmp/headwater-test-\(getpid())"])
    func whatIsToldArrives(path: String) throws {
        let manager = ServiceManager(socketPath: path)
        #expect(try received(at: path) { manager.tell(.ready) } == "READY=1")
        #expect(try received(at: path) { manager.tell(.stopping) } == "STOPPING=1")
        #expect(!manager.tell(.ready))
    }

    @Test(arguments: ["", "@", String(repeating: "x", count: 108)]) func whatIsNoPathIsToldNothing(path: String) {
        #expect(!ServiceManager(socketPath: path).tell(.ready))
    }

    @Test func theVariableIsTaken() {
        setenv("NOTIFY_SOCKET", "/nowhere", 1)
        #expect(ServiceManager.take() != nil)
        #expect(ServiceManager.take() == nil)
    }
}
