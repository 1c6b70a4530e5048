import Bitstreams
import Bytes
import Media
import Testing

@Suite struct AC3StreamReaderTests {
    @Test func theFrameSizesAreThoseOfTheTable() throws {
        // ETSI TS 102 366 table 4.13: words at 48, 44.1 and 32 kHz of frmsizecod 0, 1, 14, 15, 36 and 37.
        let words: [(code: UInt64, sizes: [Int])] = [
            (0, [64, 69, 96]), (1, [64, 70, 96]), (14, [224, 243, 336]), (15, [224, 244, 336]),
            (36, [1280, 1393, 1920]), (37, [1280, 1394, 1920]),
        ]
        for (code, sizes) in words {
            for (fscod, size) in sizes.enumerated() {
                let frame = Self.frame(fscod: UInt64(fscod), frmsizecod: code, size: size * 2)
                let sound = ReadSound(AC3StreamReader(), frame + frame)
                #expect(sound.samples.map(\.data.array) == [frame, frame] && sound.faults == 0)
                #expect(try sound.audio().sampleRate == [48_000, 44_100, 32_000][fscod])
            }
        }
    }

    @Test(arguments: zip([0, 1, 2, 3, 4, 5, 6, 7] as [UInt64], [2, 1, 2, 3, 3, 4, 4, 5]))
    func channelsAreThoseOfTheModeAndTheLowFrequencies(acmod: UInt64, count: Int) throws {
        for (hasLFE, channels) in [(false, count), (true, count + 1)] {
            let plain = ReadSound(AC3StreamReader(), Self.frame(acmod: acmod, lfeon: hasLFE))
            #expect(try plain.audio().channelCount == channels)
            let enhanced = ReadSound(AC3StreamReader(), Self.enhancedFrame(acmod: acmod, lfeon: hasLFE))
            #expect(try enhanced.audio().channelCount == channels)
        }
    }

    @Test func dependentSubstreamsBelongToTheSampleBefore() throws {
        // 7.1: the pair behind, and the surround channels once more.
        let independent = Self.enhancedFrame(acmod: 7, lfeon: true)
        let dependent = Self.enhancedFrame(strmtyp: 1, acmod: 6, chanmap: 0x1A00)
        let sample = independent + dependent
        let sound = ReadSound(AC3StreamReader(), sample + sample + sample)
        #expect(sound.samples.map(\.data.array) == [sample, sample, sample] && sound.faults == 0)
        #expect(sound.times == [0, 2880, 5760] && sound.starts == [0])
        #expect(try sound.audio() == AudioFormat(sampleRate: 48_000, channelCount: 8, samplesPerFrame: 1536))
        // 20 + 20 bytes in 32 ms; a programme of 3/2 and LFE with one dependent substream at Lrs/Rrs.
        #expect(sound.tracks[0].decoderConfiguration.array == [0x00, 0x50, 0x20, 0x0F, 0x02, 0x02])
        #expect(sound.tracks[0].codecString == "ec-3")
    }

    @Test func packetsThatEndBetweenSubstreamsAreFoundOut() throws {
        let independent = Self.enhancedFrame(acmod: 7, lfeon: true)
        let dependent = Self.enhancedFrame(strmtyp: 1, acmod: 6, chanmap: 0x1A00)
        let packets = (0..<4).flatMap { index in
            [
                (
                    payload: ByteChunk(independent),
                    times: PacketTimes(presentation: index * 9, decode: index * 9) as PacketTimes?
                ),
                (payload: ByteChunk(dependent), times: nil),
            ]
        }
        let sound = ReadSound(AC3StreamReader(), packets)
        // The first is taken for whole.
        #expect(sound.samples.map(\.data.array) == [independent] + Array(repeating: independent + dependent, count: 3))
        #expect(sound.faults == 1 && sound.times == [0, 9, 18, 27])
    }

    @Test func otherProgrammesBelongToTheSampleToo() throws {
        let sample = Self.enhancedFrame(acmod: 2) + Self.enhancedFrame(substream: 1, acmod: 1)
        let sound = ReadSound(AC3StreamReader(), sample + sample)
        #expect(sound.samples.map(\.data.array) == [sample, sample] && sound.faults == 0)
        #expect(try sound.audio().channelCount == 2)
        #expect(sound.tracks[0].decoderConfiguration.array == [0x00, 0x51, 0x20, 0x04, 0x00, 0x20, 0x02, 0x00])
    }

