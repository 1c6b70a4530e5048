internal import Bytes

/// Names what an Enhanced RTMP payload carries, so that it can be refused by name. Enhanced RTMP v2, ExVideoTagHeader
/// and ExAudioTagHeader.
enum EnhancedRTMP {
    private static let multitrack: UInt8 = 6
    private static let audioMultitrack: UInt8 = 5
    private static let modifierExtension: UInt8 = 7
    private static let manyTracksManyCodecs: UInt8 = 2

    static func videoCodecName(_ payload: Span<UInt8>) -> String {
        name(payload, multitrack: multitrack, medium: "video")
    }

    static func audioCodecName(_ payload: Span<UInt8>) -> String {
        name(payload, multitrack: audioMultitrack, medium: "audio")
    }

    private static func name(_ payload: Span<UInt8>, multitrack: UInt8, medium: String) -> String {
        do {
            return try readName(payload, multitrack: multitrack)
        } catch {
            return "Enhanced RTMP \(medium)"
        }
    }

    private static func readName(_ payload: Span<UInt8>, multitrack: UInt8) throws(UnexpectedEnd) -> String {
        var reader = ByteReader(payload)
        var packetType = try reader.readUInt8() & 0x0F
        while packetType == modifierExtension {
            var size = Int(try reader.readUInt8()) + 1
            if size == 256 { size = Int(try reader.readUInt16()) + 1 }
            try reader.skip(size)
            packetType = try reader.readUInt8() & 0x0F
        }
        var suffix = ""
        if packetType == multitrack {
            guard try reader.readUInt8() >> 4 != manyTracksManyCodecs else { return "Enhanced RTMP multitrack" }
            suffix = " multitrack"
        }
        let code = FourCC(rawValue: try reader.readUInt32())
        return "\(codecNames[code] ?? "codec '\(code)'") in Enhanced RTMP\(suffix)"
    }

    private static let codecNames: [FourCC: String] = [
        "avc1": "H.264", "hvc1": "H.265", "vvc1": "H.266", "av01": "AV1", "vp08": "VP8", "vp09": "VP9", "mp4a": "AAC",
        "Opus": "Opus", "ac-3": "AC-3", "ec-3": "E-AC-3", "fLaC": "FLAC", ".mp3": "MP3",
    ]
}
