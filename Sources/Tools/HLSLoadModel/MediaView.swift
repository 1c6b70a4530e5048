public import HLSRules

/// What a viewer needs to know of one version of a media playlist, worked out once for all of them.
public final class MediaView: Sendable {
    /// A place in a rendition: a part, or a whole segment, which counts as its part 0.
    public struct Place: Comparable, Hashable, Sendable {
        /// The media sequence number.
        public var number: Int
        /// The part, counted from 0.
        public var part: Int

        /// A part of a segment.
        public init(number: Int, part: Int) {
            self.number = number
            self.part = part
        }

        /// Orders by segment, then by part.
        public static func < (left: Place, right: Place) -> Bool {
            (left.number, left.part) < (right.number, right.part)
        }
    }

    /// A part or a segment that can be fetched.
    public struct Item: Sendable {
        /// Where it stands.
        public var place: Place
        /// The place behind it.
        public var next: Place
        /// Its length in seconds.
        public var duration: Double
        /// Where to get it; nothing when it is missing media (GAP).
        public var resource: Resource?
        /// The media initialization that it needs.
        public var map: Resource?
    }

    /// How the playlist is to be read again.
    public struct Reload: Sendable {
        /// What to ask for.
        public var resource: Resource
        /// What the server waits for before it answers; nothing for a plain reload.
        public var awaited: Place?
        /// Seconds to wait before.
        public var delay: Double
        /// The same where this version is no newer than the one before (RFC 8216bis §6.3.4).
        public var delayUnchanged: Double
    }

    /// Parts and segments from the oldest that a viewer may still want.
    public let items: [Item]
    /// How far the playlist reaches.
    public let position: Position
    /// Seconds of media that a player keeps between itself and the end of the playlist (RFC 8216bis §4.4.3.8).
    public let holdBack: Double
    /// How the playlist is to be read again; nothing when the presentation has ended.
    public let reload: Reload?

    /// A view of `playlist`, which was read from `url`; nothing when nothing can be played with it.
    init?(_ playlist: MediaPlaylist, url: String) {
        guard playlist.targetDuration > 0, let plain = Resource(url) else { return nil }
        let control = playlist.serverControl
        let hasParts = playlist.partTarget != nil
        position = playlist.position
        holdBack =
            hasParts
            ? control?.partHoldBack ?? 3 * (playlist.partTarget ?? 0)
            : control?.holdBack ?? 3 * Double(playlist.targetDuration)
        items = Self.items(of: playlist, url: url, hasParts: hasParts, holdBack: holdBack)
        guard !playlist.isEnded else {
            reload = nil
            return
        }
        let pace = max(hasParts ? playlist.partTarget ?? 1 : Double(playlist.targetDuration), 0.05)
        var next = Reload(resource: plain, awaited: nil, delay: pace, delayUnchanged: pace / 2)
        if let control, control.canBlockReload {
            var query = "_HLS_msn=\(position.number)" + (hasParts ? "&_HLS_part=\(position.parts)" : "")
            // As hls.js does wherever delta updates are offered.
            if control.canSkipUntil != nil { query += "&_HLS_skip=\(control.canSkipDateRanges ? "v2" : "YES")" }
            if let resource = Resource(URIReference.adding(query, to: url)) {
                next.resource = resource
                next.awaited = Place(number: position.number, part: hasParts ? position.parts : 0)
                next.delay = 0
            }
        }
        reload = next
    }

    /// Where a viewer who joins begins: as near to the end as the hold-back allows.
    public var start: Place? {
        var left = holdBack
        for item in items.reversed() {
            left -= item.duration
            // Durations are written with six decimals at most.
            if left <= 0.000_001 { return item.place }
        }
        return items.first?.place
    }

    /// True when `place` is listed: a blocking reload that waits for it is satisfied.
    public func reaches(_ place: Place) -> Bool { position > Position(number: place.number, parts: place.part) }

    /// The first item at `place` or behind it.
    public func item(from place: Place) -> Item? {
        // Nearly always it is the last one.
        var found: Item?
        for item in items.reversed() {
            guard item.place >= place else { break }
            found = item
        }
        return found
    }

    /// Viewers stay near the end: three hold-backs of media, and at least four segments.
    private static func items(of playlist: MediaPlaylist, url: String, hasParts: Bool, holdBack: Double) -> [Item] {
        var items: [Item] = []
        var maps: [MediaPlaylist.Map: Resource] = [:]
        let target = Double(playlist.targetDuration)
        let count = 4 + Int(min(3 * holdBack / target, 1000))
        for segment in playlist.allSegments.suffix(count) {
            var map: Resource?
            if let named = segment.map {
                map = maps[named] ?? Resource(URIReference.resolve(named.uri, against: url), range: named.range)
                maps[named] = map
            }
            if hasParts, !segment.parts.isEmpty {
                for (index, part) in segment.parts.enumerated() {
                    let resource = Resource(URIReference.resolve(part.uri, against: url), range: part.range)
                    items.append(
                        Item(
                            place: Place(number: segment.number, part: index),
                            next: Place(number: segment.number, part: index + 1), duration: part.duration,
                            resource: part.isGap ? nil : resource, map: map))
                }
            } else if let uri = segment.uri {
                let resource = Resource(URIReference.resolve(uri, against: url), range: segment.range)
                items.append(
                    Item(
                        place: Place(number: segment.number, part: 0),
                        next: Place(number: segment.number + 1, part: 0), duration: segment.duration,
                        resource: segment.isGap ? nil : resource, map: map))
            }
        }
        return items
    }
}
