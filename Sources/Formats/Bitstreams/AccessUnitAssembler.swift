import Bytes
import Media

/// Makes samples of a byte stream of H.264 or HEVC that comes in packets.
///
/// Usually a packet is one access unit: its NAL units are found in the packet's own memory and copied once, into the
/// sample, which goes out at the end of the packet. What goes on into the next packet is held back in memory of its own,
/// from where its access unit begins, and searched on from where the search ended. That is: half a frame whose other
/// field may follow, what stands before a picture, and once packets were met that do not begin with an access unit,
/// whatever no other has begun behind.
struct AccessUnitAssembler<Syntax: AccessUnitSyntax>: Sendable {
    /// The sample begun. Places count from the beginning of what is held.
    struct Begun: Sendable {
        var start: Int
        var times: PacketTimes?
        /// Where its first slice is.
        var picture: Int?
        /// How many NAL units it has, and how long its data get.
        var units = 0
        var size = 0
    }

    /// A NAL unit of which only the beginning is known.
    struct Open: Sendable {
        /// Where its start code is, and where it begins itself.
        var code: Int
        var start: Int
        /// The times of its packet, if no access unit begins before it there.
        var times: PacketTimes?
    }

    var syntax = Syntax()
    var clock = SampleClock()
    var track: Track?
    var isTrackStale = false
    var faults = 0

    var held: [UInt8] = []
    /// Where held bytes were searched through.
    var searched = 0
    var open: Open?
    var begun: Begun?
    /// What stands behind the picture begun and belongs to it only if the next slice does; `begun` has none of it.
    var undecided: Begun?
    /// The NAL units of both, without those that are taken out.
    var units: [Range<Int>] = []

    /// The current packet: where it begins, and its times while no access unit has taken them.
    var packetStart = 0
    var packetTimes: PacketTimes?
    /// The times of an earlier packet, if they may be for a start code at its end that goes on in the next.
    var straddlingTimes: PacketTimes?
    /// True until the next access unit begins.
    var isLost = true
    /// True while no slice was thrown away since it was lost.
    var isLossCounted = true
    var holdsBack = false
    /// How many packets with times did not begin with an access unit.
    var unevenPackets = 0

    mutating func read(_ packet: ByteChunk, times: PacketTimes?, into events: inout [ElementaryStreamEvent]) {
        guard !packet.isEmpty else { return }
        packetTimes = times
        if held.count + packet.count > AccessUnitLimits.size { drop() }
        guard !held.isEmpty else {
            (packetStart, searched) = (0, 0)
            search(packet.span, into: &events)
            endPacket(packet.span, into: &events)
            let start = firstNeeded(of: packet.span)
            if start < packet.count { held = packet[start..<packet.count].array }
            return moveBack(by: start)
        }
        var window: [UInt8] = []
        swap(&window, &held)
        packetStart = window.count
        packet.withUnsafeBytes { window.append(contentsOf: $0) }
        search(window.span, into: &events)
        endPacket(window.span, into: &events)
        let start = firstNeeded(of: window.span)
        window.removeSubrange(0..<start)
        moveBack(by: start)
        held = window
    }

    mutating func skip() {
        drop()
        clock.skip()
    }

    mutating func finish(into events: inout [ElementaryStreamEvent]) {
        var window: [UInt8] = []
        swap(&window, &held)
        if let open { take(open, to: window.count, in: window.span, into: &events) }
        open = nil
        endSample(in: window.span, into: &events)
        forget()
        isLost = true
    }
}

/// How much is taken for one access unit.
enum AccessUnitLimits {
    /// Bytes: more than the largest picture of the highest levels.
    static let size = 16 << 20
    /// NAL units.
    static let units = 8192
    /// Bytes of all parameter sets in force.
    static let parameterSets = 64 << 10
    /// As much of a NAL unit as its role and the beginning of a slice header take.
    static let head = 64
}
