import Foundation
import Sockets

/// A program that calls, or is called.
final class Peer: @unchecked Sendable {
    // Only one thread uses it; `Process` has its own lock.
    private let process = Process()
    private let output: URL

    /// Starts the program of that name, if it is on the PATH.
    init(_ name: String, _ arguments: [String]) throws {
        output = FileManager.default.temporaryDirectory.appending(path: "peer-\(UUID().uuidString)")
        _ = FileManager.default.createFile(atPath: output.path, contents: nil)
        let handle = try FileHandle(forWritingTo: output)
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
    }

    deinit { try? FileManager.default.removeItem(at: output) }

    static func isThere(_ name: String) -> Bool {
        ["/usr/bin", "/usr/local/bin"].contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
    }

    /// Has it stand still.
    func stop() { _ = process.suspend() }

    /// What it has written, when it is over: by itself within some seconds, or because it was ended.
    @discardableResult
    func end(within time: Duration = .zero) -> String {
        let deadline = ContinuousClock.now + time
        while process.isRunning, ContinuousClock.now < deadline { usleep(20_000) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        return (try? String(contentsOf: output, encoding: .utf8)) ?? ""
    }
}

/// Datagrams for a program that waits for them.
final class Feed: Sendable {
    private let descriptor: Int32
    private let port: UInt16

    /// The port is free when it is looked for.
    init() {
        let probe = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        address.sin_family = sa_family_t(AF_INET)
        port = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(probe, $0, size)
                _ = getsockname(probe, $0, &size)
                return SocketAddress($0).port
            }
        }
        close(probe)
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    }

    deinit { close(descriptor) }

    /// For srt-live-transmit.
    var address: String { "udp://127.0.0.1:\(port)" }

    func send(_ datagram: [UInt8]) {
        _ = SocketAddress(host: "127.0.0.1", port: port).withSystemAddress {
            sendto(descriptor, datagram, datagram.count, 0, $0, $1)
        }
    }
}
