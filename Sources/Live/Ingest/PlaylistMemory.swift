/// What libavformat keeps in memory of the playlists of a source, about.
struct PlaylistMemory {
    /// A day of many renditions.
    private static let limit = 128 << 20

    private var weights: [String: Int] = [:]
    private var sum = 0

    /// True when it is more than any source needs.
    var isFull: Bool { sum > Self.limit }

    /// The playlist at `address` takes so much now.
    mutating func note(_ weight: Int, of address: String) {
        guard weight > 0 else { return }
        sum += weight - (weights.updateValue(weight, forKey: address) ?? 0)
    }
}
