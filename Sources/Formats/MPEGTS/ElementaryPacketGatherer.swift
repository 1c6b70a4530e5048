import Bitstreams
import Bytes

/// Puts the PES packets of one stream together from the payloads of its transport packets. ISO/IEC 13818-1 §2.4.3.6.
///
/// A packet that says how long it is goes out with its last byte. One that does not is over when the next begins; but a
/// muxer that fills the last transport packet with stuffing gives its end away. After `proofs` such packets the end is
/// believed at once, which saves the time to the next picture, until the muxer proves it wrong.
struct ElementaryPacketGatherer: Sendable {
    /// After how many packets without a length, all of which ended at their first stuffed transport packet, that is
    /// taken for the rule. The transport packet in which a packet begins is stuffed for other reasons too and proves
    /// nothing, nor does a packet that just fills its last one.
    private static let proofs = 16

    private enum State {
        /// Nothing has begun: bytes belong to nothing.
        case idle
        /// The header goes on in the next transport packet.
        case header
        case payload
        /// Went out at its stuffed end. Bytes that follow show that it was none.
        case sentEarly
    }

    /// Where among the transport packets of what is gathered the first stuffed one is.
    private enum Stuffing {
        case none, last, earlier
    }

    private let pid: UInt16
    private let limits: TransportStreamLimits
    /// Which of the program's streams this is.
    var stream: Int
    private var state = State.idle
    private var begunHeader: [UInt8] = []
    private var payload = ByteChunkBuilder(capacity: 0)
    private var isBounded = false
    /// What the longest of the packets before had, less with every packet since.
    private var expectedLength = 0
    private var streamID: UInt8 = 0
    private var times: PacketTimes?
    private var isAligned = false
    private var isRandomAccess = false
    private var isAfterLoss = false
    private var stuffing = Stuffing.none
    /// How many packets in a row ended at their first stuffed transport packet; nothing once that was believed and wrong.
    private var stuffedEnds: Int? = 0

    /// A gatherer for the program's stream with that index.
    init(stream: Int, pid: UInt16, limits: TransportStreamLimits) {
        self.stream = stream
        self.pid = pid
        self.limits = limits
    }

    /// Takes the payload of a transport packet that follows the one before. Answers true when a packet with times begins.
    /// `isStuffed` is only of interest where none begins.
    mutating func take(
        _ bytes: UnsafeRawBufferPointer, starts: Bool, isStuffed: Bool, isRandomAccess: Bool,
        into output: inout TransportStreamOutput
    ) -> Bool {
        if starts {
            finish(into: &output)
            self.isRandomAccess = isRandomAccess
            return begin(bytes, into: &output)
        }
        switch state {
        case .payload:
            append(bytes, isStuffed: isStuffed, into: &output)
            return false
        case .idle:
            return false
        case .header:
            // A header has 264 bytes at most, and a payload 184: what is copied here is little.
            begunHeader.append(contentsOf: bytes)
            let start = begunHeader
            return start.withUnsafeBytes { begin($0, into: &output) }
        case .sentEarly:
            stuffedEnds = nil
            startPayload(of: nil)
            append(bytes, isStuffed: isStuffed, into: &output)
            return false
        }
    }

    /// How many packets with nothing but payload could come now without ending what is gathered.
    @inline(__always)
    func roomForPackets(beside output: TransportStreamOutput) -> Int {
        // Where nothing is gathered there is no capacity.
        guard stuffing == .none else { return 0 }
        let room = payload.capacity - payload.count - (isBounded ? 1 : 0)
        return max(0, min(room, limits.gatheredBytes - output.gatheredBytes)) / PacketRun.payloadLength
    }

    /// Takes packets for which there is room.
    @inline(__always)
    mutating func take(_ run: PacketRun, into output: inout TransportStreamOutput) {
        payload.append(count: run.payloadCount) { run.copyPayload(to: $0) }
        output.gatheredBytes += run.payloadCount
    }

    /// Bytes were lost: what is gathered will not be whole.
    mutating func lose(into output: inout TransportStreamOutput) {
        isAfterLoss = true
        if state == .header || state == .payload { drop(into: &output) }
        state = .idle
    }

