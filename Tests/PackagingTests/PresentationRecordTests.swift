import Bytes
import Media
import Testing
import Time

@testable import Packaging

@Suite struct PresentationRecordTests {
    private static let records: [PresentationRecord] = {
        var video = Track(
            codec: .h264,
            format: .video(
                VideoFormat(
                    width: 1920, height: 1080, sampleAspectRatio: AspectRatio(4, 3),
                    colour: ColourDescription(primaries: 9, transfer: 16, matrix: 9, isFullRange: true))),
            decoderConfiguration: ByteChunk([1, 2, 3]), codecString: "avc1.640028")
        video.index = 3
        var bright = VideoFormat(width: 16, height: 16)
        bright.mastering = MasteringDisplay(
            red: .init(x: 1, y: 2), green: .init(x: 3, y: 4), blue: .init(x: 5, y: 6), white: .init(x: 7, y: 50_000),
            maximumLuminance: .max, minimumLuminance: 9)
        let graded = Track(
            codec: .hevc, format: .video(bright), decoderConfiguration: ByteChunk([1]), codecString: "hvc1")
        bright.light = ContentLight(maximum: 1000, maximumAverage: 400)
        let lit = Track(
            codec: .hevc, format: .video(bright), decoderConfiguration: ByteChunk([1]), codecString: "hvc1")
        var audio = Track(
            codec: .aac, format: .audio(AudioFormat(sampleRate: 44_100, channelCount: 2, samplesPerFrame: 1024)),
            decoderConfiguration: ByteChunk([0x12, 0x10]), codecString: "mp4a.40.2")
        (audio.language, audio.name) = ("de-AT", "Ö1")
        let part = PartRecord(
            start: MediaTime(-3, .video), end: MediaTime(45_000, .video), byteCount: 70_000,
            keyFrame: KeyFrame(range: 100..<9000, delay: MediaTime(3600, .video)),
            isIndependent: true, isDiscontinuous: true)
        let gap = PartRecord(
            start: .milliseconds(500), end: .milliseconds(1000), byteCount: nil, keyFrame: nil, isIndependent: false,
            isDiscontinuous: false)
        return [
            .presentation(
                id: "a1b2", profile: LatencyProfile(.ultra, targetDuration: 3),
                wallStart: WallTime(microseconds: 1_790_000_000_123_456)),
            .frameRate(30000.0 / 1001), .frameRate(12.5, rung: 2), .dependentSegments, .ended,
            .track(rendition: "video", version: 7, video),
            .track(rendition: "video", version: 8, graded), .track(rendition: "video", version: 9, lit),
            .track(rendition: "audio2", version: 1, audio),
            .part(rendition: "video", part), .part(rendition: "audio2", gap), .segmentEnd(rendition: "video"),
            .standing(
                rendition: "audio",
                RenditionStanding(
                    nextSegment: 12, nextPart: 99, discontinuities: 2, keyFrames: 0)),
            .lost(rendition: "audio", before: 1 << 40),
            .shift(rendition: "audio2", .microseconds(-43_200_000_001)), .shift(rendition: "video", .zero),
            .splice(
                SpliceRecord(
                    cue: DateRangeBookTests.cue(.out, id: .max, at: 90_000, for: 30_000), number: 1 << 33,
                    addedAt: MediaTime(7_000_000, .video))),
            .splice(SpliceRecord(cue: DateRangeBookTests.cue(.in, at: -1), number: 1, addedAt: .zero)),
            .splice(
                SpliceRecord(cue: DateRangeBookTests.cue(.command, at: 5, section: []), number: 2, addedAt: .zero)),
        ]
    }()

    @Test func whatIsReadIsWhatWasWritten() {
        let bytes = Self.records.flatMap(\.bytes)
        let (records, length) = PresentationRecord.read(bytes.span)
        #expect(records == Self.records)
        #expect(length == bytes.count)
    }

    @Test func whatWasNotWrittenToItsEndIsLeftOut() {
        let whole = Self.records.dropLast().flatMap(\.bytes)
        let bytes = Self.records.flatMap(\.bytes)
        for end in whole.count..<bytes.count {
            let torn = Array(bytes[..<end])
            let (records, length) = PresentationRecord.read(torn.span)
            #expect(records.count == Self.records.count - 1)
            #expect(length == whole.count)
        }
    }

    /// A later version that was here before has left records of its own.
    @Test func whatIsNotKnownHereIsPassedOver() {
        let fields: [UInt8] = [200, 1, 2, 3]
        var unknown = ByteWriter(capacity: 16)
        unknown.write(UInt32(fields.count))
        unknown.write(PresentationRecord.checkSum(of: fields.span))
        unknown.write(fields)
        let bytes = Self.records.flatMap { $0.bytes + unknown.bytes }
        let (records, length) = PresentationRecord.read(bytes.span)
        #expect(records == Self.records && length == bytes.count)
    }

    /// A machine that lost its power may leave zeros, or anything else, where bytes should be.
    @Test func aDamagedRecordEndsTheJournal() {
        let bytes = Self.records.flatMap(\.bytes)
        var ends: [Int] = [0]
        for record in Self.records { ends.append((ends.last ?? 0) + record.bytes.count) }
        for position in bytes.indices {
            var damaged = bytes
            damaged[position] ^= 0x10
            let (records, length) = PresentationRecord.read(damaged.span)
            let whole = ends.lastIndex { $0 <= position } ?? 0
            #expect(records == Array(Self.records.prefix(whole)))
            #expect(length == ends[whole])
        }
    }
}
