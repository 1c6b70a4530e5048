/// What is known of each packet identifier: where its packets go, and the continuity counter of the last one.
/// ISO/IEC 13818-1 §2.4.3.3.
struct PacketIdentifierTable: Sendable {
    /// Where the packets of an identifier go.
    struct Route: Sendable, Hashable {
        /// Nowhere.
        static let none = Route(rawValue: 0)
        /// To the program association.
        static let association = Route(rawValue: 1)
        /// To the program map.
        static let map = Route(rawValue: 2)
        /// How many streams can have a route.
        static let streams = 240
        private static let firstStream: UInt8 = 3

        private let rawValue: UInt8

        private init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The route to the followed stream with that index, which is below `streams`.
        init(stream: Int) { rawValue = Self.firstStream + UInt8(stream) }

        /// The index of the followed stream that this route leads to; negative where it leads elsewhere.
        @inline(__always)
        var stream: Int { Int(rawValue) - Int(Self.firstStream) }

        /// A number below 256 for the route.
        @inline(__always)
        fileprivate var index: Int { Int(rawValue) }
    }

    /// How a packet's counter follows the one before.
    enum Continuity {
        /// As it should, or there is none before.
        case next
        /// It does not, and the packet says so.
        case announcedBreak
        /// The packet came before and is not to be used again.
        case repeated(isError: Bool)
        /// At least so many packets are missing.
        case gap(Int)
    }

    static let nullPID: UInt16 = 0x1FFF

    private static let unknown: UInt8 = 0x80
    private static let wasRepeated: UInt8 = 0x40

    private struct Entry {
        var route = Route.none
        /// The last counter and what is to be known about it.
        var counter = PacketIdentifierTable.unknown
    }

    private var entries = [Entry](repeating: Entry(), count: 8192)
    /// What the last packet of each route carried.
    private var fingerprints = [UInt64](repeating: 0, count: 256)

    /// An empty table: only the program association has a route.
    init() { setRoute(of: 0, to: .association) }

    /// Where packets with that identifier go.
    func route(of pid: UInt16) -> Route { entries[Int(pid & 0x1FFF)].route }

    /// Sends packets with that identifier there.
    mutating func setRoute(of pid: UInt16, to route: Route) { entries[Int(pid & 0x1FFF)].route = route }

    /// Where the packet goes and how it follows the one before.
    @inline(__always)
    mutating func follow(_ packet: TransportPacket) -> (Route, Continuity) {
        let index = Int(packet.pid)
        let entry = entries[index]
        let expected = entry.counter &+ (packet.hasPayload ? 1 : 0)
        let isNext = entry.counter & Self.unknown != 0 || (expected ^ packet.counter) & 0x0F == 0
        guard isNext else { return (entry.route, explain(packet, after: entry)) }
        if packet.hasPayload {
            entries[index].counter = packet.counter
            fingerprints[entry.route.index] = packet.fingerprint
        } else if entry.counter & Self.unknown != 0 {
            entries[index].counter = packet.counter
        }
        return (entry.route, .next)
    }

    /// Notes the last of some packets that followed each other as they should.
    mutating func follow(lastOf run: PacketRun) {
        guard let last = run.last else { return }
        let index = Int(last.pid)
        entries[index].counter = last.counter
        fingerprints[entries[index].route.index] = last.fingerprint
    }

    /// The counter of a packet that may be damaged anywhere is used if it is what would have come.
    mutating func followDamaged(_ packet: TransportPacket) {
        let index = Int(packet.pid)
        let counter = entries[index].counter
        guard packet.hasPayload, counter & Self.unknown == 0, (counter &+ 1 ^ packet.counter) & 0x0F == 0 else {
            return
        }
        entries[index].counter = packet.counter
    }

    @inline(never)
    private mutating func explain(_ packet: TransportPacket, after entry: Entry) -> Continuity {
        let index = Int(packet.pid)
        let route = entry.route
        let fingerprint = packet.fingerprint
        let isSameCounter = (entry.counter ^ packet.counter) & 0x0F == 0
        if isSameCounter, !packet.isDiscontinuous, route == .none || fingerprints[route.index] == fingerprint {
            let isError = entry.counter & Self.wasRepeated != 0
            entries[index].counter |= Self.wasRepeated
            return .repeated(isError: isError)
        }
        entries[index].counter = packet.counter
        if packet.hasPayload { fingerprints[route.index] = fingerprint }
        guard !packet.isDiscontinuous else { return .announcedBreak }
        let expected = entry.counter &+ (packet.hasPayload ? 1 : 0)
        return .gap(Int((packet.counter &- expected) & 0x0F))
    }
}
