import Bytes

extension TransportStreamReader {
    /// Takes a packet with a payload of the program association or of the program map.
    mutating func takeTable(_ packet: TransportPacket, on route: PacketIdentifierTable.Route) {
        let isAssociation = route == .association
        var sections: [ByteChunk] = []
        let dropped =
            isAssociation
            ? associationSections.take(packet.payload, starts: packet.startsUnit, into: &sections)
            : search?.take(packet, into: &sections)
                ?? mapSections.take(packet.payload, starts: packet.startsUnit, into: &sections)
        output.health.sectionsDropped &+= UInt64(dropped)
        for section in sections where output.isIntact(section) {
            if isAssociation {
                readAssociation(section)
            } else {
                if search != nil { find(by: section, from: packet.pid) }
                readMap(section)
            }
        }
    }

    /// ISO/IEC 13818-1 §2.4.4.3.
    private mutating func readAssociation(_ bytes: ByteChunk) {
        guard bytes.span[0] == 0 else {
            output.health.associationErrors &+= 1
            return
        }
        guard let section = TableSection(bytes) else {
            output.health.sectionsDropped &+= 1
            return
        }
        guard section.isCurrent else { return }
        associationWatch.restart(at: now)
        guard let bodies = associationTable.add(section) else { return }
        choose(from: ProgramAssociation(bodies).entries)
    }

    /// ISO/IEC 13818-1 §2.4.4.8.
    private mutating func readMap(_ bytes: ByteChunk) {
        // Other tables, and the maps of other programs, may have the same packet identifier.
        guard bytes.span[0] == 2, let chosen else { return }
        guard let section = TableSection(bytes) else {
            output.health.sectionsDropped &+= 1
            return
        }
        guard section.identifier == chosen.program, section.isCurrent else { return }
        mapWatch.restart(at: now)
        guard let bodies = mapTable.add(section) else { return }
        var ignored: UInt64 = 0
        let limit = min(limits.streams, PacketIdentifierTable.Route.streams)
        guard
            let next = TransportProgram(number: chosen.program, map: bodies, limit: limit, ignored: &ignored)
        else {
            output.health.sectionsDropped &+= 1
            return
        }
        output.health.streamsIgnored &+= ignored
        if next != program { follow(next) }
    }

    /// Follows the wanted one of the programs that there are.
    private mutating func choose(from entries: [ProgramAssociation.Entry]) {
        if entries != listed { stopSearch() }
        listed = entries
        let present = entries.first { $0.program == wanted ?? chosen?.program }
        let next = present ?? (wanted == nil ? entries.first : nil)
        guard next != chosen else { return }
        if next?.program != chosen?.program { end() }
        awaitMap(of: next)
        if next != nil { mapWatch.restart(at: now) } else { mapWatch.stop() }
    }

    private mutating func awaitMap(of next: ProgramAssociation.Entry?) {
        if let chosen { packetIDs.setRoute(of: chosen.mapPID, to: .none) }
        chosen = next
        mapTable = TableCollector()
        mapSections = SectionGatherer()
        mapAwaited = now
        setRoutes()
    }

    /// The program is not there any more.
    private mutating func end() {
        for index in streams.indices {
            packetIDs.setRoute(of: streams[index].description.pid, to: .none)
            streams[index].finish(into: &output)
        }
        streams = []
        clock.move(to: nil)
        guard let ended = program else { return }
        program = nil
        output.events.append(.programEnded(number: ended.number))
    }

    /// Follows the streams of `next`. Those that go on as they were keep what has begun in them; that of the others is
    /// told of before.
    private mutating func follow(_ next: TransportProgram) {
        var followed: [FollowedStream] = []
        for (index, stream) in next.streams.enumerated() where stream.kind.isFollowed {
            if let same = streams.firstIndex(where: { $0.goesOn(as: stream) }) {
                var moved = streams.remove(at: same)
                packetIDs.setRoute(of: stream.pid, to: .none)
                moved.goOn(as: stream, index: index)
                followed.append(moved)
            } else {
                followed.append(FollowedStream(stream, index: index, limits: limits, now: now))
            }
        }
        for index in streams.indices {
            packetIDs.setRoute(of: streams[index].description.pid, to: .none)
            streams[index].finish(into: &output)
        }
        streams = followed
        program = next
        clock.move(to: next.clockPID)
        setRoutes()
        output.events.append(.program(next))
    }

    /// Tables come first: a stream that claims their packet identifier gets none.
    private mutating func setRoutes() {
        for (index, stream) in streams.enumerated() {
            packetIDs.setRoute(of: stream.description.pid, to: .init(stream: index))
        }
        if let chosen { packetIDs.setRoute(of: chosen.mapPID, to: .map) }
    }
}

// MARK: - Programs that have no map

extension TransportStreamReader {
    /// How long the map of the program that is listed first is waited for, so that the order of the list counts where all
    /// maps come.
    private static let mapPatience: Int64 = 1_000_000_000

    /// Looks at the other programs when the map does not come: a multiplex that was filtered lists what it has no more.
    mutating func checkMap() {
        guard wanted == nil, program == nil, search == nil, listed.count > 1, now - mapAwaited >= Self.mapPatience
        else { return }
        let search = ProgramSearch(among: listed, limit: limits.programs)
        for pid in search.mapPIDs { packetIDs.setRoute(of: pid, to: .map) }
        self.search = search
    }

    private mutating func stopSearch() {
        guard let ended = search else { return }
        search = nil
        for pid in ended.mapPIDs { packetIDs.setRoute(of: pid, to: .none) }
        awaitMap(of: chosen)
    }

    /// Follows the program whose map that section is of, from now on.
    private mutating func find(by section: ByteChunk, from pid: UInt16) {
        guard section.span[0] == 2, let table = TableSection(section), table.isCurrent,
            let found = listed.first(where: { $0.program == table.identifier && $0.mapPID == pid })
        else { return }
        stopSearch()
        awaitMap(of: found)
    }
}
