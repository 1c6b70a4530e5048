public import Bytes
public import Media

/// What comes of an elementary stream.
public enum ElementaryStreamEvent: Sendable, Hashable {
    /// The configuration of the samples that follow: the first, or one that differs from the one before.
    case track(Track)
    /// A picture or a frame of sound. Its times are ticks of 90 kHz, counted on from those of its packet, and as far as
    /// that goes beyond the end of a 33-bit clock.
    case sample(Sample)
}

/// The times that a PES packet states, in ticks of 90 kHz: those of the first access unit that begins in it
/// (ISO/IEC 13818-1 §2.4.3.7).
public struct PacketTimes: Sendable, Hashable {
    /// The presentation time stamp.
    public let presentation: Int64
    /// The decoding time stamp; the presentation time stamp where there is no other.
    public let decode: Int64

    /// Those times.
    public init(presentation: Int64, decode: Int64) {
        self.presentation = presentation
        self.decode = decode
    }
}

/// Makes samples of an elementary stream that comes in packets, as a transport stream carries it: access units begin and
/// end anywhere in them.
public protocol ElementaryStreamReader: Sendable {
    /// Takes the payload of the next PES packet, whole, and adds to `events` what can be told now.
    mutating func read(_ packet: ByteChunk, times: PacketTimes?, into events: inout [ElementaryStreamEvent])
    /// Bytes were lost before the next packet: what is begun will not be whole.
    mutating func skip()
    /// Nothing follows any more: what is begun is whole.
    mutating func finish(into events: inout [ElementaryStreamEvent])
    /// How many access units, or stretches of bytes, nothing could be made of.
    var faults: Int { get }
}
