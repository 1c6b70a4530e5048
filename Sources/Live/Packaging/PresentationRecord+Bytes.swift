internal import Bytes
internal import Media
internal import Time

// A record as bytes: its length (4), a check sum of the rest (4), its kind (1) and its fields. Texts and byte strings
// follow their length (4); a time is its value (8) and its timescale (4); numbers are big-endian.

extension PresentationRecord {
    /// The record as a journal holds it.
    public var bytes: [UInt8] {
        var fields = ByteWriter(capacity: 64)
        fields.write(kind)
        switch self {
        case .presentation(let id, let profile, let wallStart):
            fields.write(text: id)
            fields.write(text: profile.name.rawValue)
            fields.write(UInt32(clamping: profile.targetDuration))
            fields.write(UInt64(bitPattern: wallStart.microseconds))
            fields.write(optional: profile.dvrWindow.map { UInt64(clamping: $0.ticks(in: .milliseconds)) } as UInt64?)
        case .frameRate(let rate, let rung):
            fields.write(rate.bitPattern)
            if rung > 0 { fields.write(UInt32(clamping: rung)) }
        case .dependentSegments, .ended, .stopped: break
        case .track(let rendition, let version, let track):
            fields.write(text: rendition)
            fields.write(UInt32(clamping: version))
            track.write(to: &fields)
        case .part(let rendition, let part):
            fields.write(text: rendition)
            part.write(to: &fields)
        case .segmentEnd(let rendition): fields.write(text: rendition)
        case .standing(let rendition, let standing):
            fields.write(text: rendition)
            standing.write(to: &fields)
        case .gap(let rendition, let gap):
            fields.write(text: rendition)
            fields.write(gap.end)
            fields.write(UInt64(clamping: gap.nextPart))
            fields.write(UInt8(gap.isDiscontinuous ? 1 : 0))
        case .lost(let rendition, let number):
            fields.write(text: rendition)
            fields.write(UInt64(bitPattern: number))
        case .splice(let splice): splice.write(to: &fields)
        case .shift(let rendition, let shift):
            fields.write(text: rendition)
            fields.write(UInt64(bitPattern: shift.wholeMicroseconds))
        }
        var record = ByteWriter(capacity: fields.count + 8)
        record.write(UInt32(clamping: fields.count))
        record.write(Self.checkSum(of: fields.bytes.span))
        record.write(fields.bytes)
        return record.bytes
    }

    private var kind: UInt8 {
        switch self {
        case .presentation: 1
        case .track: 2
        case .part: 3
        case .segmentEnd: 4
        case .standing: 5
        case .frameRate(_, let rung): rung == 0 ? 6 : 14
        case .dependentSegments: 7
        case .ended: 8
        case .lost: 9
        case .splice: 10
        case .stopped: 11
        case .gap: 12
        case .shift: 13
        }
    }

    /// Reads the records at the start of `bytes`, up to the first that is not whole: what a process that died was
    /// writing. Returns them, and how many bytes they take; those of a later version, of a kind that is not known here, are
    /// among the bytes alone.
    public static func read(_ bytes: Span<UInt8>) -> (records: [PresentationRecord], length: Int) {
        var reader = ByteReader(bytes)
        var records: [PresentationRecord] = []
        var length = 0
        do throws(UnexpectedEnd) {
            while true {
                if let record = try read(&reader) { records.append(record) }
                length = reader.offset
            }
        } catch { return (records, length) }
    }

    @_lifetime(reader: copy reader)
    private static func read(_ reader: inout ByteReader) throws(UnexpectedEnd) -> PresentationRecord? {
        let length = Int(try reader.readUInt32())
        let sum = try reader.readUInt32()
        let body = try reader.read(length)
        guard checkSum(of: body) == sum else { throw reader.fault }
        var fields = ByteReader(body)
        let record: PresentationRecord
        switch try fields.readUInt8() {
        case 1:
            let (id, name) = (try fields.readText(), try fields.readText())
            let target = Int(try fields.readUInt32())
            guard let profile = LatencyProfile.Name(rawValue: name), (1...3600).contains(target) else {
                throw reader.fault
            }
            let wallStart = WallTime(microseconds: Int64(bitPattern: try fields.readUInt64()))
            var constants = LatencyProfile(profile, targetDuration: target)
            if let dvrWindow = try fields.readOptional() {
                guard dvrWindow < 1 << 40 else { throw reader.fault }
                constants.dvrWindow = .milliseconds(Int64(dvrWindow))
            }
            record = .presentation(id: id, profile: constants, wallStart: wallStart)
        case 2:
            let (rendition, version) = (try fields.readText(), Int(try fields.readUInt32()))
            record = .track(rendition: rendition, version: version, try Track(from: &fields))
        case 3: record = .part(rendition: try fields.readText(), try PartRecord(from: &fields))
        case 4: record = .segmentEnd(rendition: try fields.readText())
        case 5: record = .standing(rendition: try fields.readText(), try RenditionStanding(from: &fields))
        case let kind where kind == 6 || kind == 14:
            let rate = Double(bitPattern: try fields.readUInt64())
            let rung = kind == 6 ? 0 : Int(try fields.readUInt32())
            guard rate.isFinite, rate > 0, kind == 6 || rung > 0 else { throw reader.fault }
            record = .frameRate(rate, rung: rung)
        case 7: record = .dependentSegments
        case 8: record = .ended
        case 9: record = .lost(rendition: try fields.readText(), before: try fields.readCount())
        case 10: record = .splice(try SpliceRecord(from: &fields))
        case 11: record = .stopped
        case 12:
            let rendition = try fields.readText()
            record = .gap(
                rendition: rendition,
                GapRecord(
                    end: try fields.readTime(), nextPart: try fields.readCount(),
                    isDiscontinuous: try fields.readUInt8() != 0))
        case 13: record = .shift(rendition: try fields.readText(), try fields.readShift())
        case 0: throw reader.fault
        default: return nil
        }
        guard fields.isAtEnd else { throw reader.fault }
        return record
    }
}
