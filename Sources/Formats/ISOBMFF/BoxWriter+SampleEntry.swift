import Bitstreams
import Bytes
import Media

extension BoxWriter {
    /// The sample entry of `track`: `avc1` or `hvc1`, ISO/IEC 14496-15 §5.4.2 and §8.4.1; `av01`, AV1 Codec ISO Media File
    /// Format Binding §2.2; `vp09`, VP Codec ISO Media File Format Binding; `mp4a`, ISO/IEC 14496-14 §6.7; `ac-3` or `ec-3`, ETSI TS 102 366 annex F; `Opus`,
    /// "Encapsulation of Opus in ISO Base Media File Format" §4.3; `fLaC`, "Encapsulation of FLAC in ISO Base Media File
    /// Format" §3.3.1.
    mutating func writeSampleEntry(_ track: Track) {
        let (entry, configuration) = Self.boxes(of: track.codec)
        box(entry) { box in
            switch track.format {
            case .video(let video): box.writeVisualFields(video)
            case .audio(let audio): box.writeAudioFields(audio, of: track)
            }
            if let configuration {
                box.box(configuration) { $0.output.write(track.decoderConfiguration.span) }
            } else {
                box.fullBox("esds") { $0.writeElementaryStream(track) }
            }
            if case .video(let video) = track.format { box.writeVisualExtensions(video) }
        }
    }

    /// The types of the entry and of the box with the decoder configuration; that of `mp4a` is a descriptor.
    private static func boxes(of codec: Codec) -> (entry: FourCC, configuration: FourCC?) {
        switch codec {
        case .h264: ("avc1", "avcC")
        case .hevc: ("hvc1", "hvcC")
        case .av1: ("av01", "av1C")
        case .vp9: ("vp09", "vpcC")
        case .aac, .mp2: ("mp4a", nil)
        case .ac3: ("ac-3", "dac3")
        case .eac3: ("ec-3", "dec3")
        case .opus: ("Opus", "dOps")
        case .flac: ("fLaC", "dfLa")
        }
    }

    /// `VisualSampleEntry`, ISO/IEC 14496-12 §12.1.3.
    private mutating func writeVisualFields(_ video: VideoFormat) {
        output.writeZeros(6)
        // data_reference_index
        output.write(UInt16(1))
        output.writeZeros(16)
        output.write(UInt16(clamping: video.width))
        output.write(UInt16(clamping: video.height))
        // 72 dots per inch both ways
        output.write(UInt32(0x0048_0000))
        output.write(UInt32(0x0048_0000))
        output.write(UInt32(0))
        // frame_count
        output.write(UInt16(1))
        // compressorname
        output.writeZeros(32)
        // depth, pre_defined
        output.write(UInt16(0x0018))
        output.write(UInt16(0xFFFF))
    }

    /// The shape of samples, and their colour and brightness, ISO/IEC 14496-12 §12.1.4 to §12.1.7.
    private mutating func writeVisualExtensions(_ video: VideoFormat) {
        if let colour = video.colour {
            box("colr") { colr in
                colr.output.write("nclx" as FourCC)
                colr.output.write(UInt16(colour.primaries))
                colr.output.write(UInt16(colour.transfer))
                colr.output.write(UInt16(colour.matrix))
                colr.output.write(UInt8(colour.isFullRange ? 0x80 : 0))
            }
        }
        box("pasp") { pasp in
            pasp.output.write(UInt32(clamping: video.sampleAspectRatio.width))
            pasp.output.write(UInt32(clamping: video.sampleAspectRatio.height))
        }
        if let display = video.mastering {
            box("mdcv") { mdcv in
                for colour in [display.green, display.blue, display.red, display.white] {
                    mdcv.output.write(colour.x)
                    mdcv.output.write(colour.y)
                }
                mdcv.output.write(display.maximumLuminance)
                mdcv.output.write(display.minimumLuminance)
            }
        }
        if let light = video.light {
            box("clli") { clli in
                clli.output.write(light.maximum)
                clli.output.write(light.maximumAverage)
            }
        }
    }

    /// `AudioSampleEntry`, ISO/IEC 14496-12 §12.2.3.
    private mutating func writeAudioFields(_ audio: AudioFormat, of track: Track) {
        let flac = track.codec == .flac ? try? FLACStreamInfo(specificBox: track.decoderConfiguration) : nil
        output.writeZeros(6)
        // data_reference_index
        output.write(UInt16(1))
        output.writeZeros(8)
        output.write(UInt16(clamping: audio.channelCount))
        // samplesize
        output.write(UInt16(flac?.bitsPerSample ?? 16))
        output.writeZeros(4)
        // A rate that does not fit the 16.16 number is left to the decoder configuration.
        var rate = UInt16(exactly: audio.sampleRate) ?? 0
        if flac != nil { rate = Self.regularDivision(of: audio.sampleRate) }
        output.write(UInt32(rate) << 16)
    }

    /// What stands for a sample rate of FLAC that does not fit, "Encapsulation of FLAC" §3.3.1.
    private static func regularDivision(of rate: UInt32) -> UInt16 {
        var rate = rate
        while rate > UInt16.max, rate.isMultiple(of: 2) { rate /= 2 }
        return UInt16(clamping: rate)
    }

    /// `ES_Descriptor`, ISO/IEC 14496-1 §7.2.6.5.
    private mutating func writeElementaryStream(_ track: Track) {
        var decoder = ByteWriter()
        // objectTypeIndication: ISO/IEC 14496-3, and 11172-3 or 13818-3, which has the lower rates
        let isLowRate = track.timescale.ticksPerSecond < 32_000
        decoder.write(track.codec == .mp2 ? isLowRate ? 0x69 : 0x6B : 0x40 as UInt8)
        // streamType audio, upStream 0, reserved 1
        decoder.write(UInt8(0x15))
        // bufferSizeDB, maxBitrate, avgBitrate
        decoder.writeZeros(11)
        // DecoderSpecificInfo
        if track.codec == .aac { decoder.writeDescriptor(tag: 0x05, track.decoderConfiguration.array) }

        var stream = ByteWriter()
        // ES_ID, flags
        stream.writeZeros(3)
        stream.writeDescriptor(tag: 0x04, decoder.bytes)
        // SLConfigDescriptor, predefined for MP4
        stream.writeDescriptor(tag: 0x06, [2])
        output.writeDescriptor(tag: 0x03, stream.bytes)
    }
}

extension ByteWriter {
    /// A descriptor with its expandable size, ISO/IEC 14496-1 §8.3.3: seven bits a byte, the last without its top bit.
    fileprivate mutating func writeDescriptor(tag: UInt8, _ content: [UInt8]) {
        write(tag)
        var shift = 0
        while content.count >> (shift + 7) > 0 { shift += 7 }
        while shift > 0 {
            write(UInt8(content.count >> shift & 0x7F) | 0x80)
            shift -= 7
        }
        write(UInt8(content.count & 0x7F))
        write(content)
    }
}
