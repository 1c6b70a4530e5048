internal import Bytes
internal import Media

extension PresentationRecord {
    /// FNV-1a over `bytes`: it finds a record that was not written to its end.
    static func checkSum(of bytes: Span<UInt8>) -> UInt32 {
        var sum: UInt32 = 0x811C_9DC5
        for index in bytes.indices { sum = (sum ^ UInt32(bytes[index])) &* 0x0100_0193 }
        return sum
    }
}

extension PartRecord {
    func write(to fields: inout ByteWriter) {
        fields.write(start)
        fields.write(end)
        let delay = keyFrame?.delay ?? .zero
        fields.write(UInt8((isIndependent ? 1 : 0) | (isDiscontinuous ? 2 : 0) | (delay == .zero ? 0 : 4)))
        fields.write(optional: byteCount.map(UInt64.init(clamping:)))
        fields.write(optional: keyFrame.map { UInt64(clamping: $0.range.lowerBound) })
        fields.write(optional: keyFrame.map { UInt64(clamping: $0.range.upperBound) })
        if delay != .zero { fields.write(delay) }
    }

    @_lifetime(fields: copy fields)
    init(from fields: inout ByteReader) throws(UnexpectedEnd) {
        start = try fields.readTime()
        end = try fields.readTime()
        let flags = try fields.readUInt8()
        (isIndependent, isDiscontinuous) = (flags & 1 != 0, flags & 2 != 0)
        byteCount = try fields.readOptional().map(Int.init(clamping:))
        guard byteCount ?? 0 <= UInt32.max else { throw fields.fault }
        let (lower, upper) = (try fields.readOptional(), try fields.readOptional())
        let delay = flags & 4 == 0 ? .zero : try fields.readTime()
        switch (lower, upper, byteCount) {
        case (nil, nil, _): keyFrame = nil
        case (let lower?, let upper?, let byteCount?) where lower <= upper && upper <= UInt64(clamping: byteCount):
            keyFrame = KeyFrame(range: Int(lower)..<Int(upper), delay: delay)
        default: throw fields.fault
        }
        // Many of them can be added up.
        guard start <= end, end - start < .milliseconds(3_600_000) else { throw fields.fault }
    }
}

extension RenditionStanding {
    func write(to fields: inout ByteWriter) {
        for count in [nextSegment, nextPart, discontinuities, keyFrames] {
            fields.write(UInt64(bitPattern: count))
        }
    }

    @_lifetime(fields: copy fields)
    init(from fields: inout ByteReader) throws(UnexpectedEnd) {
        nextSegment = try fields.readCount()
        nextPart = try fields.readCount()
        discontinuities = try fields.readCount()
        keyFrames = try fields.readCount()
    }
}

extension SpliceRecord {
    func write(to fields: inout ByteWriter) {
        fields.write(UInt64(bitPattern: number))
        fields.write(addedAt)
        switch cue.kind {
        case .out: fields.write(UInt8(0))
        case .in: fields.write(UInt8(1))
        case .command: fields.write(UInt8(2))
        case .cancelled: fields.write(UInt8(3))
        }
        fields.write(cue.eventID)
        fields.write(cue.time)
        fields.write(UInt8(cue.duration == nil ? 0 : 1))
        if let duration = cue.duration { fields.write(duration) }
        fields.write(UInt32(clamping: cue.section.count))
        fields.write(cue.section.span)
    }

    @_lifetime(fields: copy fields)
    init(from fields: inout ByteReader) throws(UnexpectedEnd) {
        number = try fields.readCount()
        addedAt = try fields.readTime()
        let kind: SpliceCue.Kind
        switch try fields.readUInt8() {
        case 0: kind = .out
        case 1: kind = .in
        case 2: kind = .command
        case 3: kind = .cancelled
        default: throw fields.fault
        }
        let (event, time) = (try fields.readUInt32(), try fields.readTime())
        let duration = try fields.readUInt8() == 0 ? nil : try fields.readTime()
        guard duration ?? .zero >= .zero else { throw fields.fault }
        cue = SpliceCue(kind: kind, eventID: event, time: time, duration: duration, section: try fields.readChunk())
    }
}

extension Track {
    func write(to fields: inout ByteWriter) {
        fields.write(text: codec.rawValue)
        fields.write(UInt32(clamping: index))
        fields.write(optional: language)
        fields.write(optional: name)
        fields.write(text: codecString)
        fields.write(UInt32(clamping: decoderConfiguration.count))
        fields.write(decoderConfiguration.span)
        switch format {
        case .video(let video):
            fields.write(UInt8(0))
            for number in [video.width, video.height, video.sampleAspectRatio.width, video.sampleAspectRatio.height] {
                fields.write(UInt32(clamping: number))
            }
            fields.write(
                UInt8((video.colour == nil ? 0 : 1) + (video.mastering == nil ? 0 : 2) + (video.light == nil ? 0 : 4)))
            video.colour?.write(to: &fields)
            video.mastering?.write(to: &fields)
            video.light?.write(to: &fields)
        case .audio(let audio):
            fields.write(UInt8(1))
            fields.write(audio.sampleRate)
            fields.write(UInt32(clamping: audio.channelCount))
            fields.write(UInt32(clamping: audio.samplesPerFrame))
        }
    }

