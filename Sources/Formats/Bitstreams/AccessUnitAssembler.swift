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
    private struct Begun: Sendable {
        var start: Int
        var times: PacketTimes?
        /// Where its first slice is.
        var picture: Int?
        /// How many NAL units it has, and how long its data get.
        var units = 0
        var size = 0
    }

    /// A NAL unit of which only the beginning is known.
    private struct Open: Sendable {
        /// Where its start code is, and where it begins itself.
        var code: Int
        var start: Int
        /// The times of its packet, if no access unit begins before it there.
        var times: PacketTimes?
    }

    private var syntax = Syntax()
    private var clock = SampleClock()
    private var track: Track?
    private var isTrackStale = false
    private(set) var faults = 0

    private var held: [UInt8] = []
    /// Where held bytes were searched through.
    private var searched = 0
    private var open: Open?
    private var begun: Begun?
    /// What stands behind the picture begun and belongs to it only if the next slice does; `begun` has none of it.
    private var undecided: Begun?
    /// The NAL units of both, without those that are taken out.
    private var units: [Range<Int>] = []

    /// The current packet: where it begins, and its times while no access unit has taken them.
    private var packetStart = 0
    private var packetTimes: PacketTimes?
    /// The times of an earlier packet, if they may be for a start code at its end that goes on in the next.
    private var straddlingTimes: PacketTimes?
    /// True until the next access unit begins.
    private var isLost = true
    /// True while no slice was thrown away since it was lost.
    private var isLossCounted = true
    private var holdsBack = false
    /// How many packets with times did not begin with an access unit.
    private var unevenPackets = 0

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

extension AccessUnitAssembler {
    /// Takes the NAL units that end in `window`; the last one stays open.
    private mutating func search(_ window: Span<UInt8>, into events: inout [ElementaryStreamEvent]) {
        var isFirst = open == nil
        while let code = AnnexB.startCode(in: window, from: searched) {
            if let open { take(open, to: code, in: window, into: &events) }
            // The zero byte before a start code belongs to it.
            let first = code > 0 && window[code - 1] == 0 ? code - 1 : code
            if isFirst, AnnexB.unit(in: window, from: packetStart, to: code).isEmpty == false { strayBytes() }
            open = Open(code: first, start: code + 3, times: first < packetStart ? straddlingTimes : nil)
            searched = code + 3
            isFirst = false
        }
        if isFirst { strayBytes() }
    }

    /// The bytes at the beginning of the packet are of no NAL unit that is known.
    private mutating func strayBytes() {
        // A packet without times is one in which no access unit begins. One with times is either out of step or damaged,
        // and damage does not happen twice: what is held back costs latency for as long as the stream lasts. Where an
        // access unit was lost, they are its rest.
        if packetTimes != nil, !isLost { unevenPackets += 1 }
        if packetTimes == nil || unevenPackets > 1 { holdsBack = true }
        guard !isLost else { return }
        faults += 1
        if holdsBack { loseSample() }
    }

    private mutating func endPacket(_ window: Span<UInt8>, into events: inout [ElementaryStreamEvent]) {
        if !holdsBack {
            if let open { take(open, to: window.count, in: window, into: &events) }
            open = nil
        } else if let open, begun?.picture != nil, beginsAnother(open, in: window) {
            endSample(in: window, into: &events)
        }
        assignTimes(in: window)
        if !holdsBack, begun?.picture != nil, !syntax.isHalf { endSample(in: window, into: &events) }
        searched = holdsBack ? max(searched, window.count - 2) : window.count
    }

    /// Nothing begins in the packet that its times, if they are left, could be for.
    private mutating func assignTimes(in window: Span<UInt8>) {
        guard let times = packetTimes else {
            let isOnlyZeros = AnnexB.unit(in: window, from: packetStart, to: window.count).isEmpty
            if !isOnlyZeros { straddlingTimes = nil }
            return
        }
        var picture = begun?.picture
        if picture == nil, let open, open.start < window.count,
            syntax.role(of: window.extracting(open.start..<window.count)) == .slice
        {
            picture = open.code
        }
        if let start = begun?.start, start < packetStart, (picture ?? packetStart) >= packetStart {
            // They are for the picture that does, however early its access unit began.
            begun?.times = times
            straddlingTimes = nil
            return
        }
        // They are for what the open NAL unit turns out to begin, or for a start code of which half is there.
        if let code = open?.code, code >= packetStart { open?.times = times }
        straddlingTimes = window[window.count - 1] == 0 ? times : nil
    }

