internal import Ingest
internal import Time

/// Decides which of a channel's two inputs is on the air.
///
/// It leaves an input for one that does better, as soon as that has something to begin with. It returns to the primary one,
/// where that is wanted, when this has done well for a while, with a key frame: then nothing is shown twice.
struct InputSwitch {
    /// A change of inputs.
    struct Change: Equatable {
        let input: ChannelInput
        /// What was wrong with the other one; nothing on the return to the primary one.
        let fault: InputFault?
    }

    private let rules: FailoverRules
    /// The one on the air.
    private(set) var selected = ChannelInput.primary
    /// Since when the primary input has been faultless.
    private var steadySince: Instant?

    /// A switch that begins with the primary input.
    init(_ rules: FailoverRules) { self.rules = rules }

    /// What to change to at `now`, if anything. `ready` are the inputs that have something to begin with, and `atKeyFrame` is
    /// the one that has just sent a key frame.
    mutating func decide(
        at now: Instant, primary: InputHealth, backup: InputHealth, ready: Set<ChannelInput>,
        atKeyFrame: ChannelInput? = nil
    ) -> Change? {
        let faults: [ChannelInput: InputFault] = [
            .primary: primary.fault(at: now, after: rules.switchAfter, besides: backup),
            .backup: backup.fault(at: now, after: rules.switchAfter, besides: primary),
        ].compactMapValues(\.self)
        steadySince = faults[.primary] == nil ? steadySince ?? now : nil
        let other = selected.other
        guard ready.contains(other) else { return nil }
        // What is held of an input that gives nothing is not what it shows now.
        if let fault = faults[selected], faults[other].map({ $0 < min(fault, .frozen) }) ?? true {
            return change(to: other, fault)
        }
        guard rules.prefersPrimary, other == .primary, atKeyFrame == .primary, let steadySince,
            now - steadySince >= rules.returnAfter
        else { return nil }
        return change(to: .primary, nil)
    }

    private mutating func change(to input: ChannelInput, _ fault: InputFault?) -> Change {
        selected = input
        return Change(input: input, fault: fault)
    }
}
