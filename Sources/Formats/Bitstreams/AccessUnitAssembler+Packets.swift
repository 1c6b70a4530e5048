import Bytes

extension AccessUnitAssembler {
    /// Takes the NAL units that end in `window`; the last one stays open.
    mutating func search(_ window: Span<UInt8>, into events: inout [ElementaryStreamEvent]) {
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

    mutating func endPacket(_ window: Span<UInt8>, into events: inout [ElementaryStreamEvent]) {
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
    mutating func drop() {
        let isBegun = begun != nil || open != nil
        if isBegun { faults += 1 }
        (isLost, isLossCounted) = (true, isBegun)
        forget()
    }

    /// The sample begun, if any, will not be whole, and what follows is its rest.
    mutating func loseSample() {
        syntax.dropPicture()
        units.removeAll(keepingCapacity: true)
        (begun, undecided, isLost, isLossCounted) = (nil, nil, true, true)
    }

    mutating func forget() {
        syntax.dropPicture()
        held.removeAll()
        units.removeAll(keepingCapacity: true)
        (open, begun, undecided, straddlingTimes) = (nil, nil, nil, nil)
    }

    /// Where what is to be held begins: the sample begun, or what it may begin with.
    func firstNeeded(of window: Span<UInt8>) -> Int {
        if let start = begun?.start ?? open?.code { return start }
        // Zeros at the end may be of a start code that goes on in the next packet.
        let end = AnnexB.unit(in: window, from: max(0, window.count - 3), to: window.count).upperBound
        return holdsBack ? end : window.count
    }

    mutating func moveBack(by distance: Int) {
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
