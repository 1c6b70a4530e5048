/// A version of a playlist that viewers wait for.
public struct Publication: Hashable, Sendable {
    /// The rendition: 0 for video, 1 for audio.
    public var rendition: Int
    /// The part, or segment, that they wait for.
    public var place: MediaView.Place

    /// That part of that rendition.
    public init(rendition: Int, place: MediaView.Place) {
        self.rendition = rendition
        self.place = place
    }
}
