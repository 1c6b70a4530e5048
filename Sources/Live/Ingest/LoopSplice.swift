internal import FFmpeg

/// Places the packets of a file that is played again and again on one timeline, on which nothing jumps.
///
/// A pass is as long as the pictures of the file, from the first to the end of the last, so that they go on at their pace. The
/// sound of a pass begins where that of the pass before has ended, if that is less than half a frame away from where it
/// belongs: it is moved by so much, and each pass anew, so that it never drifts off the picture. Frames that would be heard
/// twice are left out.
struct LoopSplice {
    /// How much longer than the picture sound may be and be cut off: else the pictures wait for it.
    private static let tolerance: Int64 = 9000
    /// All that is compared between streams is in ticks of 90 kHz.
    private static let scale: Int64 = 90_000

    private struct Place {
        var base: TimeBase
        var isVideo: Bool
        /// The extent of the first pass, in ticks of the stream.
        var start: Int64?
        var end: Int64 = 0
        /// Where the last packet ended that was handed on, as it was placed.
        var placedEnd: Int64?
        /// By how much the sound of this pass is moved, once its first frame was placed.
        var shift: Int64?
        var lastDuration: Int64 = 0
    }

    private var places: [Int: Place] = [:]
    private var pass: Int64 = 0
    /// The length of a pass, in ticks of a stream, and where it begins.
    private var length: (ticks: Int64, base: TimeBase)?
    private var start90k: Int64 = 0

    /// The packet, in its place; nothing where it is left out.
    mutating func place(_ packet: DemuxedPacket, of stream: DemuxedStream) -> DemuxedPacket? {
        guard let time = packet.presentation ?? packet.decode else { return pass == 0 ? packet : nil }
        var place =
            places[packet.stream] ?? Place(base: stream.timeBase, isVideo: stream.medium == .video)
        defer { places[packet.stream] = place }
        var duration = packet.duration > 0 ? packet.duration : place.lastDuration
        // The last picture is often said to last until the end of its file, and no longer.
        if place.isVideo { duration = max(duration, place.lastDuration) }
        place.lastDuration = packet.duration > 0 ? packet.duration : duration
        if pass == 0 {
            place.start = min(place.start ?? time, time)
            place.end = max(place.end, time + duration)
        }
        var moved = packet
        let offset = offset(in: place.base)
        var shift: Int64 = 0
        if !place.isVideo, pass > 0 {
            if isBeyondPass(time, place.base) { return nil }
            if let known = place.shift {
                shift = known
            } else if let end = place.placedEnd {
                let natural = time + offset
                // More than half of it would be heard twice.
                if end - natural > duration / 2 { return nil }
                shift = natural - end <= duration / 2 ? end - natural : 0
                place.shift = shift
            }
        }
        moved.presentation = packet.presentation.map { $0 + offset + shift }
        moved.decode = packet.decode.map { $0 + offset + shift }
        place.placedEnd = max(place.placedEnd ?? .min, time + offset + shift + duration)
        return moved
    }

    /// The file has ended, and begins again. False where it had nothing in it.
    mutating func endPass() -> Bool {
        if length == nil { measure() }
        guard length.map({ $0.ticks > 0 }) == true else { return false }
        pass += 1
        for key in places.keys { places[key]?.shift = nil }
        return true
    }

    private mutating func measure() {
        let extents = places.values.compactMap { place in
            place.start.map { start in
                (
                    place: place, ticks: place.end - start, start: place.base.ticks(start, in: Self.scale),
                    end: place.base.ticks(place.end, in: Self.scale)
                )
            }
        }
        guard let start = extents.map(\.start).min(), let end = extents.map(\.end).max() else { return }
        let pictures = extents.first { $0.place.isVideo }
        if let pictures, end - pictures.end <= Self.tolerance {
            length = (pictures.ticks, pictures.place.base)
            start90k = pictures.start
        } else {
            length = (end - start, TimeBase(1, Int32(Self.scale)))
            start90k = start
        }
    }

    /// How far this pass is from the first, exact for the pictures.
    private func offset(in base: TimeBase) -> Int64 {
        guard let length, pass > 0 else { return 0 }
        if length.base == base { return length.ticks * pass }
        let fine: Int64 = 1_000_000_000
        let nanoseconds = length.base.ticks(length.ticks * pass, in: fine)
        return Self.convert(nanoseconds, from: fine, to: base)
    }

    private static func convert(_ value: Int64, from scale: Int64, to base: TimeBase) -> Int64 {
        let product = Int128(value) * Int128(base.denominator)
        let divisor = Int128(scale) * Int128(base.numerator)
        return Int64(clamping: (product + divisor / 2) / divisor)
    }

    /// True for sound that begins when the next pass has begun.
    private func isBeyondPass(_ time: Int64, _ base: TimeBase) -> Bool {
        guard let length else { return false }
        return base.ticks(time, in: Self.scale) >= start90k + length.base.ticks(length.ticks, in: Self.scale)
    }
}