    @Test(arguments: zip([0, 1, 2] as [UInt64], [6, 3, 2]))
    func framesOfFewBlocksMakeSamplesOfSix(numblkscod: UInt64, frameCount: Int) throws {
        let frame = Self.enhancedFrame(acmod: 2, numblkscod: numblkscod)
        let sample = Array(repeatElement(frame, count: frameCount).joined())
        // One frame too many is a shorter sample at the end.
        let sound = ReadSound(AC3StreamReader(), sample + sample + frame)
        #expect(sound.samples.map(\.data.array) == [sample, sample, frame] && sound.faults == 0)
        #expect(sound.times == [0, 2880, 5760])
        #expect(try sound.audio().samplesPerFrame == 1536)
    }

    @Test func aSampleOfFramesInSeveralPacketsHasTheTimeOfTheFirst() {
        let frame = ByteChunk(Self.enhancedFrame(acmod: 2, numblkscod: 2))
        let sound = ReadSound(
            AC3StreamReader(),
            (0..<4).map { (frame, PacketTimes(presentation: $0 * 1440, decode: $0 * 1440)) })
        #expect(sound.samples.map(\.data.count) == [40, 40] && sound.times == [0, 2880] && sound.faults == 0)
    }

    @Test func halfTheRatesAreThoseOfEnhancedAC3() throws {
        for (fscod2, rate) in zip([0, 1, 2] as [UInt64], [24_000, 22_050, 16_000] as [UInt32]) {
            let sound = ReadSound(AC3StreamReader(), Self.enhancedFrame(acmod: 2, fscod: 3, numblkscod: fscod2))
            #expect(try sound.audio().sampleRate == rate)
        }
    }

    @Test func whatDependsOnAFrameOfAC3IsLeftOut() throws {
        let core = Self.frame(acmod: 7, lfeon: true)
        let sample = core + Self.enhancedFrame(strmtyp: 1, acmod: 6, chanmap: 0x1A00)
        let sound = ReadSound(AC3StreamReader(), sample + sample)
        #expect(sound.samples.map(\.data.array) == [core, core] && sound.faults == 0)
        #expect(sound.tracks.map(\.codecString) == ["ac-3"])
        // 48 kHz, bsid 8, main, 3/2 and LFE, 32 kb/s.
        #expect(sound.tracks[0].decoderConfiguration.array == [0x10, 0x3C, 0x00])
    }

    @Test func anotherConfigurationIsAnotherTrackAnotherBitRateIsNot() throws {
        let frames = [
            Self.frame(acmod: 2), Self.frame(frmsizecod: 2, size: 160, acmod: 2), Self.frame(acmod: 1),
            Self.enhancedFrame(acmod: 1), Self.enhancedFrame(acmod: 1),
        ]
        let sound = ReadSound(AC3StreamReader(), frames.flatMap(\.self))
        #expect(sound.samples.map(\.data.array) == frames && sound.faults == 0)
        #expect(sound.starts == [0, 2, 3] && sound.tracks.map(\.codecString) == ["ac-3", "ac-3", "ec-3"])
    }

    @Test func aStreamOfManySubstreamsIsCutOff() {
        let sample = Self.enhancedFrame(acmod: 2) + (0..<40).flatMap { _ in Self.enhancedFrame(strmtyp: 1, acmod: 2) }
        let sound = ReadSound(AC3StreamReader(), sample + Self.frame(acmod: 2))
        #expect(sound.samples.count == 1 && sound.faults == 1)
    }

    static let notFrames: [[UInt8]] = [
        // fscod 3, frmsizecod 38, bsid 9, 10 and 17, strmtyp 3, fscod and fscod2 3
        frame(fscod: 3), frame(frmsizecod: 38), frame(bsid: 9), frame(bsid: 10), enhancedFrame(acmod: 2, bsid: 17),
        enhancedFrame(strmtyp: 3, acmod: 2), enhancedFrame(acmod: 2, fscod: 3, numblkscod: 3),
    ]