    @_lifetime(fields: copy fields)
    init(from fields: inout ByteReader) throws(UnexpectedEnd) {
        guard let codec = Codec(rawValue: try fields.readText()) else { throw fields.fault }
        let index = Int(try fields.readUInt32())
        let (language, name) = (try fields.readOptionalText(), try fields.readOptionalText())
        let codecString = try fields.readText()
        let configuration = try fields.readChunk()
        let format: Track.Format
        switch try fields.readUInt8() {
        case 0:
            var video = VideoFormat(
                width: Int(try fields.readUInt32()), height: Int(try fields.readUInt32()),
                sampleAspectRatio: AspectRatio(Int(try fields.readUInt32()), Int(try fields.readUInt32())))
            let extras = try fields.readUInt8()
            if extras & 1 != 0 { video.colour = try ColourDescription(from: &fields) }
            if extras & 2 != 0 { video.mastering = try MasteringDisplay(from: &fields) }
            if extras & 4 != 0 { video.light = try ContentLight(from: &fields) }
            format = .video(video)
        case 1:
            let audio = AudioFormat(
                sampleRate: try fields.readUInt32(), channelCount: Int(try fields.readUInt32()),
                samplesPerFrame: Int(try fields.readUInt32()))
            guard audio.sampleRate > 0 else { throw fields.fault }
            format = .audio(audio)
        default: throw fields.fault
        }
        self.init(codec: codec, format: format, decoderConfiguration: configuration, codecString: codecString)
        self.index = index
        self.language = language
        self.name = name
    }
}

extension ByteWriter {
    mutating func write(text: String) {
        write(UInt32(clamping: text.utf8.count))
        write(utf8: text)
    }

    mutating func write(optional text: String?) {
        write(UInt8(text == nil ? 0 : 1))
        if let text { write(text: text) }
    }

    mutating func write(optional number: UInt64?) {
        write(UInt8(number == nil ? 0 : 1))
        if let number { write(number) }
    }

    mutating func write(_ time: MediaTime) {
        write(UInt64(bitPattern: time.value))
        write(time.timescale.ticksPerSecond)
    }
}

extension ByteReader {
    /// What is thrown when a field is there and cannot be what it should be: the record counts as unfinished.
    var fault: UnexpectedEnd { UnexpectedEnd(offset: offset) }

    /// A number that can be counted on from, and multiplied, without a further look.
    @_lifetime(self: copy self)
    mutating func readCount() throws(UnexpectedEnd) -> Int64 {
        guard let count = Int64(exactly: try readUInt64()), count < 1 << 48 else { throw fault }
        return count
    }

    @_lifetime(self: copy self)
    mutating func readOptional() throws(UnexpectedEnd) -> UInt64? { try readUInt8() == 0 ? nil : try readUInt64() }

    @_lifetime(self: copy self)
    mutating func readTime() throws(UnexpectedEnd) -> MediaTime {
        let value = Int64(bitPattern: try readUInt64())
        let ticks = try readUInt32()
        // No timeline lasts for thirty years: two times can be added on any timescale without a further look.
        guard ticks > 0, value.magnitude / UInt64(ticks) < 1_000_000_000 else { throw fault }
        return MediaTime(value, Timescale(ticks))
    }

    @_lifetime(self: copy self)
    mutating func readShift() throws(UnexpectedEnd) -> Duration {
        let microseconds = Int64(bitPattern: try readUInt64())
        // Thirty years at the greatest rate.
        guard microseconds.magnitude < 1_000_000_000_000 else { throw fault }
        return .microseconds(microseconds)
    }

    @_lifetime(self: copy self)
    mutating func readChunk() throws(UnexpectedEnd) -> ByteChunk {
        ByteChunk(copying: try read(Int(try readUInt32())))
    }

    @_lifetime(self: copy self)
    mutating func readText() throws(UnexpectedEnd) -> String {
        let chunk = try readChunk()
        guard let text = String(validating: chunk.array, as: UTF8.self) else { throw fault }
        return text
    }

    @_lifetime(self: copy self)
    mutating func readOptionalText() throws(UnexpectedEnd) -> String? { try readUInt8() == 0 ? nil : try readText() }
}