    /// True when as much as is there of a NAL unit tells that the picture begun is over.
    private func beginsAnother(_ unit: Open, in window: Span<UInt8>) -> Bool {
        guard window.count - unit.start >= AccessUnitLimits.head else { return false }
        let head = window.extracting(unit.start..<(unit.start + AccessUnitLimits.head))
        return switch syntax.role(of: head) {
        case .delimiter, .parameterSet, .message, .opening: !syntax.isHalf
        case .slice: syntax.slice(head).map { syntax.relation(of: $0) == .begins } ?? false
        case .prefix, .rest, .filler, .nonsense: false
        }
    }

    /// Drops what is begun.
    private mutating func drop() {
        let isBegun = begun != nil || open != nil
        if isBegun { faults += 1 }
        (isLost, isLossCounted) = (true, isBegun)
        forget()
    }

    /// The sample begun, if any, will not be whole, and what follows is its rest.
    private mutating func loseSample() {
        syntax.dropPicture()
        units.removeAll(keepingCapacity: true)
        (begun, undecided, isLost, isLossCounted) = (nil, nil, true, true)
    }

    private mutating func forget() {
        syntax.dropPicture()
        held.removeAll()
        units.removeAll(keepingCapacity: true)
        (open, begun, undecided, straddlingTimes) = (nil, nil, nil, nil)
    }

    /// Where what is to be held begins: the sample begun, or what it may begin with.
    private func firstNeeded(of window: Span<UInt8>) -> Int {
        if let start = begun?.start ?? open?.code { return start }
        // Zeros at the end may be of a start code that goes on in the next packet.
        let end = AnnexB.unit(in: window, from: max(0, window.count - 3), to: window.count).upperBound
        return holdsBack ? end : window.count
    }

    private mutating func moveBack(by distance: Int) {
        guard distance > 0 else { return }
        searched = max(0, searched - distance)
        open?.code -= distance
        open?.start -= distance
        begun?.start -= distance
        begun?.picture? -= distance
        undecided?.start -= distance
        for index in units.indices {
            units[index] = (units[index].lowerBound - distance)..<(units[index].upperBound - distance)
        }
    }
}

extension AccessUnitAssembler {
    /// Takes a NAL unit that ends before `end`.
    private mutating func take(
        _ unit: Open, to end: Int, in window: Span<UInt8>, into events: inout [ElementaryStreamEvent]
    ) {
        let range = AnnexB.unit(in: window, from: unit.start, to: end)
        guard !range.isEmpty else { return }
        let bytes = window.extracting(range)
        switch syntax.role(of: bytes) {
        case .nonsense: faults += 1
        case .filler: break
        case .delimiter: open(unit, in: window, into: &events)
        case .parameterSet:
            let isKnown = syntax.isKnown(parameterSet: bytes)
            open(unit, endsHalf: !isKnown, in: window, into: &events)
            if !isKnown { put(bytes) }
        case .message:
            open(unit, in: window, into: &events)
            syntax.add(message: bytes)
            keep(range)
        case .opening:
            open(unit, in: window, into: &events)
            keep(range)
        case .prefix:
            if begun?.picture != nil { postpone(unit) } else { open(unit, in: window, into: &events) }
            keep(range)
        case .slice: takeSlice(unit, range, in: window, into: &events)
        case .rest:
            if begun != nil { keep(range) }
        }
    }

    /// A NAL unit that begins an access unit when it stands behind a picture.
    private mutating func open(
        _ unit: Open, endsHalf: Bool = false, in window: Span<UInt8>, into events: inout [ElementaryStreamEvent]
    ) {
        if begun?.picture != nil {
            // Behind a first field the same comes before the second.
            if syntax.isHalf, !endsHalf { return postpone(unit) }
            endSample(in: window, into: &events)
        }
        if begun == nil { begin(unit) }
    }

