public import Time

/// Takes one program out of an MPEG transport stream: its tables, PES packets and sections of splices, and what is wrong
/// with it.
///
/// | Specification | What is read |
/// |---|---|
/// | ISO/IEC 13818-1 | packets, PAT, PMT, PES, PCR |
/// | ETSI EN 300 468, ATSC A/52 and A/53, SCTE 35, SMPTE RP 217 | which streams are what |
/// | ETSI TR 101 290 | `TransportStreamHealth` |
///
/// Bytes come in messages of any size. The events are the same however the bytes are cut; nothing but the beginning of a
/// packet is kept of them. Memory is bounded by `TransportStreamLimits`.
public struct TransportStreamReader: Sendable {
    let wanted: UInt16?
    let limits: TransportStreamLimits
    var output = TransportStreamOutput()
    var packetIDs = PacketIdentifierTable()
    /// The arrival of the message being read, in nanoseconds.
    var now: Int64 = 0

    // Tables
    var associationTable = TableCollector()
    var associationSections = SectionGatherer()
    var associationWatch = IntervalWatch(milliseconds: 500)
    /// The programs that the stream lists.
    var listed: [ProgramAssociation.Entry] = []
    /// The program that is followed and where its map is.
    var chosen: ProgramAssociation.Entry?
    /// Since when the map of that one is waited for.
    var mapAwaited: Int64 = 0
    /// Looks for a program that has a map; nothing while there is one, or it may still come.
    var search: ProgramSearch?
    var mapTable = TableCollector()
    var mapSections = SectionGatherer()
    var mapWatch = IntervalWatch(milliseconds: 500)

    // The program
    var program: TransportProgram?
    var streams: [FollowedStream] = []
    var clock = ProgramClock()

    private var framing = PacketFraming()
    /// What is left of the messages before: less than a packet, or than it takes to find one.
    private var carry: [UInt8] = []
    /// The packet identifier of the last packet, whose end is not to be trusted where the rhythm is lost behind it.
    private var lastPID = PacketIdentifierTable.nullPID
    /// Until when no interval can be too long; nothing before the first message.
    private var deadline: Int64?

    /// A reader of the program with that number, or of the first that the stream lists; where that one's map does not come
    /// within a second, of the first of which one does. Where no number is given and the program leaves, the next first one
    /// is followed.
    public init(program: UInt16? = nil, limits: TransportStreamLimits = TransportStreamLimits()) {
        wanted = program
        self.limits = limits
    }

    /// What the stream was found to suffer from so far.
    public var health: TransportStreamHealth { output.health }

    /// The numbers of the programs that the stream lists, in its order.
    public var programNumbers: [UInt16] { listed.map(\.program) }

    /// Takes the next bytes, which arrived then, and adds to `events` what they tell.
    public mutating func receive(
        _ bytes: Span<UInt8>, at arrival: Instant, into events: inout [TransportStreamEvent]
    ) {
        swap(&events, &output.events)
        defer { swap(&events, &output.events) }
        now = arrival.nanoseconds
        checkIntervals()
        checkMap()
        output.health.bytes &+= UInt64(bytes.count)
        bytes.withUnsafeBytes { message in
            var position = 0
            while !carry.isEmpty, position < message.count {
                position += readCarry(with: UnsafeRawBufferPointer(rebasing: message[position...]))
            }
            readPackets(in: message, from: &position, isEnd: false)
            if position < message.count { carry.append(contentsOf: message[position...]) }
        }
    }

    /// Nothing follows any more: adds to `events` what was waiting for more.
    public mutating func finish(into events: inout [TransportStreamEvent]) {
        swap(&events, &output.events)
        defer { swap(&events, &output.events) }
        let rest = carry
        carry = []
        rest.withUnsafeBytes { rest in
            var position = 0
            readPackets(in: rest, from: &position, isEnd: true)
        }
        for index in streams.indices { streams[index].finish(into: &output) }
    }

    /// Reads what is left of the messages before, together with the beginning of this one. Answers how many bytes of this
    /// one are done with or kept.
    private mutating func readCarry(with message: UnsafeRawBufferPointer) -> Int {
        var joined: [UInt8] = []
        swap(&joined, &carry)
        let kept = joined.count
        // Enough to tell what each of the kept bytes is.
        let added = min(message.count, PacketFraming.lookahead)
        joined.append(contentsOf: message[..<added])
        var position = 0
        joined.withUnsafeBytes { readPackets(in: $0, from: &position, isEnd: false) }
        let isDone = position >= kept
        joined.removeFirst(isDone ? joined.count : position)
        swap(&joined, &carry)
        return isDone ? position - kept : added
    }

