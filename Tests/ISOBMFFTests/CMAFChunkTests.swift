import Bytes
import ISOBMFF
import SeededRandom
import Testing

@Suite struct CMAFChunkTests {
    static func sample(
        _ data: [UInt8], duration: UInt32 = 3600, offset: Int32 = 0, isSync: Bool = false
    ) -> ChunkSample {
        ChunkSample(data: ByteChunk(data), duration: duration, compositionOffset: offset, isSync: isSync)
    }

    static let sync: UInt32 = 0x0200_0000
    static let notSync: UInt32 = 0x0101_0000

    @Test func aChunkOfOneSampleIsTheseBytes() {
        let chunk = CMAFChunk.bytes(
            sequenceNumber: 7, baseMediaDecodeTime: 0x1_0000_0002, samples: [Self.sample([9, 8, 7], isSync: true)])
        let words: [[UInt8]] = [
            [0, 0, 0, 100], Array("moof".utf8), [0, 0, 0, 16], Array("mfhd".utf8), [0, 0, 0, 0], [0, 0, 0, 7],
            [0, 0, 0, 76], Array("traf".utf8),
            // default-base-is-moof, default duration, default flags
            [0, 0, 0, 24], Array("tfhd".utf8), [0, 2, 0, 0x28], [0, 0, 0, 1], [0, 0, 0x0E, 0x10], [2, 0, 0, 0],
            [0, 0, 0, 20], Array("tfdt".utf8), [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 2],
            // data offset and sizes
            [0, 0, 0, 24], Array("trun".utf8), [1, 0, 2, 1], [0, 0, 0, 1], [0, 0, 0, 108], [0, 0, 0, 3],
            [0, 0, 0, 11], Array("mdat".utf8), [9, 8, 7],
        ]
        #expect(chunk.array == words.flatMap { $0 })
    }

    @Test func theBoxesAreThoseOfAChunk() throws {
        let chunk = CMAFChunk.bytes(sequenceNumber: 1, baseMediaDecodeTime: 0, samples: [Self.sample([1])])
        #expect(try boxTree(chunk) == ["moof", " mfhd", " traf", "  tfhd", "  tfdt", "  trun", "mdat"])
    }

    /// Groups of samples, with the fields that a run of them needs beside data offset and sizes.
    static let groups: [(samples: [ChunkSample], fields: UInt32)] = [
        // Sound: nothing but sizes.
        ([sample([1], duration: 1024, isSync: true), sample([2, 3], duration: 1024, isSync: true)], 0),
        ([sample([1]), sample([2]), sample([3])], 0),
        // A part that begins with an IDR picture.
        ([sample([1], isSync: true), sample([2]), sample([3, 4])], 0x4),
        // One in the middle of it.
        ([sample([1]), sample([2], isSync: true), sample([3])], 0x400),
        ([sample([1], isSync: true), sample([2], isSync: true), sample([3])], 0x400),
        // Reordered pictures.
        ([sample([1], isSync: true), sample([2], offset: 7200), sample([3], offset: -3600)], 0x804),
        // A last sample of another length.
        ([sample([1]), sample([2]), sample([3], duration: 3601)], 0x100),
        ([sample([], offset: .min), sample([2], duration: 0, offset: .max, isSync: true)], 0xD00),
        ([sample([5], duration: .max, offset: -1, isSync: true)], 0x800),
    ]

    @Test(arguments: groups.indices)
    func whatWasWrittenIsReadBack(index: Int) throws {
        let (samples, fields) = Self.groups[index]
        let time = UInt64.max - 5
        let chunk = CMAFChunk.bytes(sequenceNumber: .max, baseMediaDecodeTime: time, samples: samples)
        let read = try ChunkReading(chunk)
        #expect(read.sequenceNumber == .max && read.baseMediaDecodeTime == time)
        #expect(read.runFields == 0x201 | fields)
        #expect(read.samples.map(\.data) == samples.map(\.data))
        #expect(read.samples.map(\.duration) == samples.map(\.duration))
        #expect(read.samples.map(\.compositionOffset) == samples.map(\.compositionOffset))
        #expect(read.samples.map(\.flags) == samples.map { $0.isSync ? Self.sync : Self.notSync })
    }

    @Test func aLongRunOfRandomSamplesIsReadBack() throws {
        let seed = UInt64.random(in: 0...(.max))
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let samples = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
                Self.sample(
                    (0..<Int.random(in: 0...300, using: &generator)).map { _ in .random(in: 0...255, using: &generator)
                    },
                    duration: .random(in: 3600...3601, using: &generator),
                    offset: .random(in: -1...1, using: &generator), isSync: .random(using: &generator))
            }
            let chunk = CMAFChunk.bytes(sequenceNumber: 1, baseMediaDecodeTime: 1, samples: samples)
            let read = try ChunkReading(chunk)
            #expect(read.samples.map(\.data) == samples.map(\.data), "seed \(seed)")
            #expect(read.samples.map(\.duration) == samples.map(\.duration), "seed \(seed)")
            #expect(read.samples.map(\.compositionOffset) == samples.map(\.compositionOffset), "seed \(seed)")
            #expect(read.samples.map { $0.flags == Self.sync } == samples.map(\.isSync), "seed \(seed)")
        }
    }
}
