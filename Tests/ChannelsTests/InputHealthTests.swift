import Bytes
import Ingest
import Media
import Testing
import Time

@testable import Channels

/// What is wrong with an input, seen closely.
@Suite struct InputHealthTests {
    private static let limit = Duration.milliseconds(1500)

    private var health = InputHealth()
    private var other = InputHealth()

    private static func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    private static func sample(_ milliseconds: Int64) -> Sample {
        let time = MediaTime.milliseconds(milliseconds)
        return Sample(data: ByteChunk([1]), decodeTime: time, presentationTime: time, isSync: true)
    }

    init() {
        health.open(at: Self.at(0))
        other.open(at: Self.at(0))
    }

    private func fault(at now: Int64) -> InputFault? {
        health.fault(at: Self.at(now), after: Self.limit, besides: other)
    }

    @Test mutating func tracksAloneAreSilence() {
        health.note(.track(ChannelBench.video), arrival: Self.at(1000))
        #expect(fault(at: 1499) == nil && fault(at: 1500) == .silent)
    }

    /// A second before the furthest time a clock has begun anew; what is nearer has come late.
    @Test(arguments: [(4000, nil), (4001, .frozen), (5000, .frozen)] as [(Int64, InputFault?)])
    mutating func aClockThatGoesBackFarEnoughGoesOn(time: Int64, expected: InputFault?) {
        health.note(.video(Self.sample(5000)), arrival: Self.at(0))
        health.note(.audio(Self.sample(5000)), arrival: Self.at(0))
        health.note(.video(Self.sample(time)), arrival: Self.at(1400))
        #expect(fault(at: 1500) == expected)
    }

    @Test mutating func aTrackIsMissedWhereTheOtherInputHasIt() {
        for now in stride(from: Int64(0), through: 3000, by: 100) {
            health.note(.video(Self.sample(now)), arrival: Self.at(now))
            if now <= 1500 { other.note(.audio(Self.sample(now)), arrival: Self.at(now)) }
        }
        #expect(fault(at: 2999) == .noSound)
        #expect(fault(at: 3000) == nil, "it has stopped there too")
    }

    /// Of what stops as a whole, some stops first.
    @Test(arguments: [0, 400], [true, false]) mutating func theReasonIsTheTrueOne(ahead: Int64, isFrozen: Bool) {
        for now in stride(from: Int64(0), through: 6000, by: 20) {
            for event in [FeedEvent.video(Self.sample(now)), .audio(Self.sample(now))] {
                other.note(event, arrival: Self.at(now))
            }
            if now <= 2000 { health.note(.video(Self.sample(now)), arrival: Self.at(now)) }
            if now <= 2000 - ahead { health.note(.audio(Self.sample(now)), arrival: Self.at(now)) }
            if isFrozen, now > 2000 { health.note(.video(Self.sample(2000)), arrival: Self.at(now)) }
            #expect(fault(at: now) == (now < 3500 ? nil : isFrozen ? .frozen : .silent), "at \(now)")
        }
    }

    @Test mutating func soundAloneThatStopsIsMissedInTime() {
        for now in stride(from: Int64(0), through: 6000, by: 20) {
            for event in [FeedEvent.video(Self.sample(now)), .audio(Self.sample(now))] {
                other.note(event, arrival: Self.at(now))
            }
            health.note(.video(Self.sample(now)), arrival: Self.at(now))
            if now <= 2000 { health.note(.audio(Self.sample(now)), arrival: Self.at(now)) }
            #expect(fault(at: now) == (now < 3500 ? nil : .noSound), "at \(now)")
        }
    }

    @Test mutating func aTrackIsNotMissedThatNeitherHasHad() {
        health.note(.video(Self.sample(0)), arrival: Self.at(3000))
        #expect(fault(at: 3000) == nil)
        health = InputHealth()
        health.open(at: Self.at(0))
        health.note(.audio(Self.sample(0)), arrival: Self.at(3000))
        #expect(fault(at: 3000) == nil)
    }

    @Test func aSecondOfPublishingIsEnoughToKnowItsTracks() {
        #expect(!health.hasLasted(.milliseconds(1000), at: Self.at(999)))
        #expect(health.hasLasted(.milliseconds(1000), at: Self.at(1000)))
        #expect(!InputHealth().hasLasted(.zero, at: Self.at(1000)))
    }
}
