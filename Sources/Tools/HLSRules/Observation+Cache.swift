/// What an answer says of the caches that it came through (RFC 9111).
extension Observation {
    /// True when a cache on the way says that it is one.
    var isFromCache: Bool { header("via") != nil }

    /// The members of `Age`; one, where it is as it should be.
    private var ages: [Int?] {
        let members = header("age")?.split(separator: ",", omittingEmptySubsequences: false) ?? []
        return members.map { DeltaSeconds.read($0.trimmingSpace) }
    }

    /// `Age` in seconds. Of several the first counts, and what is not delta-seconds is ignored (§5.1).
    var age: Int? { ages.first ?? nil }

    /// True when `Age` is a single delta-seconds.
    var isAgeWellFormed: Bool { ages.count == 1 && age != nil }

    /// Before this the answer was not made: the request's time, or where a cache may have answered, that of its `Age`,
    /// which is rounded to seconds.
    var madeAfter: Double {
        guard isFromCache else { return sentAt }
        return min(sentAt, arrivedAt - Double(age ?? 0) - 1)
    }

    /// `Cache-Control`, which may be empty.
    var cacheControl: CacheControl { CacheControl(header("cache-control") ?? "") }
}

extension Substring {
    /// Without the white space that may stand around a value (RFC 9110 §5.6.3).
    fileprivate var trimmingSpace: Substring {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return ""
        }
        return self[first...last]
    }
}
