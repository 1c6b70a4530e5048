public import Bytes

/// The identification header of an Opus stream, RFC 7845 §5.1: `OpusHead`.
public struct OpusIdentificationHeader: Sendable, Hashable {
    /// Channels that a decoder puts out.
    public let channelCount: Int
    /// The payload of `dOps`, "Encapsulation of Opus in ISO Base Media File Format" §4.3.2.
    ///
    /// Nothing is to be skipped at the start, whatever the header says: who joins a stream that goes on for ever is never
    /// there, and the times of its packets already count what an encoder put in front.
    public let record: ByteChunk

    /// The header in `bytes`.
    public init(_ bytes: Span<UInt8>) throws(BitstreamError) {
        var reader = ByteReader(bytes)
        do {
            for byte in "OpusHead".utf8 {
                guard try reader.readUInt8() == byte else { throw BitstreamError.invalid("OpusHead", offset: 0) }
            }
            // What differs in the last four bits only can be read as this is.
            guard try reader.readUInt8() < 16 else { throw BitstreamError.unsupported("the version of OpusHead") }
            let channels = try reader.readUInt8()
            guard channels > 0 else { throw BitstreamError.invalid("channel count", offset: 9) }
            try reader.skip(2)
            let rate = try reader.readUInt32LittleEndian()
            let gain = try reader.readUInt16().byteSwapped
            let family = try reader.readUInt8()
            var writer = ByteWriter()
            // Version, OutputChannelCount, PreSkip
            writer.write([0, channels, 0, 0])
            writer.write(rate)
            writer.write(gain)
            writer.write(family)
            if family == 0 {
                guard channels <= 2 else { throw BitstreamError.invalid("channel count", offset: 9) }
            } else {
                let (streams, coupled) = (try reader.readUInt8(), try reader.readUInt8())
                guard streams > 0, coupled <= streams, Int(streams) + Int(coupled) <= 255 else {
                    throw BitstreamError.invalid("stream count", offset: 19)
                }
                writer.write([streams, coupled])
                for _ in 0..<channels {
                    let place = try reader.readUInt8()
                    guard place < streams + coupled || place == 255 else {
                        throw BitstreamError.invalid("channel mapping", offset: reader.offset - 1)
                    }
                    writer.write(place)
                }
            }
            channelCount = Int(channels)
            record = ByteChunk(writer.bytes)
        } catch let error as BitstreamError {
            throw error
        } catch { throw .unexpectedEnd(offset: reader.offset) }
    }
}
