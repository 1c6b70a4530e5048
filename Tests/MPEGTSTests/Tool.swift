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
    static let areThere = are(["ffmpeg", "ffprobe"], askedWith: "-version")

    /// True when `gst-launch-1.0` can be run.
    static let hasGStreamer = are(["gst-launch-1.0"], askedWith: "--version")

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

    /// The bytes of the file that `name` writes when its arguments end with that file's path.
    static func file(from name: String, _ arguments: (String) -> [String]) throws -> [UInt8] {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("out")
        let output = try run(name, arguments(file.path))
        try #require(output.status == 0, "\(output.standardError)")
        return [UInt8](try Data(contentsOf: file))
    }

    private static func are(_ names: [String], askedWith argument: String) -> Bool {
        names.allSatisfy { (try? run($0, [argument]).status) == 0 }
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
