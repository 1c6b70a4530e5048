internal import Media
internal import RTMP

/// What a publisher says of the pictures' colour beside the bitstream. Enhanced RTMP v2, "Metadata Frame", `colorInfo`.
struct RTMPColourInfo: Equatable {
    /// ITU-T H.273 code points, where they are told.
    private var primaries: UInt8?
    private var transfer: UInt8?
    private var matrix: UInt8?
    private var mastering: MasteringDisplay?
    private var light: ContentLight?

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
        mastering = colorInfo["hdrMdcv"].flatMap { MasteringDisplay($0) }
        light = colorInfo["hdrCll"].flatMap { ContentLight($0) }
        guard primaries != nil || transfer != nil || matrix != nil || mastering != nil || light != nil else {
            return nil
        }
    }

    /// `track` with that colour. What is not told here is as the bitstream has it.
    func paint(_ track: Track) -> Track {
        guard case .video(var video) = track.format else { return track }
        if primaries != nil || transfer != nil || matrix != nil {
            video.colour = ColourDescription(
                primaries: primaries ?? video.colour?.primaries ?? 2,
                transfer: transfer ?? video.colour?.transfer ?? 2, matrix: matrix ?? video.colour?.matrix ?? 2,
                isFullRange: video.colour?.isFullRange ?? false)
        }
        video.mastering = mastering ?? video.mastering
        video.light = light ?? video.light
        var painted = Track(
            codec: track.codec, format: .video(video), decoderConfiguration: track.decoderConfiguration,
            codecString: track.codecString)
        (painted.index, painted.language, painted.name) = (track.index, track.language, track.name)
        return painted
    }
}

extension MasteringDisplay {
    /// What `hdrMdcv` says: coordinates from 0 to 1, luminances in cd/m². Nothing where one is missing, or is none.
    fileprivate init?(_ object: AMF0Value) {
        func steps(_ name: String, _ step: Double) -> Double? { object[name]?.number.map { ($0 / step).rounded() } }
        func colour(_ name: String) -> Chromaticity? {
            guard let x = steps(name + "X", 0.00002).flatMap({ UInt16(exactly: $0) }),
                let y = steps(name + "Y", 0.00002).flatMap({ UInt16(exactly: $0) }), x <= 50_000, y <= 50_000
            else { return nil }
            return Chromaticity(x: x, y: y)
        }
        guard let red = colour("red"), let green = colour("green"), let blue = colour("blue"),
            let white = colour("whitePoint"),
            let most = steps("maxLuminance", 0.0001).flatMap({ UInt32(exactly: $0) }),
            let least = steps("minLuminance", 0.0001).flatMap({ UInt32(exactly: $0) })
        else { return nil }
        self.init(
            red: red, green: green, blue: blue, white: white, maximumLuminance: most, minimumLuminance: least)
    }
}

extension ContentLight {
    /// What `hdrCll` says, in cd/m². Nothing where one is missing, or is none.
    fileprivate init?(_ object: AMF0Value) {
        func level(_ name: String) -> UInt16? { object[name]?.number.flatMap { UInt16(exactly: $0.rounded()) } }
        guard let most = level("maxCLL"), let average = level("maxFall") else { return nil }
        self.init(maximum: most, maximumAverage: average)
    }
}
