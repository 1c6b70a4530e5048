import Foundation
import Testing

/// Transport streams that ffmpeg makes.
enum TransportClip {
    /// Two seconds of 25 pictures each and a tone.
    static let plain = Result { try make(["-c:v", "libx264", "-c:a", "aac"]) }

    /// The same with other options, up to the name of the file.
    static func make(_ options: [String], sounds: Int = 1) throws -> [UInt8] {
        let file = FileManager.default.temporaryDirectory.appending(path: "clip-\(UUID().uuidString).ts")
        defer { try? FileManager.default.removeItem(at: file) }
        var arguments = ["-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25"]
        for sound in 0..<sounds { arguments += ["-f", "lavfi", "-i", "sine=f=\(400 + 100 * sound):r=48000"] }
        arguments += ["-t", "2", "-pix_fmt", "yuv420p", "-preset", "ultrafast", "-g", "25"]
        try run("ffmpeg", arguments + options + ["-f", "mpegts", file.path])
        return [UInt8](try Data(contentsOf: file))
    }

    static func run(_ name: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [name] + arguments
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(name) \(arguments)")
    }
}
