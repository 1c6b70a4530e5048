extension AccessUnitAssembler {
    /// Takes a NAL unit that ends before `end`.
    mutating func take(
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
