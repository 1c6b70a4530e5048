public import Bytes
internal import CFFmpeg
public import Media

extension Frame {
    /// The captions that belong to it: `cc_data` constructs of ANSI/SCTE 128, three bytes each, as the source has them.
    public var captions: ByteChunk? {
        storage.sideData(AV_FRAME_DATA_A53_CC).map { bytes in
            ByteChunk(count: bytes.count) { $0.copyMemory(from: bytes) }
        }
    }

    /// The same picture, without them: the same words would be written again and again.
    public var withoutCaptions: Frame {
        guard captions != nil, let copy = try? storage.without(AV_FRAME_DATA_A53_CC) else { return self }
        return Frame(copy, at: presentationTime)
    }

    /// The display that the pictures were graded on, where the stream tells.
    public var mastering: MasteringDisplay? {
        guard let bytes = storage.sideData(AV_FRAME_DATA_MASTERING_DISPLAY_METADATA),
            bytes.count >= MemoryLayout<AVMasteringDisplayMetadata>.size
        else { return nil }
        let data = bytes.loadUnaligned(as: AVMasteringDisplayMetadata.self)
        guard data.has_primaries != 0, data.has_luminance != 0 else { return nil }
        let primaries = data.display_primaries
        return MasteringDisplay(
            red: .init(primaries.0.0, primaries.0.1), green: .init(primaries.1.0, primaries.1.1),
            blue: .init(primaries.2.0, primaries.2.1), white: .init(data.white_point.0, data.white_point.1),
            maximumLuminance: UInt32(data.max_luminance.times(10_000)),
            minimumLuminance: UInt32(data.min_luminance.times(10_000)))
    }

    /// How bright the pictures become, where the stream tells.
    public var light: ContentLight? {
        guard let bytes = storage.sideData(AV_FRAME_DATA_CONTENT_LIGHT_LEVEL),
            bytes.count >= MemoryLayout<AVContentLightMetadata>.size
        else { return nil }
        let data = bytes.loadUnaligned(as: AVContentLightMetadata.self)
        return ContentLight(maximum: UInt16(clamping: data.MaxCLL), maximumAverage: UInt16(clamping: data.MaxFALL))
    }

    /// By how many degrees, clockwise, from 0 to 359, it is to be turned to stand upright, where the stream tells.
    public var rotation: Double? {
        guard let bytes = storage.sideData(AV_FRAME_DATA_DISPLAYMATRIX), bytes.count >= 36,
            let matrix = bytes.baseAddress?.assumingMemoryBound(to: Int32.self),
            let codecs = try? CodecLibrary.codecs()
        else { return nil }
        let angle = codecs.pointee.av_display_rotation_get(matrix)
        return angle.isFinite ? (720 - angle).truncatingRemainder(dividingBy: 360) : nil
    }
}

extension AVRational {
    /// So many times the number, rounded; nothing below zero.
    fileprivate func times(_ factor: Int64) -> Int64 {
        guard den != 0 else { return 0 }
        return min(max((Int64(num) * factor * 2 + Int64(den)) / (2 * Int64(den)), 0), Int64(UInt32.max))
    }
}

extension MasteringDisplay.Chromaticity {
    fileprivate init(_ x: AVRational, _ y: AVRational) {
        self.init(x: UInt16(clamping: x.times(50_000)), y: UInt16(clamping: y.times(50_000)))
    }
}
