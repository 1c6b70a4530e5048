import Bytes

/// A stream of the program that is followed, and what has begun in it.
struct FollowedStream: Sendable {
    /// What the program's map says of it.
    private(set) var description: TransportProgram.Stream
    private var gatherer: ElementaryPacketGatherer
    private var sections = SectionGatherer()
    private var presence = IntervalWatch(milliseconds: 5000)
    private var times = IntervalWatch(milliseconds: 700)
    private let isContinuous: Bool
    private let carriesSections: Bool

    /// The program's stream with that index, which is waited for from `now` on.
    init(_ description: TransportProgram.Stream, index: Int, limits: TransportStreamLimits, now: Int64) {
        self.description = description
        gatherer = ElementaryPacketGatherer(stream: index, pid: description.pid, limits: limits)
        isContinuous = description.kind.isContinuous
        carriesSections = description.kind == .splices
        if isContinuous { presence.restart(at: now) }
    }

    /// True when it goes on as `next`, in a changed program.
    func goesOn(as next: TransportProgram.Stream) -> Bool {
        description.pid == next.pid && description.type == next.type && description.kind == next.kind
    }

    /// Goes on as the stream with that index in a changed program.
    mutating func goOn(as next: TransportProgram.Stream, index: Int) {
        description = next
        gatherer.stream = index
    }

    /// Takes the stream's next packet.
    @inline(__always)
    mutating func take(_ packet: TransportPacket, now: Int64, into output: inout TransportStreamOutput) {
        if isContinuous { presence.restart(at: now) }
        guard packet.hasPayload else { return }
        let starts = packet.startsUnit
        guard !carriesSections else { return takeSections(packet, into: &output) }
        let hasTimes = gatherer.take(
            packet.payload, starts: starts, isStuffed: !starts && packet.isStuffed,
            isRandomAccess: starts && packet.isRandomAccess, into: &output)
        if hasTimes, isContinuous { times.restart(at: now) }
    }

    /// How many packets with nothing but payload it could take at once.
    @inline(__always)
    func roomForPackets(beside output: TransportStreamOutput) -> Int { gatherer.roomForPackets(beside: output) }

    /// Takes packets for which there is room.
    @inline(__always)
    mutating func take(_ run: PacketRun, into output: inout TransportStreamOutput) {
        gatherer.take(run, into: &output)
    }

    /// Packets of the stream were lost.
    mutating func lose(into output: inout TransportStreamOutput) {
        if carriesSections {
            output.health.sectionsDropped &+= UInt64(sections.lose())
        } else {
            gatherer.lose(into: &output)
        }
    }

    /// The stream ends here.
    mutating func finish(into output: inout TransportStreamOutput) {
        if carriesSections { lose(into: &output) } else { gatherer.finish(into: &output) }
    }

    /// Counts what has stayed away for too long.
    mutating func checkIntervals(at now: Int64, deadline: inout Int64, health: inout TransportStreamHealth) {
        health.missingStreams &+= presence.check(at: now, deadline: &deadline)
        health.timeRepetitionErrors &+= times.check(at: now, deadline: &deadline)
    }

    private mutating func takeSections(_ packet: TransportPacket, into output: inout TransportStreamOutput) {
        var whole: [ByteChunk] = []
        let dropped = sections.take(packet.payload, starts: packet.startsUnit, into: &whole)
        output.health.sectionsDropped &+= UInt64(dropped)
        for section in whole where output.isIntact(section) {
            output.events.append(.section(pid: description.pid, section))
        }
    }
}

extension TransportStreamOutput {
    /// The sections that carry splices have a CRC though they are written in the short form. SCTE 35 §9.6.
    private static let spliceTable: UInt8 = 0xFC

    /// True when the checksum of `section` is right, or there is none. Otherwise that is counted.
    mutating func isIntact(_ section: ByteChunk) -> Bool {
        let bytes = section.span
        let hasChecksum = bytes.count >= 2 && (bytes[1] & 0x80 != 0 || bytes[0] == Self.spliceTable)
        if !hasChecksum || SectionChecksum.value(of: bytes) == 0 { return true }
        health.checksumErrors &+= 1
        health.sectionsDropped &+= 1
        return false
    }
}
