import Bytes

/// What a decoder of AC-3 or Enhanced AC-3 needs to know, as the first frames of a stream tell it.
///
/// It is equal for all samples of a track; the bit rate, which varies, is not part of it.
struct AC3Configuration: Hashable {
    /// An independent substream, a programme, and what depends on it.
    struct Programme: Hashable {
        let fscod: UInt8
        let bsid: UInt8
        let bsmod: UInt8
        let acmod: UInt8
        let hasLowFrequency: Bool
        /// The places of its own channels and of those that depend on it, as a `chanmap` of table E.1.4.
        var locations: UInt16
        /// The places of the channels of its dependent substreams.
        var dependentLocations: UInt16 = 0
        var dependentCount = 0
    }

    let isEnhanced: Bool
    let sampleRate: UInt32
    private(set) var programmes: [Programme] = []

    /// The configuration of the sample in `bytes`: the frames of six blocks, with all substreams.
    init(sample bytes: Span<UInt8>) throws(BitstreamError) {
        guard let first = AC3SyncFrame(bytes) else { throw .invalid("syncinfo", offset: 0) }
        isEnhanced = first.isEnhanced
        sampleRate = first.sampleRate
        var offset = 0
        while offset < bytes.count {
            let rest = bytes.extracting(offset..<bytes.count)
            guard let frame = AC3SyncFrame(rest) else { throw .invalid("syncframe", offset: offset) }
            // The second set of blocks tells nothing new.
            if offset > 0, !frame.isDependent, frame.substream == 0 { break }
            offset += frame.size
            let locations = try frame.locations(rest)
            guard frame.isDependent else {
                guard programmes.count < 8 else { throw .unsupported("more than eight substreams") }
                programmes.append(
                    Programme(
                        fscod: frame.fscod, bsid: frame.bsid, bsmod: frame.bsmod, acmod: frame.acmod,
                        hasLowFrequency: frame.hasLowFrequency, locations: locations))
                if !isEnhanced { break }
                continue
            }
            let last = programmes.count - 1
            guard last >= 0 else { throw .invalid("strmtyp", offset: 0) }
            programmes[last].locations |= locations
            programmes[last].dependentLocations |= locations
            programmes[last].dependentCount += 1
        }
    }

    /// The channels of the first programme.
    var channelCount: Int {
        let locations = programmes[0].locations
        return locations.nonzeroBitCount + (locations & Self.pairs).nonzeroBitCount
    }

    /// The payload of `dac3`, ETSI TS 102 366 §F.4.
    func record(bitRateCode: UInt8) -> ByteChunk {
        var writer = BitWriter()
        writer.write(programmes[0], beforeModes: 0)
        writer.u(5, UInt32(bitRateCode))
        writer.u(5, 0)
        return ByteChunk(writer.bytes)
    }

    /// The payload of `dec3`, ETSI TS 102 366 §F.6.
    func record(kilobitsPerSecond: Int) -> ByteChunk {
        var writer = BitWriter()
        writer.u(13, UInt32(clamping: min(kilobitsPerSecond, 0x1FFF)))
        writer.u(3, UInt32(programmes.count - 1))
        for programme in programmes {
            // reserved, asvc
            writer.write(programme, beforeModes: 2)
            writer.u(3, 0)
            writer.u(4, UInt32(programme.dependentCount))
            writer.u(programme.dependentCount > 0 ? 9 : 1, UInt32(programme.channelLocations))
        }
        return ByteChunk(writer.bytes)
    }

    /// Those locations that are a pair of channels: Lc/Rc, Lrs/Rrs, Lsd/Rsd, Lw/Rw, Vhl/Vhr, Lts/Rts.
    private static let pairs: UInt16 = 0x0674
}

extension AC3Configuration.Programme {
    /// `chan_loc`, table F.6.1: the locations Lc/Rc to Vhc from the lowest bit on, then LFE2.
    fileprivate var channelLocations: UInt16 {
        var result: UInt16 = dependentLocations & 2 != 0 ? 0x100 : 0
        for bit: UInt16 in 0..<8 where dependentLocations & (0x0400 >> bit) != 0 { result |= 1 << bit }
        return result
    }
}

extension BitWriter {
    /// fscod, bsid, so many zeros, bsmod, acmod, lfeon
    fileprivate mutating func write(_ programme: AC3Configuration.Programme, beforeModes zeros: Int) {
        u(2, UInt32(programme.fscod))
        u(5, UInt32(programme.bsid))
        u(zeros, 0)
        u(3, UInt32(programme.bsmod))
        u(3, UInt32(programme.acmod))
        flag(programme.hasLowFrequency)
    }
}
