import Bytes
import Media

extension AccessUnitAssembler {
    /// Ends the sample begun; what is undecided begins the next one.
    mutating func endSample(in window: Span<UInt8>, into events: inout [ElementaryStreamEvent]) {
        guard let sample = begun, sample.picture != nil else { return }
        begun = undecided
        undecided = nil
        defer { units.removeFirst(sample.units) }
        guard let times = clock.next(stated: sample.times, claimed: syntax.pictureDuration) else {
            faults += 1
            return syntax.dropPicture()
        }
        // Others may refer to it, so it is handed on all the same.
        if sample.times == nil, clock.isReordered { faults += 1 }
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
