import Bytes

/// A reader of an elementary stream that leaves all but the kind of sound to an `AudioFramer`.
protocol FramedAudioReader: ElementaryStreamReader {
    associatedtype Framing: AudioFraming
    var framer: AudioFramer<Framing> { get set }
}

extension FramedAudioReader {
    /// How many access units, or stretches of bytes, nothing could be made of.
    public var faults: Int { framer.faults }

    /// Takes the payload of the next PES packet, whole, and adds to `events` what can be told now.
    public mutating func read(
        _ packet: ByteChunk, times: PacketTimes?, into events: inout [ElementaryStreamEvent]
    ) {
        framer.read(packet, times: times, into: &events)
    }

    /// Bytes were lost before the next packet: what is begun will not be whole.
    public mutating func skip() { framer.skip() }

    /// Nothing follows any more: what is begun is whole.
    public mutating func finish(into events: inout [ElementaryStreamEvent]) { framer.finish(into: &events) }
}
