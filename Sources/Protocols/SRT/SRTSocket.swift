internal import CSRT
internal import Glibc
internal import Locks
public import Sockets

/// How a read ended.
public enum SRTRead: Sendable, Equatable {
    /// So many bytes came: one or several whole messages, one behind the other.
    case bytes(Int)
    /// Nothing came in time.
    case timedOut
    /// There is no connection any more, and nothing left of what came.
    case closed(SRTEnd)
}

/// How a connection ended.
public enum SRTEnd: Sendable, Equatable {
    /// `close` was called here.
    case closedHere
    /// The other end closed it.
    case closedThere
    /// Nothing came from the other end for the time after which it is given up. libsrt does not tell the two apart: this is
    /// what it is called when no data came for so long, either.
    case silent
}

/// An SRT connection that carries messages, in live mode. SRT API, "Transmission".
///
/// One thread reads; `close` may be called from any thread and ends a read that is under way.
public final class SRTSocket: Sendable {
    /// The most that a message can have, in bytes: what fits a packet of 1500 bytes.
    public static let maximumMessageSize = 1456

    /// How long packets gather before they are read. A read wakes libsrt's thread of the connection too. With 10 ms, and
    /// reads that find nothing, a hundred connections of 2 Mb/s take a twelfth more of a core.
    ///
    /// The thread always sleeps by itself: a blocking read of libsrt 1.5.1 that times out hands out what is not due yet.
    static let pause = Duration.milliseconds(20)
    /// Messages whose times are so far apart, in microseconds, are not handed out together.
    private static let span: Int64 = 40_000

    let handle: SRTHandle
    /// The other end.
    public let peer: SocketAddress
    /// What the caller sent as the stream id, for `SRTStreamID`; empty where there is none.
    public let streamID: [UInt8]
    /// How long packets are held, as both ends agreed.
    public let latency: Duration
    /// The length of the key that what comes in is encrypted with; nothing where it is not encrypted.
    public let keyLength: SRTKeyLength?
    /// For how long the receive buffer has room when as much comes in as the options say: shorter than the latency where the
    /// other end wished for a longer one than it was made for. What it has no room for is lost.
    public let bufferDuration: Duration
    /// How much can come in, in megabits per second, and be held for the latency.
    public let bufferMegabits: Double

    private let idleTimeout: Duration
    private let isClosed = Atomic(false)
    /// When data came last, in milliseconds of `start`.
    private let lastData = Atomic<Int64>(0)
    /// Whether the last read left something that is ready.
    private let hasMore = Atomic(false)
    /// For how many microseconds the first message of the last read had been ready.
    private let lag = Atomic<Int64>(0)
    private let start = ContinuousClock.now

    /// Takes a connected socket.
    init(_ handle: SRTHandle, peer: SocketAddress, options: SRTOptions) {
        self.handle = handle
        self.peer = peer
        idleTimeout = options.peerIdleTimeout
        streamID = handle.streamID
        latency = .milliseconds(Int(handle.get(SRTO_RCVLATENCY)))
        let isSecured = handle.get(SRTO_RCVKMSTATE) == Int32(SRT_KM_S_SECURED.rawValue)
        keyLength = isSecured ? SRTKeyLength(rawValue: handle.get(SRTO_PBKEYLEN)) : nil
        let packets = options.packets(of: handle)
        bufferDuration = options.duration(ofPackets: packets)
        bufferMegabits = Double(packets) * SRTOptions.usualMessageSize / 125_000 / max(latency.seconds, 0.001)
        try? handle.set(SRTO_RCVSYN, "rcvsyn", false)
    }

    deinit { close() }

    /// Ends the connection both ways; a read that is under way returns, within some milliseconds.
    public func close() {
        if !isClosed.exchange(true, ordering: .acquiringAndReleasing) { handle.close() }
    }

