import Foundation

/// A program that calls, or is called.
final class Peer: @unchecked Sendable {
    // Only one thread uses it; `Process` has its own lock.
    private let process = Process()
    private let input = Pipe()
    private let output: URL

    /// Starts the program of that name, if it is on the PATH.
    init(_ name: String, _ arguments: [String]) throws {
        output = FileManager.default.temporaryDirectory.appending(path: "peer-\(UUID().uuidString)")
        _ = FileManager.default.createFile(atPath: output.path, contents: nil)
        let handle = try FileHandle(forWritingTo: output)
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.standardInput = input
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
    }

    deinit { try? FileManager.default.removeItem(at: output) }

    static func isThere(_ name: String) -> Bool {
        ["/usr/bin", "/usr/local/bin"].contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
    }

    func write(_ bytes: [UInt8]) { try? input.fileHandleForWriting.write(contentsOf: bytes) }

    func closeInput() { try? input.fileHandleForWriting.close() }

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
