import Bytes
import Ingest
import Media
import Testing
import Time

/// What a translator makes of a stream.
private struct Translation {
    var translator: TransportStreamTranslator
    var events: [FeedEvent] = []

    init(program: UInt16? = nil) { translator = TransportStreamTranslator(program: program) }

    /// A whole stream, in messages as SRT brings them.
    init(of bytes: [UInt8], program: UInt16? = nil) {
        self.init(program: program)
        read(bytes)
        translator.finish(into: &events)
    }

    mutating func read(_ bytes: [UInt8]) {
        var position = 0
        while position < bytes.count {
            let end = min(position + 1316, bytes.count)
            translator.receive(
                bytes.span.extracting(position..<end), at: Instant(nanoseconds: 0), into: &events)
            position = end
        }
    }

    /// Codec, index and language of each track that was told of, in order.
    var tracks: [String] {
        events.compactMap {
            guard case .track(let track) = $0 else { return nil }
            return "\(track.codec) \(track.index) \(track.language ?? "-")"
        }
    }

    var video: [Sample] { events.compactMap { if case .video(let sample) = $0 { sample } else { nil } } }

    func sound(_ track: Int = 0) -> [Sample] {
        events.compactMap { if case .audio(let sample, track) = $0 { sample } else { nil } }
    }

    var soundTimes: [Int64] { sound().map(\.decodeTime.value) }

    var cues: [SpliceCue] { events.compactMap { if case .splice(let cue) = $0 { cue } else { nil } } }

    var metadata: [TimedMetadata] { events.compactMap { if case .metadata(let data) = $0 { data } else { nil } } }
}

