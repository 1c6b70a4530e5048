internal import HLSRules

/// What a run found, rule by rule.
struct Report {
    let tallies: [Rule: Tally]
    let violations: [Violation]
    /// The media playlists whose media could not be judged, each with the reason.
    let unjudged: [String]
    let faults: Int

    /// True when something was checked and nothing found.
    var isClean: Bool { violations.isEmpty && faults == 0 && !tallies.isEmpty }

    func text(asJSON: Bool) -> String { asJSON ? json : table }

    private var checked: [(rule: Rule, tally: Tally)] {
        Rule.allCases.compactMap { rule in tallies[rule].map { (rule, $0) } }
    }

    private var table: String {
        var lines = checked.map { rule, tally in
            let mark = tally.violated == 0 ? "ok  " : "FAIL"
            let name = rule.rawValue.padded(to: 32)
            let counts = "\(tally.checked) checked, \(tally.violated) violated"
            return "\(mark) \(name) \(counts)" + (tally.first.map { "\n       \(rule.text)\n       \($0)" } ?? "")
        }
        lines += unjudged.map { "NOTE media not judged: \($0)" }
        if faults > 0 { lines.append("FAIL \(faults) requests got no answer") }
        let broken = checked.filter { $0.tally.violated > 0 }.count
        lines.append(
            broken == 0 && faults == 0
                ? "No violation in \(checked.count) rules." : "\(broken) of \(checked.count) rules violated.")
        return lines.joined(separator: "\n")
    }

    private var json: String {
        let rules = checked.map { rule, tally in
            let first = tally.first.map { ",\"first\":\(quoted($0.description))" } ?? ""
            return
                "{\"rule\":\(quoted(rule.rawValue)),\"checked\":\(tally.checked),\"violated\":\(tally.violated)\(first)}"
        }
        let unjudged = unjudged.map(quoted).joined(separator: ",")
        return "{\"unanswered\":\(faults),\"unjudged\":[\(unjudged)],\"rules\":[\(rules.joined(separator: ","))]}"
    }

    private func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        count >= width ? self : self + String(repeating: " ", count: width - count)
    }
}