    private mutating func readPackets(in bytes: UnsafeRawBufferPointer, from position: inout Int, isEnd: Bool) {
        while let packet = framing.nextPacket(in: bytes, from: &position, isEnd: isEnd, health: &output.health) {
            if framing.hasLostSync { loseSync() }
            output.health.packets &+= 1
            lastPID = TransportPacket.pid(of: packet)
            if lastPID == PacketIdentifierTable.nullPID {
                output.health.nullPackets &+= 1
            } else {
                take(packet, before: &position, in: bytes)
            }
        }
        if framing.hasLostSync { loseSync() }
    }

    /// The packet before the loss may have been cut short.
    private mutating func loseSync() {
        framing.noteLoss()
        lose(packetIDs.route(of: lastPID))
    }

    /// Counts what has stayed away for too long, as soon as there may be such.
    private mutating func checkIntervals() {
        if deadline == nil { associationWatch.restart(at: now) }
        guard now > deadline ?? .min else { return }
        var next = Int64.max
        output.health.associationErrors &+= associationWatch.check(at: now, deadline: &next)
        output.health.mapErrors &+= mapWatch.check(at: now, deadline: &next)
        output.health.clockRepetitionErrors &+= clock.watch.check(at: now, deadline: &next)
        for index in streams.indices {
            streams[index].checkIntervals(at: now, deadline: &next, health: &output.health)
        }
        deadline = next
    }
}

// MARK: - Packets

extension TransportStreamReader {
    /// Takes a packet, and with it those behind it that go on where it ends.
    @inline(__always)
    private mutating func take(
        _ address: UnsafeRawPointer, before position: inout Int, in bytes: UnsafeRawBufferPointer
    ) {
        guard let packet = TransportPacket(address) else {
            output.health.packetsMalformed &+= 1
            return
        }
        guard !packet.isDamaged else { return takeDamaged(packet) }
        let (route, continuity) = packetIDs.follow(packet)
        switch continuity {
        case .next: break
        default: guard accept(packet, after: continuity, on: route) else { return }
        }
        if packet.pid == clock.pid { readClock(of: packet) }
        if packet.isScrambled { return takeScrambled(packet, on: route) }
        if route.stream >= 0 {
            streams[route.stream].take(packet, now: now, into: &output)
            let room = streams[route.stream].roomForPackets(beside: output)
            guard let run = framing.nextRun(behind: packet, limit: room, in: bytes, from: &position) else { return }
            streams[route.stream].take(run, into: &output)
            packetIDs.follow(lastOf: run)
            output.health.packets &+= UInt64(run.count)
        } else if route != .none, packet.hasPayload {
            takeTable(packet, on: route)
        }
    }

    /// What a break in the counters means for what has begun. Answers true when the packet is to be used.
    private mutating func accept(
        _ packet: TransportPacket, after continuity: PacketIdentifierTable.Continuity,
        on route: PacketIdentifierTable.Route
    ) -> Bool {
        switch continuity {
        case .next: return true
        case .announcedBreak:
            // Another source goes on here. What it begins anew ends what has begun before.
            if !packet.startsUnit { lose(route) }
            return true
        case .repeated(let isError):
            if isError { output.health.continuityErrors &+= 1 } else { output.health.packetsRepeated &+= 1 }
            return false
        case .gap(let count):
            output.health.continuityErrors &+= 1
            output.health.packetsLost &+= UInt64(count)
            lose(route)
            return true
        }
    }

    /// No other fault is derived from a packet that says it is damaged (TR 101 290 §5.2.2).
    private mutating func takeDamaged(_ packet: TransportPacket) {
        output.health.transportErrors &+= 1
        packetIDs.followDamaged(packet)
        lose(packetIDs.route(of: packet.pid))
    }

    private mutating func takeScrambled(_ packet: TransportPacket, on route: PacketIdentifierTable.Route) {
        output.health.packetsScrambled &+= 1
        if route == .association { output.health.associationErrors &+= 1 }
        if route == .map { output.health.mapErrors &+= 1 }
        lose(route)
    }

    /// What has begun on that route will not be whole.
    private mutating func lose(_ route: PacketIdentifierTable.Route) {
        if route.stream >= 0 {
            streams[route.stream].lose(into: &output)
        } else if route == .association {
            output.health.sectionsDropped &+= UInt64(associationSections.lose())
        } else if route == .map {
            output.health.sectionsDropped &+= UInt64(mapSections.lose())
            output.health.sectionsDropped &+= UInt64(search?.lose() ?? 0)
        }
    }

    private mutating func readClock(of packet: TransportPacket) {
        guard let ticks = packet.clock else { return }
        // The first one is watched from the next message on.
        if !clock.isRunning { deadline = now }
        output.health.clockDiscontinuityErrors &+= clock.show(ticks, isDiscontinuous: packet.isDiscontinuous, at: now)
    }
}
