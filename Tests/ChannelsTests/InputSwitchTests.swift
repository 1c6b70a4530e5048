import Bytes
import Ingest
import Media
import Packaging
import Testing
import Time

@testable import Channels

/// Which of two inputs is on the air.
@Suite struct InputSwitchTests {
    private static let rules = FailoverRules(for: .low)

    private var inputs = [ChannelInput.primary: InputHealth(), .backup: InputHealth()]
    private var inputSwitch = InputSwitch(Self.rules)
    private var ready: Set<ChannelInput> = [.primary, .backup]

    private static func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    private static func sample(_ milliseconds: Int64) -> Sample {
        let time = MediaTime.milliseconds(milliseconds)
        return Sample(data: ByteChunk([1]), decodeTime: time, presentationTime: time, isSync: true)
    }

    private mutating func open(_ inputs: ChannelInput..., at now: Int64 = 0) {
        for input in inputs { self.inputs[input]?.open(at: Self.at(now)) }
    }

    /// Pictures and sound every 20 ms.
    private mutating func send(
        _ input: ChannelInput, _ range: Range<Int64>, pictures: Bool = true, sound: Bool = true, stands: Bool = false
    ) {
        for now in stride(from: range.lowerBound, to: range.upperBound, by: 20) {
            let time = stands ? range.lowerBound : now
            if pictures { inputs[input]?.note(.video(Self.sample(time)), arrival: Self.at(now)) }
            if sound { inputs[input]?.note(.audio(Self.sample(time)), arrival: Self.at(now)) }
        }
    }

    private mutating func decide(at now: Int64, atKeyFrame: ChannelInput? = nil) -> InputSwitch.Change? {
        inputSwitch.decide(
            at: Self.at(now), primary: inputs[.primary] ?? InputHealth(), backup: inputs[.backup] ?? InputHealth(),
            ready: ready, atKeyFrame: atKeyFrame)
    }

    /// The first instant, in steps of 20 ms, at which it changes.
    private mutating func firstChange(_ range: Range<Int64>) -> (at: Int64, change: InputSwitch.Change)? {
        for now in stride(from: range.lowerBound, to: range.upperBound, by: 20) {
            if let change = decide(at: now) { return (now, change) }
        }
        return nil
    }

    @Test mutating func allIsWellWithThePrimaryInput() {
        open(.primary, .backup)
        send(.primary, 0..<10_000)
        send(.backup, 0..<10_000)
        #expect(decide(at: 1000) == nil)
        #expect(decide(at: 10_000, atKeyFrame: .primary) == nil, "it is there")
        #expect(decide(at: 10_000) == nil && inputSwitch.selected == .primary)
    }

    @Test mutating func aClosedConnectionIsLeftAtOnce() {
        open(.primary, .backup)
        send(.primary, 0..<1000)
        send(.backup, 0..<1000)
        inputs[.primary]?.close()
        #expect(decide(at: 1000) == InputSwitch.Change(input: .backup, fault: .closed))
        #expect(decide(at: 1001) == nil, "once")
    }

    @Test mutating func nothingIsChangedToThatCouldNotBegin() {
        open(.primary, .backup)
        send(.backup, 0..<1000)
        inputs[.primary]?.close()
        ready = []
        #expect(decide(at: 1000) == nil)
        ready = [.backup]
        #expect(decide(at: 1001)?.input == .backup)
    }

    @Test(arguments: [
        (InputFault.silent, false, false, false), (.frozen, true, true, true), (.noPictures, false, true, false),
        (.noSound, true, false, false),
    ])
    mutating func whatStopsIsLeftAfterAWhile(_ fault: InputFault, pictures: Bool, sound: Bool, stands: Bool) throws {
        open(.primary, .backup)
        send(.primary, 0..<1000)
        send(.backup, 0..<4000)
        if pictures || sound { send(.primary, 1000..<4000, pictures: pictures, sound: sound, stands: stands) }
        let first = try #require(firstChange(1000..<4000))
        #expect(first.change == InputSwitch.Change(input: .backup, fault: fault))
        // Twenty milliseconds before a thousand the last sample came.
        let begun: Int64 = stands ? 1000 : 980
        #expect(first.at == begun + 1500)
    }

    @Test mutating func aPublisherThatNeverSendsIsSilent() {
        open(.backup)
        send(.backup, 0..<4000)
        open(.primary, at: 2000)
        #expect(decide(at: 3400) == nil)
        #expect(decide(at: 3500)?.fault == .silent)
    }