@Suite(.timeLimit(.minutes(30))) struct TransportStreamTranslatorTests {
    private static let wrap: Int64 = 1 << 33
    private static let sounds = ["-map", "0:v", "-map", "1:a", "-map", "2:a", "-c:v", "libx264", "-c:a", "aac"]
    private static let languages = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger"]

    // MARK: Tracks

    @Test func allOfAStreamIsHandedOnUpToItsEnd() throws {
        let translation = Translation(of: try TransportClip.plain.get())
        #expect(translation.tracks == ["h264 0 -", "aac 0 -"] || translation.tracks == ["aac 0 -", "h264 0 -"])
        #expect(translation.video.count == 50 && translation.video.count { $0.isSync } == 2)
        // 94 frames of 1024, and those of the encoder's delay.
        #expect((94...96).contains(translation.sound().count))
        #expect(translation.translator.faults == 0)
    }

    @Test func aPictureThatIsCutOffIsNotHandedOn() throws {
        let clip = try TransportClip.plain.get()
        let whole = Translation(of: clip).video.map(\.data.array)
        // Packets that go on with a picture, and have no stuffing.
        var inside: [Int] = []
        for start in stride(from: 188 * 40, to: clip.count, by: 188) {
            let header = Array(clip[start..<start + 4])
            if header[1] == 0x01, header[2] == 0, header[3] & 0x30 == 0x10 { inside.append(start) }
        }
        #expect(inside.count > 10)
        for packet in inside.prefix(10) {
            let cut = Translation(of: Array(clip[..<(packet + 188)])).video.map(\.data.array)
            #expect(cut == Array(whole.prefix(cut.count)))
        }
    }

    /// Slices that come in packets of their own make a picture when the next one begins, or when nothing follows.
    @Test func theLastPictureIsHandedOnThoughNothingFollowsIt() {
        var writer = TransportWriter([(0x1B, TransportWriter.video, [])])
        // Main, 64 × 64: both parameter sets and an IDR picture.
        let opening: [[UInt8]] = [
            [0x67, 0x4D, 0, 0x1E, 0xF6, 0x22, 0x24], [0x68, 0xC0, 0x20], [0x65, 0x88, 0x82, 0x0A, 0xB0],
        ]
        writer.writeUnit(on: TransportWriter.video, 0xE0, opening.flatMap { [0, 0, 1] + $0 }, 0)
        for number: UInt8 in 1...3 {
            // P slices, `first_mb_in_slice` 0 and 2, `frame_num` the number.
            let slices: [[UInt8]] = [
                [0x61, 0x9A, number << 5, 0x55, 0x80], [0x61, 0x66, 0x80 | number << 3, 0x15, 0x60],
            ]
            writer.writeUnit(on: TransportWriter.video, 0xE0, [0, 0, 1] + slices[0], 3600 * Int64(number))
            writer.writeUnit(on: TransportWriter.video, 0xE0, [0, 0, 1] + slices[1], nil)
        }
        var translation = Translation()
        translation.read(writer.bytes)
        #expect(translation.video.map(\.decodeTime.value) == [0, 3600, 7200])
        translation.translator.finish(into: &translation.events)
        #expect(translation.video.map(\.decodeTime.value) == [0, 3600, 7200, 10_800])
        // Two slices behind their lengths.
        #expect(translation.video.last?.data.count == 18)
    }

    @Test(arguments: [(UInt8(0x02), "MPEG-2 video"), (0xEA, "VC-1"), (0x33, "VVC")])
    func whatCannotBePublishedIsNamed(_ type: UInt8, _ name: String) throws {
        var writer = TransportWriter([(type, TransportWriter.video, [])])
        for number in Int64(0)..<8 {
            writer.writeUnit(on: TransportWriter.video, 0xE0, [0, 0, 1, 0xB3], 3600 * number)
        }
        let translation = Translation(of: writer.bytes)
        #expect(
            translation.events.compactMap { if case .unusable(let name) = $0 { name } else { nil } } == [name])
    }

    @Test func soundsAreNumberedInTheOrderOfTheMapAndHaveALanguage() throws {
        let translation = Translation(
            of: try TransportClip.make(Self.sounds + ["-c:a:1", "mp2"] + Self.languages, sounds: 2))
        #expect(translation.tracks.sorted() == ["aac 0 en", "h264 0 -", "mp2 1 de"])
        #expect(translation.sound(0).count > 90 && translation.sound(1).count > 80)
        #expect(translation.sound(2).isEmpty)
    }

    @Test func soundsThatComeAndGoAreToldOfAgain() throws {
        let both = try TransportClip.make(Self.sounds + Self.languages, sounds: 2)
        // Only the second one, where it was.
        let second = try TransportClip.make(
            ["-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-c:a", "aac", "-metadata:s:a:0", "language=ger"]
                + ["-streamid", "1:258", "-tables_version", "1"])
        let again = try TransportClip.make(Self.sounds + Self.languages + ["-tables_version", "2"], sounds: 2)
        var translation = Translation()
        translation.read(both)
        #expect(translation.tracks.sorted() == ["aac 0 en", "aac 1 de", "h264 0 -"])
        translation.events = []
        translation.read(second)
        #expect(translation.tracks == ["aac 0 de"])
        #expect(translation.sound(0).count > 80 && translation.sound(1).isEmpty && translation.video.count > 45)
        translation.events = []
        translation.read(again)
        #expect(translation.tracks.sorted() == ["aac 0 en", "aac 1 de"])
        #expect(translation.sound(0).count > 80 && translation.sound(1).count > 80)
    }

    @Test func aLanguageThatChangesMakesItAnotherTrack() throws {
        let english: [UInt8] = [10, 4] + Array("eng".utf8) + [0]
        var writer = TransportWriter([(0x0F, TransportWriter.sound, english)])
        for time: Int64 in 0..<3 { writer.writeSound(at: 1920 * time) }
        writer.writeMap([(0x0F, TransportWriter.sound, [10, 4] + Array("fre".utf8) + [0])], version: 1)
        for time: Int64 in 3..<6 { writer.writeSound(at: 1920 * time) }
        // The map is said again, and nothing is new in it.
        writer.writeMap([(0x0F, TransportWriter.sound, [10, 4] + Array("fre".utf8) + [0])], version: 2)
        let translation = Translation(of: writer.bytes)
        #expect(translation.tracks == ["aac 0 en", "aac 0 fr"])
        #expect(translation.soundTimes == [0, 1920, 3840, 5760, 7680, 9600])
    }

    // MARK: The clock

    private static let twoSounds: [(UInt8, UInt16, [UInt8])] = [(0x0F, 0x101, []), (0x0F, 0x102, [])]

    /// Frames of two sounds, the second `apart` ticks after the first and a little to and fro. They come in groups of
    /// three of the one, three of the other.
    private static func write(
        _ frames: Range<Int64>, apart: Int64, into writer: inout TransportWriter, at time: (Int64) -> Int64
    ) {
        for group in stride(from: frames.lowerBound, to: frames.upperBound, by: 3) {
            let group = group..<min(group + 3, frames.upperBound)
            for frame in group {
                writer.writeUnit(on: 0x101, 0xC0, TransportWriter.frame, time(frame) & (wrap - 1))
            }
            for frame in group {
                let time = time(frame) + apart + (frame.isMultiple(of: 2) ? 400 : -400)
                writer.writeUnit(on: 0x102, 0xC0, TransportWriter.frame, time & (wrap - 1))
            }
        }
    }

    private static func steps(_ samples: [Sample]) -> [Int64] {
        zip(samples.dropFirst(), samples).map { $0.decodeTime.value - $1.decodeTime.value }
    }

    /// Half the clock's range is as far as one can be from another: there is no shorter way round.
    @Test(arguments: [0, 1 << 32, (1 << 32) + 2200, -(1 << 31), 1 << 31] as [Int64])
    func streamsMayBeAnyTimeApart(distance: Int64) {
        var writer = TransportWriter(Self.twoSounds)
        for part in 0..<10 as Range<Int64> {
            Self.write(part * 5..<part * 5 + 5, apart: distance, into: &writer) { Self.wrap - 50_000 + 1920 * $0 }
            // A third stream comes, or goes.
            let third: [(UInt8, UInt16, [UInt8])] = part.isMultiple(of: 2) ? [(0x0F, 0x103, [])] : []
            writer.writeMap(Self.twoSounds + third, version: UInt8(part) + 1)
        }
        let translation = Translation(of: writer.bytes)
        #expect(Self.steps(translation.sound(0)) == [Int64](repeating: 1920, count: 49))
        #expect(Self.steps(translation.sound(1)).allSatisfy { abs($0 - 1920) == 800 })
    }

    /// By half the range, from one frame to the next, or about that.
    @Test(arguments: [0, -400, 400, 3000, 1 << 31] as [Int64])
    func streamsStayTogetherWhenTheirClockIsSetAnew(more: Int64) throws {
        for frames in 10...12 as ClosedRange<Int64> {
            var writer = TransportWriter(Self.twoSounds)
            Self.write(0..<30, apart: 0, into: &writer) {
                1_000_000 + 1920 * $0 + ($0 < frames ? 0 : (1 << 32) - 1920 + more)
            }
            let translation = Translation(of: writer.bytes)
            let (first, second) = (translation.sound(0), translation.sound(1))
            #expect(first.count == 30 && second.count == 30)
            for (one, other) in zip(first, second) {
                #expect(abs(one.decodeTime.value - other.decodeTime.value) == 400)
            }
        }
    }

    @Test func aStreamThatComesLaterIsBesideTheOthers() throws {
        var writer = TransportWriter([(0x0F, 0x101, [])])
        for time in stride(from: Self.wrap - 4000, to: Self.wrap + 9000, by: 1920) {
            writer.writeUnit(on: 0x101, 0xC0, TransportWriter.frame, time & (Self.wrap - 1))
        }
        writer.writeMap(Self.twoSounds, version: 1)
        writer.writeUnit(on: 0x102, 0xC0, TransportWriter.frame, 8000)
        // Now there is nothing left of what was.
        writer.writeMap([(0x0F, 0x103, [])], version: 2)
        writer.writeUnit(on: 0x103, 0xC0, TransportWriter.frame, 9000)
        writer.writeMap([(0x0F, 0x104, [])], version: 3)
        writer.writeUnit(on: 0x104, 0xC0, TransportWriter.frame, 9000 + 3 << 30)
        let translation = Translation(of: writer.bytes)
        #expect(translation.sound(1).map(\.decodeTime.value) == [Self.wrap + 8000])
        #expect(translation.soundTimes.suffix(2) == [Self.wrap + 9000, Self.wrap + 9000 + 3 << 30])
    }

    @Test func theFirstPictureOfSeveralIsTaken() throws {
        let options = ["-map", "0:v", "-map", "0:v", "-c:v", "libx264", "-c:v:1", "libx264", "-s:v:1", "64x64"]
        let first = try TransportClip.make(options)
        // The other way round.
        let second = try TransportClip.make(
            options + ["-streamid", "0:257", "-streamid", "1:256", "-tables_version", "1"])
        var translation = Translation()
        translation.read(first)
        #expect(Self.sizes(translation) == [160] && translation.video.count >= 48)
        translation.events = []
        translation.read(second)
        #expect(translation.video.count >= 48)
        // Nothing is told of the picture that is not shown any more.
        #expect(Self.sizes(translation) == [160])
    }

    private static func sizes(_ translation: Translation) -> [Int] {
        translation.events.compactMap {
            if case .track(let track) = $0, case .video(let format) = track.format { format.width } else { nil }
        }
    }

    @Test(arguments: [nil, 1, 2, 3] as [UInt16?])
    func theProgramThatIsAskedForIsFollowed(program: UInt16?) throws {
        let bytes = try TransportClip.make(
            ["-map", "0:v", "-map", "0:v", "-c:v", "libx264", "-s:v:1", "64x64"]
                + ["-program", "program_num=1:st=0", "-program", "program_num=2:st=1"])
        let translation = Translation(of: bytes, program: program)
        #expect(Self.sizes(translation) == [program == 2 ? 64 : 160].filter { _ in program != 3 })
        #expect(translation.video.count == (program == 3 ? 0 : 50))
    }

    // MARK: The clock

    @Test func aClockThatBeginsAgainBetweenBFramesGoesOn() throws {
        let options = ["-c:v", "libx264", "-bf", "2", "-x264-params", "b-adapt=0", "-c:a", "aac", "-muxdelay", "0"]
        let plain = Translation(of: try TransportClip.make(options))
        // A second before the clock begins again, which is after 95443.7 s.
        let late = Translation(of: try TransportClip.make(options + ["-output_ts_offset", "95442.5"]))
        #expect(plain.video.count == 50 && plain.video.contains { $0.presentationTime != $0.decodeTime })
        func times(_ translation: Translation) -> [[Int64]] {
            let samples = translation.video + translation.sound()
            let start = translation.video.first?.decodeTime.value ?? 0
            return samples.map { [$0.decodeTime.value - start, $0.presentationTime.value - start] }
        }
        #expect(times(late) == times(plain))
        let presentations = late.video.map(\.presentationTime.value)
        #expect(presentations.contains { $0 < Self.wrap } && presentations.contains { $0 >= Self.wrap })
        #expect(late.video.contains { $0.decodeTime.value < Self.wrap && $0.presentationTime.value >= Self.wrap })
    }

    @Test func aClockMayBeginAgainAnyNumberOfTimes() {
        var writer = TransportWriter()
        let times = (0..<12).map { $0 * (Self.wrap / 3) + 5 }
        for time in times { writer.writeSound(at: time % Self.wrap) }
        let translation = Translation(of: writer.bytes)
        #expect(translation.soundTimes == times)
    }

    // MARK: What goes with them

    @Test func splicesAndMetadataAreNearTheMediaOnWhicheverSideOfTheEndOfTheClock() {
        var writer = TransportWriter()
        writer.writeSound(at: Self.wrap - 4000)
        writer.writeSound(at: Self.wrap - 2080)
        writer.writeSection(on: TransportWriter.splices, TransportWriter.spliceOut(1, at: 500_000))
        writer.writeSection(on: TransportWriter.splices, TransportWriter.spliceOut(2, at: nil))
        writer.writeSection(on: TransportWriter.splices, TransportWriter.spliceCancelled(1))
        writer.writeUnit(on: TransportWriter.id3, 0xBD, Self.tag, 100)
        writer.writeSound(at: 1760)
        writer.writeUnit(on: TransportWriter.klv, 0xBD, Self.item, Self.wrap - 100)
        writer.writeUnit(on: TransportWriter.klv, 0xBD, Self.item, nil)
        writer.writeSection(on: TransportWriter.splices, TransportWriter.spliceOut(3, at: Self.wrap - 3000))
        let translation = Translation(of: writer.bytes)
        let latest = translation.soundTimes
        #expect(latest == [Self.wrap - 4000, Self.wrap - 2080, Self.wrap + 1760])
        #expect(translation.cues.map(\.eventID) == [1, 2, 1, 3])
        #expect(translation.cues.map(\.kind) == [.out, .out, .cancelled, .out])
        // What is at once is at the newest sample.
        #expect(
            [0, 3].map { translation.cues[$0].time.value } == [Self.wrap + 500_000, Self.wrap - 3000]
                && [1, 2].allSatisfy { translation.cues[$0].time.value == translation.cues[1].time.value })
        #expect(latest[...1].contains(translation.cues[1].time.value))
        #expect(translation.cues[0].section.array == TransportWriter.spliceOut(1, at: 500_000))
        #expect(translation.metadata.map(\.time.value).prefix(2) == [Self.wrap + 100, Self.wrap - 100])
        #expect(translation.metadata.count == 3 && translation.metadata.first?.tag.array == Self.tag)
        #expect(translation.translator.faults == 0)
    }

    /// ID3v2.4 with a text, and an item of KLV with a universal label.
    private static let tag: [UInt8] =
        Array("ID3".utf8) + [4, 0, 0, 0, 0, 0, 13] + Array("TIT2".utf8) + [0, 0, 0, 3, 0, 0, 3, 0x68, 0x69]
    private static let item: [UInt8] =
        [6, 0x0E, 0x2B, 0x34, 2, 0x0B, 1, 1, 0x0E, 1, 3, 1, 1, 0, 0, 0, 2, 0x41, 0x42]

    @Test func whatComesBeforeAnyMediaHasNoPlaceAndIsCounted() {
        var writer = TransportWriter()
        writer.writeSection(on: TransportWriter.splices, TransportWriter.spliceOut(1, at: 0))
        writer.writeUnit(on: TransportWriter.id3, 0xBD, Self.tag, 0)
        // This one says nothing, so that nothing of it is lost.
        writer.writeSection(on: TransportWriter.splices, TransportWriter.spliceNull)
        writer.writeSound(at: 0)
        let translation = Translation(of: writer.bytes)
        #expect(translation.cues.isEmpty && translation.metadata.isEmpty && translation.soundTimes == [0])
        #expect(translation.translator.faults == 2)
    }

    /// Some send one every few seconds, as a sign of life.
    @Test func commandsOfSomebodysOwnAreOnlyCounted() {
        var writer = TransportWriter()
        writer.writeSound(at: 0)
        for _ in 0..<3 { writer.writeSection(on: TransportWriter.splices, TransportWriter.splicePrivate) }
        let translation = Translation(of: writer.bytes)
        #expect(translation.cues.isEmpty && translation.translator.faults == 0)
        #expect(translation.translator.privateCommands == 3)
    }

    @Test func aProgramHasMediaBeforeTheyCome() {
        #expect(Translation(of: TransportWriter.tables()).translator.hasMedia)
        #expect(Translation(of: TransportWriter.tables([(0x24, 0x101, [])])).translator.hasMedia)
        #expect(!Translation(of: TransportWriter.tables([(0x02, 0x101, []), (0x86, 0x102, [])])).translator.hasMedia)
        #expect(!Translation().translator.hasMedia)
    }

    @Test func faultsAreCountedOnWhenTheirStreamsGo() {
        var writer = TransportWriter()
        writer.writeSound(at: 0)
        writer.writeSound([UInt8](repeating: 0, count: 40), at: 1920)
        writer.writeSound(at: 3840)
        writer.writeUnit(on: TransportWriter.id3, 0xBD, [1, 2, 3], 0)
        var translation = Translation()
        translation.read(writer.bytes)
        let faults = translation.translator.faults
        #expect(faults >= 2)
        writer.clear()
        writer.writeMap([(0x86, TransportWriter.splices, [])], version: 1)
        translation.read(writer.bytes)
        #expect(translation.translator.faults == faults)
        writer.clear()
        writer.writeMap(TransportWriter.all, version: 2)
        writer.writeSound(at: 5000)
        writer.writeSound([UInt8](repeating: 0, count: 40), at: 5760)
        writer.writeSound(at: 7680)
        translation.read(writer.bytes)
        translation.translator.finish(into: &translation.events)
        #expect(translation.translator.faults > faults)
    }
}
