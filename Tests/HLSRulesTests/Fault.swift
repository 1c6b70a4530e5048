import HLSRules

/// Something wrong that is planted into a correct history, and the rule that must find it.
struct Fault: CustomStringConvertible, Sendable {
    let description: String
    let rule: Rule
    /// The rules that break with it, because they follow from what is wrong.
    let consequences: Set<Rule>
    /// Plants the fault and returns the rules that are found broken.
    let found: @Sendable () -> Set<Rule>

    init(
        _ description: String, _ rule: Rule, also consequences: Set<Rule> = [],
        found: @escaping @Sendable () -> Set<Rule>
    ) {
        self.description = description
        self.rule = rule
        self.consequences = consequences
        self.found = found
    }
}
