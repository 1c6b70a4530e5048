import TestTools

/// Transport streams that ffmpeg makes.
enum TransportClip {
    /// Two seconds of 25 pictures each and a tone.
    static let plain = Result { try make(["-c:v", "libx264", "-c:a", "aac"]) }

    /// The same with other options, up to the name of the file.
    static func make(_ options: [String], sounds: Int = 1) throws -> [UInt8] {
        var inputs = ["-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25"]
        for sound in 0..<sounds { inputs += ["-f", "lavfi", "-i", "sine=f=\(400 + 100 * sound):r=48000"] }
        inputs += ["-t", "2", "-pix_fmt", "yuv420p", "-preset", "ultrafast", "-g", "25"]
        return try Tool.file(from: "ffmpeg") { inputs + options + ["-f", "mpegts", $0] }
    }
}
