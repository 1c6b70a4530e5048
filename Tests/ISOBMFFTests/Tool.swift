import Foundation
import Testing

/// A program outside, run to its end.
enum Tool {
    struct Output {
        var status: Int32
        var standardOutput: String
        var standardError: String
    }

    /// True when `ffmpeg` and `ffprobe` can be run.
    static let areThere = ["ffmpeg", "ffprobe"].allSatisfy { name in
        (try? run(name, ["-version"]).status) == 0
    }

    /// What `name` prints for `arguments`.
    static func run(_ name: String, _ arguments: [String]) throws -> Output {
        let folder = try TemporaryFolder()
        let files = try ["out", "err"].map { try folder.newFile(named: $0) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        try process.run()
        process.waitUntilExit()
        return Output(
            status: process.terminationStatus, standardOutput: try String(contentsOf: files[0], encoding: .utf8),
            standardError: try String(contentsOf: files[1], encoding: .utf8))
    }
}

/// A folder of its own that goes away with its last owner.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("headwater-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func newFile(named name: String, _ bytes: [UInt8] = []) throws -> URL {
        let file = url.appendingPathComponent(name)
        try Data(bytes).write(to: file)
        return file
    }
}
