/// What one viewer has read of one rendition, and what it asks for next: the playlist over and over, and beside it each
/// new part once, one after the other.
///
/// That is what hls.js does: it requests the next version of a playlist as soon as it has one, and loads the parts that
/// are listed, on another connection. It does not request hinted parts. It owns no socket and no clock.
public struct RenditionProgress: Sendable {
    /// Media to get.
    public enum Fetch: Sendable {
        /// A media initialization.
        case map(Resource)
        /// A part or a segment, and where to get it.
        case item(MediaView.Item, Resource)

        /// Where to get it.
        public var resource: Resource {
            switch self {
            case .map(let resource), .item(_, let resource): resource
            }
        }
    }

    /// Media that failed so often are left out.
    public static let attempts = 3

    /// The newest version of the playlist.
    public private(set) var view: MediaView?
    private var next: MediaView.Place?
    private var map: Resource?
    private var failures = 0

    /// Nothing was read yet.
    public init() {}

    /// Takes a version of the playlist. Returns how it is read again, and after how many seconds; nothing at the end.
    public mutating func receive(_ view: MediaView) -> (reload: MediaView.Reload, delay: Double)? {
        let isNewer = self.view.map { $0.position < view.position } ?? true
        // A version that is older came late through some cache: nothing is forgotten for it.
        if isNewer || self.view?.position == view.position { self.view = view }
        return view.reload.map { ($0, isNewer ? $0.delay : $0.delayUnchanged) }
    }

    /// What to get next; nothing until another version of the playlist comes.
    public mutating func nextFetch() -> Fetch? {
        guard let view, var place = next ?? view.start else { return nil }
        defer { next = place }
        while let item = view.item(from: place) {
            place = item.place
            if let resource = item.resource {
                if let map = item.map, map.request != self.map?.request { return .map(map) }
                return .item(item, resource)
            }
            place = item.next
        }
        return nil
    }

    /// True when the presentation has ended and all of it was got.
    public var isOver: Bool {
        guard let view, view.reload == nil else { return false }
        return next.map { view.item(from: $0) == nil } ?? false
    }

    /// Takes note that `fetch` is there.
    public mutating func received(_ fetch: Fetch) {
        failures = 0
        switch fetch {
        case .map(let resource): map = resource
        case .item(let item, _): next = item.next
        }
    }

    /// Takes note that `fetch` failed: it is tried again, and left out after a few times.
    public mutating func failed(_ fetch: Fetch) {
        failures += 1
        if failures >= Self.attempts { received(fetch) }
    }
}
