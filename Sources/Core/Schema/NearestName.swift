/// Finds the name that was meant where another was written.
public enum NearestName {
    /// The candidate that differs from `name` by a slip or two, in case, or in the hyphens and underscores.
    public static func find(_ name: String, among candidates: [String]) -> String? {
        let written = simplified(name)
        guard written.count <= 100 else { return nil }
        let tolerance = written.count <= 3 ? 1 : 2
        let ranked = candidates.map { (candidate: $0, distance: distance(written, simplified($0))) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= tolerance else { return nil }
        return best.candidate
    }

    private static func simplified(_ name: String) -> [Character] {
        name.lowercased().filter { $0 != "-" && $0 != "_" }
    }

    /// How many letters must be put in, left out, replaced or exchanged with their neighbour.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var rows = [Array(0...right.count)]
        for (i, a) in left.enumerated() {
            var row = [i + 1]
            for (j, b) in right.enumerated() {
                var best = min(row[j] + 1, rows[i][j + 1] + 1, rows[i][j] + (a == b ? 0 : 1))
                if i > 0, j > 0, a == right[j - 1], b == left[i - 1] { best = min(best, rows[i - 1][j - 1] + 1) }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
