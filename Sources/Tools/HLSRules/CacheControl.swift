/// What `Cache-Control` of an answer says (RFC 9111 §5.2.2).
struct CacheControl {
    private let directives: [(name: String, value: String?)]

    init(_ field: String) {
        directives = field.lowercased().split(separator: ",").compactMap { directive in
            let words = directive.filter { $0 != " " && $0 != "\"" }.split(separator: "=", maxSplits: 1)
            return words.first.map { (String($0), words.count > 1 ? String(words[1]) : nil) }
        }
    }

    /// How long some cache may keep the answer, in seconds: the longest time that is said.
    var longest: Int {
        directives.map { name, value in
            switch name {
            case "immutable": .max
            case "max-age", "s-maxage": value.flatMap(DeltaSeconds.read) ?? 0
            default: 0
            }
        }.max() ?? 0
    }

    /// Up to which age a shared cache may answer with what it has kept, in seconds; nothing where that is left to it.
    ///
    /// Stale answers are permitted only where the origin says so (§4.2.4, RFC 5861). Whether a cache got an error from the
    /// origin does not show in its answer.
    var oldest: Int? {
        // With a value it is about some header fields only.
        if has("no-store") || has("no-cache") { return 0 }
        guard let lifetime = seconds("s-maxage") ?? seconds("max-age") else { return nil }
        if has("must-revalidate") || has("proxy-revalidate") { return lifetime }
        return lifetime + max(seconds("stale-while-revalidate") ?? 0, seconds("stale-if-error") ?? 0)
    }

    private func has(_ name: String) -> Bool { directives.contains { $0.name == name && $0.value == nil } }

    /// The first of several, and none where it is no number: such an answer is stale (§4.2.1).
    private func seconds(_ name: String) -> Int? {
        directives.first { $0.name == name }.map { $0.value.flatMap(DeltaSeconds.read) ?? 0 }
    }
}
