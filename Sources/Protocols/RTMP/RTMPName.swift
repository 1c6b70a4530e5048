/// The name of an application or a stream, which encoders let people write with a query behind it.
struct RTMPName {
    /// What stands before the first question mark.
    let name: String
    /// What stands behind it, as it came, or nothing when there is none.
    let query: String?

    init(_ text: String) {
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        name = String(parts.first ?? "")
        query = parts.count > 1 ? String(parts[1]) : nil
    }

    /// The name without the slashes that a URL put at its ends.
    var nameWithoutSlashes: String {
        var rest = name[...]
        while rest.last == "/" { rest.removeLast() }
        while rest.first == "/" { rest.removeFirst() }
        return String(rest)
    }
}