    @Test mutating func aTrackIsNotMissedThatTheOtherHasNotEither() {
        open(.primary, .backup)
        send(.primary, 0..<1000)
        send(.backup, 0..<1000)
        send(.primary, 1000..<5000, sound: false)
        send(.backup, 1000..<5000, sound: false)
        #expect(firstChange(1000..<5000) == nil)
    }

    @Test mutating func noOneChangesToWhatDoesWorse() {
        open(.primary, .backup)
        send(.primary, 0..<5000, sound: false)
        send(.backup, 0..<5000, pictures: false)
        #expect(firstChange(1000..<5000) == nil, "pictures are worth more than sound")
        inputs[.primary]?.close()
        #expect(decide(at: 5000)?.fault == .closed, "sound alone is worth more than nothing")
    }

    @Test(arguments: [false, true])
    mutating func noOneChangesToWhatGivesNothing(stands: Bool) {
        open(.primary, .backup)
        send(.primary, 0..<5000)
        send(.backup, 0..<1000)
        if stands { send(.backup, 1000..<5000, stands: true) }
        inputs[.primary]?.close()
        #expect(decide(at: 5000) == nil, "what is held of it is old")
        send(.backup, 5020..<5040)
        #expect(decide(at: 5040)?.fault == .closed)
    }

    @Test mutating func noOneChangesToWhatDoesNoBetter() {
        open(.primary, .backup)
        send(.primary, 0..<1000)
        send(.backup, 0..<1000)
        #expect(firstChange(1000..<9000) == nil)
    }

    /// It has not been silent for as long as nobody was there.
    @Test mutating func aNewPublisherHasTimeToBegin() {
        open(.primary, .backup)
        send(.primary, 0..<1000)
        send(.backup, 0..<5000)
        open(.primary, at: 2400)
        #expect(decide(at: 3880) == nil)
        #expect(decide(at: 3900)?.fault == .silent)
    }

    @Test mutating func aClockThatBeginsAnewIsNotFrozen() {
        open(.primary, .backup)
        send(.backup, 0..<9000)
        for now in stride(from: Int64(0), to: 9000, by: 20) {
            inputs[.primary]?.note(.video(Self.sample(now % 3000 + 1_000_000)), arrival: Self.at(now))
            inputs[.primary]?.note(.audio(Self.sample(now % 3000 + 1_000_000)), arrival: Self.at(now))
        }
        #expect(firstChange(8000..<9000) == nil)
    }

    /// The primary input is gone from 1 s until 2 s.
    private mutating func goAndComeBack() {
        open(.primary, .backup)
        send(.backup, 0..<20_000)
        send(.primary, 0..<1000)
        inputs[.primary]?.close()
        #expect(decide(at: 1000)?.input == .backup)
        open(.primary, at: 2000)
        #expect(decide(at: 2000) == nil)
    }

    @Test mutating func thePrimaryInputIsReturnedToWithAKeyFrameWhenItHasBeenSteady() {
        goAndComeBack()
        send(.primary, 2000..<6000)
        #expect(decide(at: 4999, atKeyFrame: .primary) == nil, "not steady yet")
        #expect(decide(at: 5000) == nil, "no key frame")
        #expect(decide(at: 5000, atKeyFrame: .backup) == nil, "that of the other")
        #expect(decide(at: 5000, atKeyFrame: .primary) == InputSwitch.Change(input: .primary, fault: nil))
    }

    @Test mutating func whoFaltersIsNotSteady() {
        goAndComeBack()
        send(.primary, 2000..<4000)
        #expect(decide(at: 5600) == nil)
        send(.primary, 5600..<9000)
        #expect(decide(at: 5700) == nil)
        #expect(decide(at: 8600, atKeyFrame: .primary) == nil)
        #expect(decide(at: 8800, atKeyFrame: .primary)?.input == .primary)
    }

    @Test mutating func whereNoneIsPreferredItStaysUntilItFails() {
        inputSwitch = InputSwitch(FailoverRules(for: .low, prefersPrimary: false))
        goAndComeBack()
        send(.primary, 2000..<20_000)
        #expect(decide(at: 15_000, atKeyFrame: .primary) == nil)
        inputs[.backup]?.close()
        #expect(decide(at: 15_001) == InputSwitch.Change(input: .primary, fault: .closed))
    }

    @Test(arguments: [(LatencyProfile.Name.ultra, 1000), (.low, 1500), (.standard, 2000)])
    func viewersCloseToTheEdgeWaitLess(_ profile: LatencyProfile.Name, milliseconds: Int) {
        #expect(FailoverRules(for: profile).switchAfter == .milliseconds(milliseconds))
        #expect(FailoverRules(for: profile, switchAfter: .seconds(9)).switchAfter == .seconds(9))
    }
}
