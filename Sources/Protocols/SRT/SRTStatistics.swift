internal import CSRT

/// How a connection has fared: totals since it began, which only grow, and gauges, which are of this moment.
public struct SRTStatistics: Sendable, Equatable {
    /// What has come and gone since the connection began. Packets are data packets.
    public struct Totals: Sendable, Equatable {
        /// Packets that came, those that were sent again among them.
        public var packetsReceived: Int64 = 0
        /// Packets that came for the first time.
        public var uniquePacketsReceived: Int64 = 0
        /// Packets that came again, because they were asked for or by a mistake.
        public var packetsRetransmitted: Int64 = 0
        /// Packets that did not come when it was their turn.
        public var packetsLost: Int64 = 0
        /// Packets that were given up because they did not come in time.
        public var packetsDropped: Int64 = 0
        /// Packets that came after they were given up, or twice.
        public var packetsBelated: Int64 = 0
        /// Packets that could not be decrypted.
        public var packetsUndecrypted: Int64 = 0
        /// Reports of loss that were sent.
        public var lossReportsSent: Int64 = 0
        /// Packets that error correction supplied.
        public var packetsCorrected: Int64 = 0
        /// Packets that error correction could not supply.
        public var packetsUncorrected: Int64 = 0
        /// Bytes that came, with headers.
        public var bytesReceived: UInt64 = 0
    }

    /// How it stands.
    public struct Gauges: Sendable, Equatable {
        /// The round trip, in milliseconds, smoothed.
        public var roundTripMilliseconds = 0.0
        /// What comes in, in megabits per second, since the connection began.
        public var receiveMegabits = 0.0
        /// What the way could carry, in megabits per second, estimated.
        public var bandwidthMegabits = 0.0
        /// How far packets have overtaken each other, in packets.
        public var reorderDistance: Int32 = 0
        /// Packets that wait to be handed out.
        public var bufferedPackets: Int32 = 0
        /// Bytes that wait to be handed out.
        public var bufferedBytes: Int32 = 0
        /// From the first to the last of them, in milliseconds.
        public var bufferedMilliseconds: Int32 = 0
        /// How much room there is for more, in bytes.
        public var availableBytes: Int32 = 0
        /// How long packets are held, in milliseconds: what both ends agreed on.
        public var latencyMilliseconds: Int32 = 0

        /// True when there is no room for more: the other end stops sending, and may never go on. What it cannot send in time
        /// is lost there, and libsrt counts it nowhere here.
        public var isFull: Bool { bufferedPackets > 0 && availableBytes < 2 * Int32(SRTSocket.maximumMessageSize) }
    }

    /// Since the connection began.
    public var totals = Totals()
    /// At this moment.
    public var gauges = Gauges()

    init(_ values: SRT_TRACEBSTATS) {
        totals.packetsReceived = values.pktRecvTotal
        totals.uniquePacketsReceived = values.pktRecvUniqueTotal
        // These two have no total; since nothing ever clears the interval, it has lasted since the beginning.
        totals.packetsRetransmitted = Int64(values.pktRcvRetrans)
        totals.packetsBelated = values.pktRcvBelated
        totals.packetsLost = Int64(values.pktRcvLossTotal)
        // libsrt counts what cannot be decrypted among what is dropped.
        totals.packetsDropped = Int64(values.pktRcvDropTotal) - Int64(values.pktRcvUndecryptTotal)
        totals.packetsUndecrypted = Int64(values.pktRcvUndecryptTotal)
        totals.lossReportsSent = Int64(values.pktSentNAKTotal)
        totals.packetsCorrected = Int64(values.pktRcvFilterSupplyTotal)
        totals.packetsUncorrected = Int64(values.pktRcvFilterLossTotal)
        totals.bytesReceived = values.byteRecvTotal
        gauges.roundTripMilliseconds = values.msRTT
        gauges.receiveMegabits = values.mbpsRecvRate
        gauges.bandwidthMegabits = values.mbpsBandwidth
        gauges.reorderDistance = values.pktReorderDistance
        gauges.bufferedPackets = values.pktRcvBuf
        gauges.bufferedBytes = values.byteRcvBuf
        gauges.bufferedMilliseconds = values.msRcvBuf
        gauges.availableBytes = values.byteAvailRcvBuf
        gauges.latencyMilliseconds = values.msRcvTsbPdDelay
    }
}
