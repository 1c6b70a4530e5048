public import Bytes
public import Media

/// Reads AV1 that comes as one temporal unit to a packet, in the low-overhead format. Its configuration is an
/// `AV1CodecConfigurationRecord`.
///
/// A sequence header inside the stream that differs from the configuration makes a new one, at its key frame: encoders
/// tell some of their choices there first. So a record without a sequence header will do, too.
public struct AV1StreamReader: ConfiguredStreamReader {
    /// The track of the sample read last.
    public private(set) var track: Track?
    private var record: ByteChunk?
    private var configuration: AV1CodecConfiguration?

    /// A reader that has seen nothing.
    public init() {}

    /// Takes the record.
    public mutating func configure(_ record: ByteChunk) throws(BitstreamError) {
        guard record != self.record else { return }
        do throws(BitstreamError) {
            begin(try AV1CodecConfiguration(record: record))
        } catch .missing {
            // The first key frame will tell.
        }
        self.record = record
    }

    /// The sample in `packet`; nothing before the track is known, and where there is no frame.
    public mutating func read(_ packet: ByteChunk) throws(BitstreamError) -> PacketSample? {
        let unit = try AV1TemporalUnit(packet, following: configuration)
        if let new = unit.newConfiguration { begin(new) }
        guard unit.containsPicture, track != nil else { return nil }
        return PacketSample(data: unit.data, isSync: unit.isSync)
    }

    private mutating func begin(_ configuration: AV1CodecConfiguration) {
        self.configuration = configuration
        track = Track(configuration)
    }
}
