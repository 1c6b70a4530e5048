internal import Bytes

extension SpliceCommand {
    /// Reads the command of that `splice_command_type`, up to where `reader` ends at the latest.
    init(type: UInt8, from reader: inout ByteReader) throws(UnexpectedEnd) {
        switch type {
        case 0x00: self = .null
        case 0x04: self = .schedule
        case 0x05: self = try Self.insert(from: &reader)
        case 0x06: self = .timeSignal(try reader.readSpliceTime())
        case 0x07: self = .bandwidthReservation
        case 0xFF: self = .privateCommand(identifier: try reader.readUInt32())
        default: self = .reserved(type: type)
        }
    }

    /// True when all of the command was read, so that its length need not be said.
    var hasKnownEnd: Bool {
        switch self {
        case .null, .insert, .insertCancelled, .timeSignal, .bandwidthReservation: true
        case .schedule, .privateCommand, .reserved, .encrypted: false
        }
    }

    private static func insert(from reader: inout ByteReader) throws(UnexpectedEnd) -> SpliceCommand {
        let eventID = try reader.readUInt32()
        if try reader.readUInt8() & 0x80 != 0 { return .insertCancelled(eventID: eventID) }
        let flags = try reader.readUInt8()
        let (isProgram, isImmediate) = (flags & 0x40 != 0, flags & 0x10 != 0)
        let time = isProgram && !isImmediate ? try reader.readSpliceTime() : nil
        var components: [SpliceInsert.Component] = []
        for _ in 0..<(isProgram ? 0 : try reader.readUInt8()) {
            let tag = try reader.readUInt8()
            components.append(.init(tag: tag, time: isImmediate ? nil : try reader.readSpliceTime()))
        }
        var breakDuration: SpliceInsert.BreakDuration?
        if flags & 0x20 != 0 {
            let first = try reader.readUInt8()
            let ticks = Int64(first & 1) << 32 | Int64(try reader.readUInt32())
            breakDuration = .init(ticks: ticks, returnsAlone: first & 0x80 != 0)
        }
        return .insert(
            SpliceInsert(
                eventID: eventID, isOutOfNetwork: flags & 0x80 != 0, isImmediate: isImmediate, time: time,
                components: components, breakDuration: breakDuration, uniqueProgramID: try reader.readUInt16(),
                availNumber: try reader.readUInt8(), availsExpected: try reader.readUInt8()))
    }
}

extension SpliceDescriptor {
    /// "CUEI", whose descriptors the standard describes.
    private static let cuei: UInt32 = 0x4355_4549

    /// Reads what stands behind `descriptor_length`, up to where `reader` ends; both lie in `bytes`.
    init(tag: UInt8, from reader: inout ByteReader, of bytes: ByteChunk) throws(UnexpectedEnd) {
        let identifier = try reader.readUInt32()
        guard identifier == Self.cuei else {
            self = .other(tag: tag, identifier: identifier)
            return
        }
        switch tag {
        case 0x00: self = .avail(providerAvailID: try reader.readUInt32())
        case 0x01:
            let preroll = try reader.readUInt8()
            let count = Int(try reader.readUInt8() >> 5)
            let start = reader.offset
            try reader.skip(count)
            let characters = bytes.span.extracting(start..<(start + count))
            self = .dtmf(
                preroll: preroll, characters: characters.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
        case 0x02:
            let eventID = try reader.readUInt32()
            if try reader.readUInt8() & 0x80 != 0 {
                self = .segmentationCancelled(eventID: eventID)
            } else {
                self = .segmentation(try SpliceSegmentation(eventID: eventID, from: &reader, of: bytes))
            }
        case 0x03:
            let seconds = UInt64(try reader.readUInt16()) << 32 | UInt64(try reader.readUInt32())
            self = .time(
                seconds: seconds, nanoseconds: try reader.readUInt32(), offsetToUTC: try reader.readUInt16())
        default: self = .other(tag: tag, identifier: identifier)
        }
    }
}

extension SpliceSegmentation {
    fileprivate init(
        eventID: UInt32, from reader: inout ByteReader, of bytes: ByteChunk
    ) throws(UnexpectedEnd) {
        self.eventID = eventID
        let flags = try reader.readUInt8()
        // Component mode, which the standard has given up: a tag and an offset for each.
        if flags & 0x80 == 0 { try reader.skip(6 * Int(try reader.readUInt8())) }
        duration =
            flags & 0x40 == 0 ? nil : Int64(try reader.readUInt8()) << 32 | Int64(try reader.readUInt32())
        upidType = try reader.readUInt8()
        let count = Int(try reader.readUInt8())
        let start = reader.offset
        try reader.skip(count)
        upid = bytes[start..<(start + count)]
        type = try reader.readUInt8()
        number = try reader.readUInt8()
        expected = try reader.readUInt8()
        // Whether they are there, the length alone says.
        subSegment =
            reader.remaining < 2 ? nil : .init(number: try reader.readUInt8(), expected: try reader.readUInt8())
    }
}

extension ByteReader {
    /// `splice_time`: 33 bits, or nothing where no time is said. ANSI/SCTE 35 2023 §9.8.1.
    @_lifetime(self: copy self)
    fileprivate mutating func readSpliceTime() throws(UnexpectedEnd) -> Int64? {
        let first = try readUInt8()
        return first & 0x80 == 0 ? nil : Int64(first & 1) << 32 | Int64(try readUInt32())
    }
}
