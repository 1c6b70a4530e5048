public import Bytes

/// Makes samples of an H.264 byte stream, annex B, that comes in packets.
///
/// A sample is a frame: one access unit, or the two that are its fields. It has the NAL units of the stream behind lengths
/// of four bytes, without delimiters and filler, and without the parameter sets: those are in the track, which is told
/// before the first sample and again before the first one that a changed set applies to.
///
/// A sample goes out when its packet ends, until a packet was met that did not begin with an access unit: from there on
/// the last one of a packet waits until the next begins. A first field always waits for the second.
///
/// Decoding can begin at an IDR picture. It can begin at a picture with a recovery point message too, but only in a
/// stream in which IDR pictures do not come: none within the last 10 s, or none at all within the first 4 s. Where they
/// come, recovery points divide what is one long closed group of pictures, and encoders announce them also where later
/// pictures refer beyond them; where they do not come, as in broadcasts of open groups, nobody could ever begin.
public struct AVCStreamReader: ElementaryStreamReader {
    private var assembler = AccessUnitAssembler<AVCSyntax>()

    /// A reader of a stream of which nothing is known.
    public init() {}

    /// Takes the payload of the next PES packet.
    public mutating func read(_ packet: ByteChunk, times: PacketTimes?, into events: inout [ElementaryStreamEvent]) {
        assembler.read(packet, times: times, into: &events)
    }

    /// Drops what is begun.
    public mutating func skip() { assembler.skip() }

    /// Ends what is begun.
    public mutating func finish(into events: inout [ElementaryStreamEvent]) { assembler.finish(into: &events) }

    /// How many access units and NAL units nothing could be made of.
    public var faults: Int { assembler.faults }
}