    /// What is gathered ends here: it goes out, unless it says that it is longer.
    mutating func finish(into output: inout TransportStreamOutput) {
        switch state {
        case .idle, .sentEarly: state = .idle
        case .header: drop(into: &output)
        case .payload where isBounded: drop(into: &output)
        case .payload:
            if stuffing == .last { stuffedEnds = stuffedEnds.map { min($0 + 1, Self.proofs) } }
            send(into: &output)
        }
    }

    /// Reads the header at the start of `bytes`, and what comes behind it.
    private mutating func begin(_ bytes: UnsafeRawBufferPointer, into output: inout TransportStreamOutput) -> Bool {
        do throws(ElementaryPacketHeader.Fault) {
            let header = try ElementaryPacketHeader(bytes)
            begunHeader.removeAll(keepingCapacity: true)
            state = .idle
            if header.hasMalformedTimes { output.health.timesMalformed &+= 1 }
            guard !header.isPadding, header.payloadLength != 0 else { return false }
            startPayload(of: header)
            append(UnsafeRawBufferPointer(rebasing: bytes[header.length...]), isStuffed: false, into: &output)
            return header.times != nil
        } catch {
            switch error {
            case .incomplete:
                if state != .header { begunHeader = Array(bytes) }
                state = .header
            case .malformed: drop(into: &output)
            }
            return false
        }
    }

    /// Makes room for the payload behind `header`, or for one that goes on after its packet was sent out.
    private mutating func startPayload(of header: ElementaryPacketHeader?) {
        state = .payload
        stuffing = .none
        isBounded = header?.payloadLength != nil
        payload = ByteChunkBuilder(capacity: header?.payloadLength ?? limits.packetBytes, expecting: expectedLength)
        times = header?.times
        isAligned = header?.isAligned ?? false
        if let header { streamID = header.streamID } else { isRandomAccess = false }
    }

    private mutating func append(
        _ bytes: UnsafeRawBufferPointer, isStuffed: Bool, into output: inout TransportStreamOutput
    ) {
        let room = payload.capacity - payload.count
        if isBounded, bytes.count >= room {
            // What stands behind the end belongs to nothing.
            add(UnsafeRawBufferPointer(rebasing: bytes[..<room]), to: &output)
            return send(into: &output)
        }
        guard bytes.count <= room, output.gatheredBytes + bytes.count <= limits.gatheredBytes else {
            return drop(into: &output)
        }
        add(bytes, to: &output)
        guard !isBounded else { return }
        if isStuffed, stuffing == .none {
            stuffing = .last
            if stuffedEnds == Self.proofs {
                send(into: &output)
                state = .sentEarly
            }
        } else if stuffing == .last {
            stuffing = .earlier
            stuffedEnds = stuffedEnds.map { _ in 0 }
        }
    }

    @inline(__always)
    private mutating func add(_ bytes: UnsafeRawBufferPointer, to output: inout TransportStreamOutput) {
        payload.append(Span(_unsafeBytes: bytes))
        output.gatheredBytes += bytes.count
    }

    private mutating func send(into output: inout TransportStreamOutput) {
        let chunk = takePayload(from: &output)
        expectedLength = max(chunk.count, expectedLength - expectedLength / 16)
        output.events.append(
            .packet(
                ElementaryPacket(
                    stream: stream, pid: pid, streamID: streamID, payload: chunk, times: times, isAligned: isAligned,
                    isRandomAccess: isRandomAccess, isAfterLoss: isAfterLoss)))
        isAfterLoss = false
        state = .idle
    }

    private mutating func drop(into output: inout TransportStreamOutput) {
        output.health.elementaryPacketsDropped &+= 1
        _ = takePayload(from: &output)
        begunHeader.removeAll(keepingCapacity: true)
        isAfterLoss = true
        state = .idle
    }

    private mutating func takePayload(from output: inout TransportStreamOutput) -> ByteChunk {
        var taken = ByteChunkBuilder(capacity: 0)
        swap(&taken, &payload)
        output.gatheredBytes -= taken.count
        return taken.finish()
    }
}