    @Test(arguments: notFrames.indices)
    func whatIsNoFrameIsSearchedBehind(index: Int) {
        let good = Self.frame(acmod: 2)
        let sound = ReadSound(AC3StreamReader(), Self.notFrames[index] + good + good)
        #expect(sound.samples.map(\.data.array) == [good, good] && sound.faults == 1)
    }

    @Test(arguments: [[], [0x0B], [0x0B, 0x77], enhancedFrame(strmtyp: 1, acmod: 2), Array(frame().prefix(7))])
    func aTrackIsMadeOfAWholeSampleOnly(bytes: [UInt8]) {
        #expect(throws: BitstreamError.self) { try Track(ac3Sample: ByteChunk(bytes)) }
    }

    @Test func damageIsAFaultOrAnotherSampleNeverATrap() {
        let dependent = Self.enhancedFrame(strmtyp: 1, acmod: 6, chanmap: 0x1A00)
        let sample = Self.enhancedFrame(acmod: 7, lfeon: true, numblkscod: 2) + dependent
        let stream =
            sample + sample + Self.enhancedFrame(acmod: 2) + Self.enhancedFrame(substream: 1, acmod: 1) + sample
        for damaged in damagedCopies(of: stream) {
            let sound = ReadSound(AC3StreamReader(), damaged)
            #expect(sound.samples.reduce(0) { $0 + $1.data.count } <= damaged.count)
            for cut in [1, 20, 33] {
                let pieces = stride(from: 0, to: damaged.count, by: cut).map { start in
                    (
                        payload: ByteChunk(Array(damaged[start..<min(start + cut, damaged.count)])),
                        times: PacketTimes(presentation: 0, decode: 0) as PacketTimes?
                    )
                }
                #expect(ReadSound(AC3StreamReader(), pieces).samples.reduce(0) { $0 + $1.data.count } <= damaged.count)
            }
        }
    }

    /// A frame of AC-3, by default of 32 kb/s at 48 kHz.
    static func frame(
        fscod: UInt64 = 0, frmsizecod: UInt64 = 0, size: Int = 128, bsid: UInt64 = 8, acmod: UInt64 = 2,
        lfeon: Bool = false
    ) -> [UInt8] {
        var writer = SyntaxWriter()
        writer.u(16, 0x0B77)
        writer.u(16, 0)
        writer.u(2, fscod)
        writer.u(6, frmsizecod)
        writer.u(5, bsid)
        writer.u(3, 0)
        writer.u(3, acmod)
        // cmixlev, surmixlev, dsurmod
        if acmod & 1 == 1, acmod != 1 { writer.u(2, 3) }
        if acmod & 4 == 4 { writer.u(2, 3) }
        if acmod == 2 { writer.u(2, 3) }
        writer.flag(lfeon)
        let bytes = writer.bytes
        return bytes + Array(repeating: 0x55, count: size - bytes.count)
    }

    /// A frame of Enhanced AC-3, of 20 bytes.
    static func enhancedFrame(
        strmtyp: UInt64 = 0, substream: UInt64 = 0, acmod: UInt64, lfeon: Bool = false, fscod: UInt64 = 0,
        numblkscod: UInt64 = 3, bsid: UInt64 = 16, chanmap: UInt64? = nil
    ) -> [UInt8] {
        var writer = SyntaxWriter()
        writer.u(16, 0x0B77)
        writer.u(2, strmtyp)
        writer.u(3, substream)
        writer.u(11, 9)
        writer.u(2, fscod)
        writer.u(2, numblkscod)
        writer.u(3, acmod)
        writer.flag(lfeon)
        writer.u(5, bsid)
        for _ in 0..<(acmod == 0 ? 2 : 1) {
            // dialnorm, compr
            writer.u(5, 31)
            writer.flag(true)
            writer.u(8, 0)
        }
        if strmtyp == 1 { writer.flag(chanmap != nil) }
        if let chanmap { writer.u(16, chanmap) }
        let bytes = writer.bytes
        return bytes + Array(repeating: 0x55, count: 20 - bytes.count)
    }
}
