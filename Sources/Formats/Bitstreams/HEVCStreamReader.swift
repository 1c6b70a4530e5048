public import Bytes

/// Makes samples of an HEVC byte stream, annex B, that comes in packets.
///
/// A sample is an access unit. It has the NAL units of the stream behind lengths of four bytes, without delimiters and
/// filler, and without the parameter sets: those are in the track, which is told before the first sample and again before
/// the first one that a changed set applies to.
///
/// A sample goes out when its packet ends, until a packet was met that did not begin with an access unit: from there on
/// the last one of a packet waits until the next begins.
///
/// Decoding can begin at IDR and BLA pictures, and at CRA pictures when the RASL pictures that follow are left out.
public struct HEVCStreamReader: ElementaryStreamReader {
    private var assembler = AccessUnitAssembler<HEVCSyntax>()

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
