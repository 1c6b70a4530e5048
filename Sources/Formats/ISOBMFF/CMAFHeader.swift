public import Bytes
public import Media

/// A CMAF header, ISO/IEC 23000-19 §7.3.2.1: the `ftyp` and `moov` that every chunk of a track needs before it.
public enum CMAFHeader {
    /// The id of the one track in a file.
    static let trackID: UInt32 = 1

    /// The header of `track`, without samples, durations or edit lists. Equal tracks give equal bytes.
    public static func bytes(for track: Track) -> ByteChunk {
        var boxes = BoxWriter(capacity: 1024)
        boxes.box("ftyp") { ftyp in
            ftyp.output.write("cmfc" as FourCC)
            ftyp.output.write(UInt32(0))
            for brand in ["iso6", "cmfc"] + CMAFMediaProfile.brands(of: track) { ftyp.output.write(brand) }
        }
        boxes.box("moov") { moov in
            moov.writeMovieHeader(track)
            moov.box("trak") { trak in
                trak.writeTrackHeader(track)
                trak.box("mdia") { mdia in
                    mdia.writeMediaHeader(track)
                    mdia.writeHandler(track)
                    mdia.writeMediaInformation(track)
                }
            }
            moov.box("mvex") { mvex in
                mvex.fullBox("trex") { trex in
                    trex.output.write(trackID)
                    // default_sample_description_index; duration, size and flags stand in every tfhd and trun.
                    trex.output.write(UInt32(1))
                    trex.output.writeZeros(12)
                }
            }
        }
        return ByteChunk(boxes.output.bytes)
    }
}

extension BoxWriter {
    /// §8.2.2
    fileprivate mutating func writeMovieHeader(_ track: Track) {
        fullBox("mvhd") { mvhd in
            // creation_time, modification_time
            mvhd.output.writeZeros(8)
            mvhd.output.write(track.timescale.ticksPerSecond)
            // duration
            mvhd.output.write(UInt32(0))
            // rate 1.0, volume 1.0
            mvhd.output.write(UInt32(0x0001_0000))
            mvhd.output.write(UInt16(0x0100))
            mvhd.output.writeZeros(10)
            mvhd.writeUnityMatrix()
            // pre_defined
            mvhd.output.writeZeros(24)
            mvhd.output.write(CMAFHeader.trackID + 1)
        }
    }

    /// §8.3.2
    fileprivate mutating func writeTrackHeader(_ track: Track) {
        // Enabled, in the movie, in its preview.
        fullBox("tkhd", flags: 7) { tkhd in
            // creation_time, modification_time
            tkhd.output.writeZeros(8)
            tkhd.output.write(CMAFHeader.trackID)
            // reserved, duration, reserved, layer, alternate_group
            tkhd.output.writeZeros(4 + 4 + 8 + 2 + 2)
            switch track.format {
            case .video(let video):
                // volume, reserved
                tkhd.output.writeZeros(4)
                tkhd.writeUnityMatrix()
                tkhd.writePresentationSize(video)
            case .audio:
                tkhd.output.write(UInt32(0x0100_0000))
                tkhd.writeUnityMatrix()
                tkhd.output.writeZeros(8)
            }
        }
    }

    /// Width and height as 16.16 numbers, the width of square samples.
    private mutating func writePresentationSize(_ video: VideoFormat) {
        let ratio = video.sampleAspectRatio
        var width = UInt64(clamping: video.width) << 16
        if ratio.width > 0, ratio.height > 0 {
            let (scaled, overflow) = width.multipliedReportingOverflow(by: UInt64(ratio.width))
            let rounded = scaled / UInt64(ratio.height)
            // A shape that does not fit the field is one that no screen has.
            if !overflow, rounded <= UInt64(UInt32.max) { width = rounded }
        }
        output.write(UInt32(clamping: width))
        output.write(UInt32(clamping: UInt64(clamping: video.height) << 16))
    }

    /// §8.4.2
    fileprivate mutating func writeMediaHeader(_ track: Track) {
        fullBox("mdhd") { mdhd in
            // creation_time, modification_time
            mdhd.output.writeZeros(8)
            mdhd.output.write(track.timescale.ticksPerSecond)
            // duration
            mdhd.output.write(UInt32(0))
            mdhd.output.write(LanguageCode.packed(track.language))
            // pre_defined
            mdhd.output.write(UInt16(0))
        }
    }

    /// §8.4.3
    fileprivate mutating func writeHandler(_ track: Track) {
        fullBox("hdlr") { hdlr in
            hdlr.output.write(UInt32(0))
            let (type, name): (FourCC, String) =
                switch track.format {
                case .video: ("vide", "Video")
                case .audio: ("soun", "Audio")
                }
            hdlr.output.write(type)
            hdlr.output.writeZeros(12)
            hdlr.output.write(utf8: name)
            hdlr.output.write(UInt8(0))
        }
    }

    /// §8.4.4, with a sample table that is empty but for the description.
    fileprivate mutating func writeMediaInformation(_ track: Track) {
        box("minf") { minf in
            switch track.format {
            case .video: minf.fullBox("vmhd", flags: 1) { $0.output.writeZeros(8) }
            case .audio: minf.fullBox("smhd") { $0.output.writeZeros(4) }
            }
            minf.box("dinf") { dinf in
                dinf.fullBox("dref") { dref in
                    dref.output.write(UInt32(1))
                    // The media lie in the same file.
                    dref.fullBox("url ", flags: 1) { _ in }
                }
            }
            minf.box("stbl") { stbl in
                stbl.fullBox("stsd") { stsd in
                    stsd.output.write(UInt32(1))
                    stsd.writeSampleEntry(track)
                }
                stbl.fullBox("stts") { $0.output.writeZeros(4) }
                stbl.fullBox("stsc") { $0.output.writeZeros(4) }
                stbl.fullBox("stsz") { $0.output.writeZeros(8) }
                stbl.fullBox("stco") { $0.output.writeZeros(4) }
            }
        }
    }

    private mutating func writeUnityMatrix() {
        for value: UInt32 in [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000] { output.write(value) }
    }
}