    private mutating func postpone(_ unit: Open) {
        if undecided == nil { undecided = Begun(start: unit.code, times: claimTimes(for: unit)) }
    }

    private mutating func begin(_ unit: Open) {
        begun = Begun(start: unit.code, times: claimTimes(for: unit))
        isLost = false
    }

    private mutating func claimTimes(for unit: Open) -> PacketTimes? {
        if unit.code >= packetStart, let times = packetTimes {
            packetTimes = nil
            return times
        }
        if unit.times == straddlingTimes { straddlingTimes = nil }
        return unit.times
    }

    private mutating func takeSlice(
        _ unit: Open, _ range: Range<Int>, in window: Span<UInt8>, into events: inout [ElementaryStreamEvent]
    ) {
        guard let slice = syntax.slice(window.extracting(range)) else {
            faults += 1
            return
        }
        let relation = syntax.relation(of: slice)
        if begun == nil {
            guard relation == .begins, !isLost || slice.isFirst else { return throwAway() }
            begin(unit)
        } else if begun?.picture != nil {
            switch relation {
            case .begins:
                endSample(in: window, into: &events)
                if begun == nil { begin(unit) }
            case .continues, .secondField:
                if let behind = undecided {
                    begun?.units += behind.units
                    begun?.size += behind.size
                    undecided = nil
                }
            }
        }
        if begun?.picture == nil { begun?.picture = unit.code }
        syntax.add(slice)
        keep(range)
    }

    /// A slice that is of no picture begun: the rest of a lost one, or of one that went out with the packet before.
    private mutating func throwAway() {
        if !isLost { holdsBack = true }
        if !isLost || !isLossCounted { faults += 1 }
        loseSample()
    }

    private mutating func keep(_ unit: Range<Int>) {
        // Nothing has that many, and they take more room than their bytes.
        guard units.count < AccessUnitLimits.units else {
            begun?.size = .max / 2
            return
        }
        units.append(unit)
        if undecided == nil {
            begun?.units += 1
            begun?.size += 4 + unit.count
        } else {
            undecided?.units += 1
            undecided?.size += 4 + unit.count
        }
    }

    private mutating func put(_ parameterSet: Span<UInt8>) {
        do throws(BitstreamError) {
            try syntax.put(parameterSet: parameterSet)
            isTrackStale = true
        } catch {
            faults += 1
        }
    }
}

extension AccessUnitAssembler {
    /// Ends the sample begun; what is undecided begins the next one.
    private mutating func endSample(in window: Span<UInt8>, into events: inout [ElementaryStreamEvent]) {
        guard let sample = begun, sample.picture != nil else { return }
        begun = undecided
        undecided = nil
        defer { units.removeFirst(sample.units) }
        guard let times = clock.next(stated: sample.times, claimed: syntax.pictureDuration) else {
            faults += 1
            return syntax.dropPicture()
        }
        let access = syntax.endPicture(at: times)
        guard sample.size <= AccessUnitLimits.size, announceTrack(into: &events) else {
            faults += 1
            return
        }
        events.append(
            .sample(
                Sample(
                    data: joined(units[..<sample.units], size: sample.size, in: window),
                    decodeTime: MediaTime(times.decode, .video),
                    presentationTime: MediaTime(times.presentation, .video), access: access)))
    }

    /// Tells of the track if it is not the one before; false when there is none yet.
    private mutating func announceTrack(into events: inout [ElementaryStreamEvent]) -> Bool {
        if isTrackStale, let current = try? syntax.track() {
            isTrackStale = false
            if current != track {
                track = current
                events.append(.track(current))
            }
        }
        return track != nil
    }

    /// The NAL units behind their lengths: the one copy that is made of them.
    private func joined(_ units: ArraySlice<Range<Int>>, size: Int, in window: Span<UInt8>) -> ByteChunk {
        window.withUnsafeBytes { bytes in
            ByteChunk(count: size) { target in
                var end = 0
                for unit in units {
                    target.storeBytes(of: UInt32(unit.count).bigEndian, toByteOffset: end, as: UInt32.self)
                    UnsafeMutableRawBufferPointer(rebasing: target[(end + 4)...])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[unit]))
                    end += 4 + unit.count
                }
            }
        }
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
