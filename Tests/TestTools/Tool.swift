import Foundation
import TestFolder

/// A program outside, found on the PATH. It is killed with its last owner.
public final class Tool {
    /// What it came to. It is thrown where it should have come to something better.
    public struct Output: Error {
        /// Zero when it went well.
        public let status: Int32
        /// What it printed.
        public let standardOutput: String
        /// What it complained of.
        public let standardError: String
    }

    /// True when `ffmpeg` and `ffprobe` can be run.
    public static let areThere = areThere("ffmpeg", "ffprobe")

    private let process = Process()
    private let folder = TemporaryFolder()
    private let input: Pipe?

    /// Starts it. It has nothing to read unless it `takesInput`.
    public init(_ name: String, _ arguments: [String], takesInput: Bool = false) throws {
        input = takesInput ? Pipe() : nil
        let files = try ["out", "err"].map {
            try FileHandle(forWritingTo: URL(filePath: try folder.write([], to: $0)))
        }
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [name] + arguments
        if let input { process.standardInput = input } else { process.standardInput = FileHandle.nullDevice }
        (process.standardOutput, process.standardError) = (files[0], files[1])
        try process.run()
    }

    deinit { if process.isRunning { end() } }

    /// True when all of them can be run.
    public static func areThere(_ names: String...) -> Bool {
        names.allSatisfy { (try? run("which", [$0])) != nil }
    }

    /// Gives it something to read.
    public func write(_ bytes: [UInt8]) throws { try input?.fileHandleForWriting.write(contentsOf: Data(bytes)) }

    /// Has it stand still.
    public func suspend() { _ = process.suspend() }

    /// What it came to by itself.
    public func wait() -> Output {
        process.waitUntilExit()
        let printed = ["out", "err"].map { String(decoding: (try? folder.bytes(of: $0)) ?? [], as: UTF8.self) }
        return Output(status: process.terminationStatus, standardOutput: printed[0], standardError: printed[1])
    }

    /// What it came to: by itself within that time, or because it was killed.
    @discardableResult
    public func end(within time: Duration = .zero) -> Output {
        let deadline = ContinuousClock.now + time
        while process.isRunning, ContinuousClock.now < deadline { usleep(20_000) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        return wait()
    }

    /// What it prints when nothing goes wrong.
    @discardableResult
    public static func run(_ name: String, _ arguments: [String]) throws -> Output {
        let output = try Tool(name, arguments).wait()
        guard output.status == 0 else { throw output }
        return output
    }

    /// The bytes of the file that it writes when its arguments have that file's path.
    public static func file(from name: String, _ arguments: (String) -> [String]) throws -> [UInt8] {
        let folder = TemporaryFolder()
        try run(name, arguments(folder.path(of: "out")))
        return try folder.bytes(of: "out")
    }

    /// What `ffprobe` shows of each packet in a file: the fields asked for, by their names.
    public static func packets(
        of file: String, showing fields: String, _ options: String...
    ) throws -> [[String: String]] {
        let output = try run(
            "ffprobe", ["-v", "error"] + options + ["-show_entries", "packet=" + fields, file])
        return output.standardOutput.components(separatedBy: "[/PACKET]").dropLast().map { packet in
            let pairs = packet.split(separator: "\n").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
            return Dictionary(pairs.filter { $0.count == 2 }.map { ($0[0], $0[1]) }, uniquingKeysWith: { $1 })
        }
    }
}
