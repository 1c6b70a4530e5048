import Bytes
import ISOBMFF
import Testing

/// A chunk as a player reads it, ISO/IEC 14496-12 §8.8: an independent reader of what `CMAFChunk` writes.
struct ChunkReading {
    struct Sample {
        var data: ByteChunk
        var duration: UInt32
        var flags: UInt32
        var compositionOffset: Int32
    }

    var sequenceNumber: UInt32
    var baseMediaDecodeTime: UInt64
    var runFields: UInt32
    var samples: [Sample] = []

    init(_ chunk: ByteChunk) throws {
        func payload(_ path: FourCC...) throws -> ByteChunk { try #require(try findBox(path, in: chunk)).payload }
        let header = try payload("moof", "mfhd")
        var mfhd = ByteReader(header.span)
        try mfhd.skip(4)
        sequenceNumber = try mfhd.readUInt32()

        let trackHeader = try payload("moof", "traf", "tfhd")
        var tfhd = ByteReader(trackHeader.span)
        #expect(try tfhd.readUInt32() == 0x02_0028)
        #expect(try tfhd.readUInt32() == 1)
        let (defaultDuration, defaultFlags) = (try tfhd.readUInt32(), try tfhd.readUInt32())

        let time = try payload("moof", "traf", "tfdt")
        var tfdt = ByteReader(time.span)
        #expect(try tfdt.readUInt32() == 0x0100_0000)
        baseMediaDecodeTime = try tfdt.readUInt64()

        let run = try payload("moof", "traf", "trun")
        var trun = ByteReader(run.span)
        #expect(try trun.readUInt8() == 1)
        let fields = try trun.readUInt24()
        runFields = fields
        let count = try trun.readUInt32()
        var offset = Int(try trun.readUInt32())
        let firstFlags = fields & 4 == 0 ? nil : try trun.readUInt32()
        for index in 0..<count {
            let duration = fields & 0x100 == 0 ? defaultDuration : try trun.readUInt32()
            let size = Int(try trun.readUInt32())
            var flags = index == 0 ? firstFlags ?? defaultFlags : defaultFlags
            if fields & 0x400 != 0 { flags = try trun.readUInt32() }
            let composition = fields & 0x800 == 0 ? 0 : Int32(bitPattern: try trun.readUInt32())
            try #require(offset + size <= chunk.count)
            samples.append(
                Sample(
                    data: chunk[offset..<(offset + size)], duration: duration, flags: flags,
                    compositionOffset: composition))
            offset += size
        }
        let runIsRead = trun.isAtEnd
        #expect(runIsRead)
        #expect(offset == chunk.count)
    }
}
