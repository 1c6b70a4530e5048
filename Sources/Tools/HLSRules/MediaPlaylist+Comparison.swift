extension MediaPlaylist {
    /// What is not the same in `other`, a playlist that reaches equally far. Reports may be newer in one of the two,
    /// and the version may be another.
    func differences(from other: MediaPlaylist) -> [String] {
        let (left, right) = (withoutLines, other.withoutLines)
        var names = zip(left.allSegments, right.allSegments).filter { $0 != $1 }.map { "segment \($0.0.number)" }
        if left.allSegments.count != right.allSegments.count { names.append("the number of segments") }
        if left.hints != right.hints { names.append("hints") }
        if left.dateRangeAttributes != right.dateRangeAttributes { names.append("date ranges") }
        if left.tags != right.tags { names.append("tags of the whole playlist") }
        return names
    }

    /// The attributes of all tags of a date range as one, by ID.
    var dateRangeAttributes: [String: [String: String]] {
        var ranges: [String: [String: String]] = [:]
        for range in dateRanges { ranges[range.id, default: [:]].merge(range.attributes) { _, new in new } }
        return ranges
    }

    /// The playlist as if all its tags stood in one line.
    private var withoutLines: MediaPlaylist {
        var copy = self
        for index in copy.segments.indices { copy.segments[index].forgetLines() }
        copy.open?.forgetLines()
        for index in copy.hints.indices { copy.hints[index].line = 0 }
        return copy
    }

    /// The playlist with nothing but the tags that apply to all of it.
    private var tags: MediaPlaylist {
        var copy = self
        copy.version = 0
        copy.segments = []
        copy.open = nil
        copy.hints = []
        copy.reports = []
        copy.dateRanges = []
        copy.skip = nil
        return copy
    }
}

extension MediaPlaylist.Segment {
    fileprivate mutating func forgetLines() {
        line = 0
        for index in parts.indices { parts[index].line = 0 }
    }
}