    /// Waits for messages, for `timeout` at most, and puts all that are ready at the start of `buffer`, as long as another
    /// would fit. The buffer has at least `maximumMessageSize` bytes. Messages that became ready long after the first of them
    /// are left to the next read.
    ///
    /// The thread wakes some 50 times a second and takes what has gathered. When the connection breaks, what has come is
    /// still handed out.
    public func receive(into buffer: UnsafeMutableRawBufferPointer, timeout: Duration) -> SRTRead {
        precondition(buffer.count >= Self.maximumMessageSize, "a whole message fits the buffer")
        let began = ContinuousClock.now
        // What has gathered since the last read has not gathered long.
        if !hasMore.load(ordering: .relaxed) { Self.rest() }
        while !isClosed.load(ordering: .acquiring) {
            let (count, code) = drain(into: buffer)
            if count > 0 { return .bytes(count) }
            guard code == SRT_EASYNCRCV.rawValue else { return readRemains(into: buffer) }
            guard ContinuousClock.now - began < timeout else { return .timedOut }
            Self.rest()
        }
        return .closed(.closedHere)
    }

    /// For how long the first message of the last read had been ready: some hundredths of a second, or more where nobody read.
    public var readingLag: Duration { .microseconds(lag.load(ordering: .relaxed)) }

    /// False as soon as the other end has closed, or was given up: what it sent before may still be held until its time.
    public var isConnected: Bool { srt_getsockstate(handle.number) == SRTS_CONNECTED }

    /// Takes what is ready, and says how many bytes it is, and why there are no more; 0 when the buffer is full, or what is
    /// there is of another moment.
    private func drain(into buffer: UnsafeMutableRawBufferPointer) -> (count: Int, code: Int32) {
        var count = 0
        var code: Int32 = 0
        var control = SRT_MSGCTRL()
        var first: Int64?
        while buffer.count - count >= Self.maximumMessageSize {
            let target = buffer.baseAddress?.advanced(by: count).assumingMemoryBound(to: CChar.self)
            let received = srt_recvmsg2(handle.number, target, Int32(Self.maximumMessageSize), &control)
            guard received > 0 else {
                code = srt_getlasterror(nil)
                break
            }
            count += Int(received)
            // When its time had come. Sockets that deal out no times have none.
            let due = control.srctime
            let begun = first ?? due
            if first == nil { lag.store(due > 0 ? max(srt_time_now() - due, 0) : 0, ordering: .relaxed) }
            first = begun
            // A read that finds nothing throws within libsrt, and wakes its thread for nothing.
            guard isReadable else {
                code = SRT_EASYNCRCV.rawValue
                break
            }
            if due - begun >= Self.span { break }
        }
        hasMore.store(code == 0, ordering: .relaxed)
        if count > 0 { lastData.store(millisecondsNow, ordering: .relaxed) }
        return (count, code)
    }

    /// True when the time of a message has come. Once the other end has closed, libsrt tells of nothing but that.
    private var isReadable: Bool {
        handle.get(SRTO_EVENT) & Int32(SRT_EPOLL_IN.rawValue | SRT_EPOLL_ERR.rawValue) != 0
    }

    /// Hands out what came before the connection broke. libsrt does so only when its time comes, and tells of the end before
    /// that; what is behind a gap it does not hand out at all.
    private func readRemains(into buffer: UnsafeMutableRawBufferPointer) -> SRTRead {
        let silence = Duration.milliseconds(millisecondsNow - lastData.load(ordering: .relaxed))
        let began = ContinuousClock.now
        while !isClosed.load(ordering: .acquiring), handle.get(SRTO_RCVDATA) > 0,
            ContinuousClock.now - began < latency + Self.pause * 2
        {
            Self.rest()
            let (count, _) = drain(into: buffer)
            if count > 0 { return .bytes(count) }
        }
        if isClosed.load(ordering: .acquiring) { return .closed(.closedHere) }
        // What came last was held for a while.
        return .closed(silence + latency < idleTimeout ? .closedThere : .silent)
    }

    private var millisecondsNow: Int64 {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }

    private static func rest() {
        var time = timespec(tv_sec: 0, tv_nsec: Int(pause.components.attoseconds / 1_000_000_000))
        nanosleep(&time, nil)
    }

    /// How the connection has fared; nothing once it is over.
    public func statistics() -> SRTStatistics? {
        var values = SRT_TRACEBSTATS()
        return srt_bistats(handle.number, &values, 0, 1) == 0 ? SRTStatistics(values) : nil
    }
}
