/// PES packets and sections of a program with a stream of each kind, made of what is said in short.
struct Units {
    private struct Stream {
        let type: UInt8
        let descriptors: [UInt8]
    }

    private static let streams = [
        Stream(type: 0x1B, descriptors: []), Stream(type: 0x24, descriptors: []), Stream(type: 0x0F, descriptors: []),
        Stream(type: 0x11, descriptors: [10, 4, 0x64, 0x65, 0x75, 0]), Stream(type: 0x81, descriptors: []),
        Stream(type: 0x87, descriptors: []),
        Stream(type: 0x06, descriptors: [5, 4, 0x4F, 0x70, 0x75, 0x73, 0x7F, 2, 0x80, 2]),
        Stream(type: 0x03, descriptors: []), Stream(type: 0x86, descriptors: []),
        Stream(type: 0x15, descriptors: [5, 4, 0x49, 0x44, 0x33, 0x20]),
        Stream(type: 0x06, descriptors: [5, 4, 0x4B, 0x4C, 0x56, 0x41]),
    ]
    private static let splices = 8

    private(set) var bytes: [UInt8] = []
    private var counters = [UInt8](repeating: 0, count: 16)
    private var version: UInt8 = 0
    private var time: Int64 = 0

    /// The map begins with the stream of that number, and goes round.
    init(first: Int) {
        writeSection([0, 0xB0, 13, 0, 1, 0xC1, 0, 0, 0, 1, 0xF0, 0], on: 15)
        writeMap(Self.streams.indices.map { ($0 + first) % Self.streams.count })
    }

    /// What `input` says: a byte with the number of a stream in its low bits, and 16: with times, 32: which jump far, 64:
    /// a packet was lost before, 128: no unit, but a map with those streams of which a bit stands in the length. Two bytes
    /// for the length follow, and so many bytes of the unit.
    mutating func write(in input: ArraySlice<UInt8>) {
        var rest = input
        while let head = rest.popFirst(), let high = rest.popFirst(), let low = rest.popFirst() {
            let length = Int(high) << 8 | Int(low)
            if head & 128 != 0 {
                version = (version + 1) & 31
                writeMap(Self.streams.indices.filter { length >> $0 & 1 == 1 })
                continue
            }
            let unit = Array(rest.prefix(length))
            rest = rest.dropFirst(unit.count)
            let index = Int(head & 15) % Self.streams.count
            if head & 64 != 0 { counters[index] &+= 1 }
            if index == Self.splices {
                writeSection(unit, on: index)
            } else {
                if head & 16 != 0 { time = (time + (head & 32 != 0 ? 1 << 32 - 77 : 1800)) & (1 << 33 - 1) }
                writeUnit(unit, on: index, time: head & 16 != 0 ? time : nil)
            }
        }
    }

    private mutating func writeMap(_ indices: [Int]) {
        var section: [UInt8] = [2, 0xB0, 0, 0, 1, 0xC1 | version << 1, 0, 0, 0xE1, 0, 0xF0, 0]
        for index in indices {
            let stream = Self.streams[index]
            section += [stream.type, 0xE1, UInt8(index), 0xF0, UInt8(stream.descriptors.count)] + stream.descriptors
        }
        writeSection(section, on: 14)
    }

    private mutating func writeUnit(_ unit: [UInt8], on index: Int, time: Int64?) {
        var fields: [UInt8] = []
        if let time {
            fields = [
                0x21 | UInt8(time >> 30 & 7) << 1, UInt8(time >> 22 & 0xFF), UInt8(time >> 15 & 0x7F) << 1 | 1,
                UInt8(time >> 7 & 0xFF), UInt8(time & 0x7F) << 1 | 1,
            ]
        }
        let count = 3 + fields.count + unit.count
        // Pictures are of unknown length.
        let length = index < 2 || count > 0xFFFF ? 0 : count
        write(
            [0, 0, 1, index < 2 ? 0xE0 : 0xC0, UInt8(length >> 8), UInt8(length & 0xFF), 0x84]
                + [time == nil ? 0 : 0x80, UInt8(fields.count)] + fields + unit, on: index)
    }

    /// Its length and checksum are put in.
    private mutating func writeSection(_ body: [UInt8], on index: Int) {
        guard body.count >= 3 else { return }
        var section = Array(body.prefix(1021))
        section[1] = section[1] & 0xF0 | UInt8((section.count + 1) >> 8)
        section[2] = UInt8((section.count + 1) & 0xFF)
        var value: UInt32 = .max
        for byte in section {
            value ^= UInt32(byte) << 24
            for _ in 0..<8 { value = value >> 31 == 1 ? value << 1 ^ 0x04C1_1DB7 : value << 1 }
        }
        section += (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) }
        write([0] + section, on: index, isSection: true)
    }

    /// Packets with all of `unit`.
    private mutating func write(_ unit: [UInt8], on index: Int, isSection: Bool = false) {
        let pid: UInt16 = index == 15 ? 0 : index == 14 ? 0x1000 : 0x100 + UInt16(index)
        var position = 0
        repeat {
            let piece = unit[position..<min(position + 184, unit.count)]
            let missing = 184 - piece.count
            let control: UInt8 = (missing > 0 && !isSection ? 0x30 : 0x10) | counters[index] & 15
            counters[index] &+= 1
            bytes += [0x47, (position == 0 ? 0x40 : 0) | UInt8(pid >> 8), UInt8(pid & 0xFF), control]
            if !isSection, missing == 1 { bytes += [0] }
            if !isSection, missing > 1 {
                bytes += [UInt8(missing - 1), 0] + [UInt8](repeating: 0xFF, count: missing - 2)
            }
            bytes += piece
            if isSection { bytes += [UInt8](repeating: 0xFF, count: missing) }
            position += piece.count
        } while position < unit.count
    }
}
