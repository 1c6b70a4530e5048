import Bytes

/// Where the programs of a transport stream are described. ISO/IEC 13818-1 §2.4.4.3.
struct ProgramAssociation: Sendable {
    struct Entry: Sendable, Equatable {
        let program: UInt16
        let mapPID: UInt16
    }

    /// The programs in the order of the table. The network information, which has the number 0, is none of them.
    private(set) var entries: [Entry] = []

    /// Nothing known.
    init() {}

    /// What the sections of the table list.
    init(_ bodies: [ByteChunk]) {
        for body in bodies {
            var reader = ByteReader(body.span)
            while let program = try? reader.readUInt16(), let pid = try? reader.readUInt16() {
                guard program != 0, TransportProgram.mayCarry(pid & 0x1FFF) else { continue }
                entries.append(Entry(program: program, mapPID: pid & 0x1FFF))
            }
        }
    }
}

extension TransportProgram {
    /// True for packet identifiers that are not reserved. ISO/IEC 13818-1 table 2-3.
    static func mayCarry(_ pid: UInt16) -> Bool { (0x0010..<0x1FFF).contains(pid) }

    /// Reads the program's map, whose sections have those bodies. Nothing when it ends before its end.
    /// Of streams beyond `limit`, only how many there are is told, in `ignored`.
    init?(number: UInt16, map bodies: [ByteChunk], limit: Int, ignored: inout UInt64) {
        self.number = number
        var clockPID: UInt16?
        var streams: [Stream] = []
        for body in bodies {
            do throws(UnexpectedEnd) {
                var reader = ByteReader(body.span)
                let pid = try reader.readUInt16() & 0x1FFF
                if Self.mayCarry(pid) { clockPID = clockPID ?? pid }
                try reader.skip(Int(try reader.readUInt16() & 0x0FFF))
                while !reader.isAtEnd {
                    guard let stream = try Stream(&reader), !streams.contains(where: { $0.pid == stream.pid }) else {
                        continue
                    }
                    if streams.count < limit { streams.append(stream) } else { ignored &+= 1 }
                }
            } catch {
                return nil
            }
        }
        self.clockPID = clockPID
        self.streams = streams
    }
}

extension TransportProgram.Stream {
    /// Reads an entry of a program map; nothing when its packet identifier is a reserved one.
    fileprivate init?(_ reader: inout ByteReader) throws(UnexpectedEnd) {
        type = try reader.readUInt8()
        pid = try reader.readUInt16() & 0x1FFF
        let descriptors = StreamDescriptors(try reader.read(Int(try reader.readUInt16() & 0x0FFF)))
        guard TransportProgram.mayCarry(pid) else { return nil }
        kind = descriptors.kind(ofType: type)
        language = descriptors.language
        audioType = descriptors.audioType
    }
}
