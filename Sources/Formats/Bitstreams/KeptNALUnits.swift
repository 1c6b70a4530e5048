import Bytes

/// The runs of NAL units, with their lengths, that stay in an access unit. The usual one costs no allocation.
struct KeptNALUnits {
    private var first = 0..<0
    private var rest: [Range<Int>] = []
    private var unitCount = 0

    mutating func add(_ unit: Range<Int>) {
        unitCount += 1
        if let last = rest.indices.last {
            if rest[last].upperBound == unit.lowerBound {
                rest[last] = rest[last].lowerBound..<unit.upperBound
            } else {
                rest.append(unit)
            }
        } else if first.isEmpty {
            first = unit
        } else if first.upperBound == unit.lowerBound {
            first = first.lowerBound..<unit.upperBound
        } else {
            rest.append(unit)
        }
    }

    /// The units one after the other behind four-byte lengths, in the memory of `source` where they lie there like that.
    func data(of source: ByteChunk, lengthSize: Int) -> ByteChunk {
        lengthSize == 4 && rest.isEmpty ? source[first] : joined(from: source, lengthSize: lengthSize)
    }

    /// They were walked before, so their lengths are right.
    private func joined(from source: ByteChunk, lengthSize: Int) -> ByteChunk {
        let runs = [first] + rest
        let size = runs.reduce(0) { $0 + $1.count } + unitCount * (4 - lengthSize)
        return ByteChunk(count: size) { target in
            source.withUnsafeBytes { bytes in
                var end = 0
                for run in runs {
                    var offset = run.lowerBound
                    while offset < run.upperBound {
                        let start = offset + lengthSize
                        let length = bytes[offset..<start].reduce(0) { $0 << 8 | Int($1) }
                        target.storeBytes(of: UInt32(length).bigEndian, toByteOffset: end, as: UInt32.self)
                        offset = start + length
                        UnsafeMutableRawBufferPointer(rebasing: target[(end + 4)...])
                            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<offset]))
                        end += 4 + length
                    }
                }
            }
        }
    }
}
