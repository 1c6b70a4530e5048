internal import Media
internal import RTMP

/// What a publisher says of the pictures' colour beside the bitstream. Enhanced RTMP v2, "Metadata Frame", `colorInfo`.
struct RTMPColourInfo: Equatable {
    /// ITU-T H.273 code points, where they are told.
    private var primaries: UInt8?
    private var transfer: UInt8?
    private var matrix: UInt8?

    /// What `colorInfo` says; nothing where it says nothing, which takes back what was said before.
    init?(_ colorInfo: AMF0Value) {
        let config = colorInfo["colorConfig"]
        func code(_ name: String) -> UInt8? {
            // 2 is "unspecified".
            config?[name]?.number.flatMap { UInt8(exactly: $0) }.flatMap { $0 == 2 ? nil : $0 }
        }
        primaries = code("colorPrimaries")
        transfer = code("transferCharacteristics")
        matrix = code("matrixCoefficients")
        guard primaries != nil || transfer != nil || matrix != nil else { return nil }
    }

    /// `track` with that colour. What is not told here is as the bitstream has it.
    func paint(_ track: Track) -> Track {
        guard case .video(var video) = track.format else { return track }
        video.colour = ColourDescription(
            primaries: primaries ?? video.colour?.primaries ?? 2, transfer: transfer ?? video.colour?.transfer ?? 2,
            matrix: matrix ?? video.colour?.matrix ?? 2, isFullRange: video.colour?.isFullRange ?? false)
        var painted = Track(
            codec: track.codec, format: .video(video), decoderConfiguration: track.decoderConfiguration,
            codecString: track.codecString)
        (painted.index, painted.language, painted.name) = (track.index, track.language, track.name)
        return painted
    }
}
