import Bytes
import Ingest
import Media
import Packaging
import Testing
import Time

@testable import Channels

/// Pictures that refer to one that is missing are not shown.
@Suite struct MissingPictureTests {
    private let now = Instant(nanoseconds: 0)

    @Test(
        arguments: [
            ([.dependent, .sync, .dependent], [false, true, true]),
            ([.dependent, .openSync, .leading, .dependent], [false, true, false, true]),
            ([.openSync, .leading, .openSync, .leading], [true, false, true, true]),
            ([.leading, .sync, .leading], [false, true, true]),
        ] as [([SampleAccess], [Bool])])
    func nothingIsShownBeforeTheNextKeyFrame(pictures: [SampleAccess], shown: [Bool]) {
        var chain = PictureChain()
        chain.lose(.dependent)
        #expect(pictures.map { chain.admits($0) } == shown)
    }

    @Test func noneReferToALeadingPicture() {
        var chain = PictureChain()
        chain.lose(.leading)
        #expect(chain.admits(.dependent) && chain.admits(.leading))
    }

    /// Pictures of 40 ms in groups of ten; `other` comes after the one of 2000 ms. The times of what is shown after it.
    private func shown(after other: Sample) -> [Int64] {
        var session = SessionBench.session(hasAudio: false)
        var times: [Int64] = []
        func take(_ sample: Sample) {
            for case .media(.video(let shown, _)) in session.take(.video(sample), arrival: now + .milliseconds(2000)) {
                times.append(shown.decodeTime.value)
            }
        }
        for time in stride(from: Int64(0), through: 2000, by: 40) {
            take(SessionBench.sample(time, bytes: Int(time) + 1, isSync: time % 400 == 0))
        }
        times = []
        take(other)
        for time in stride(from: Int64(2040), through: 2440, by: 40) {
            take(SessionBench.sample(time, isSync: time % 400 == 0))
        }
        return times
    }

    @Test func picturesAfterALateOneWaitForAKeyFrame() {
        #expect(shown(after: SessionBench.sample(1990)) == [2400, 2440])
        #expect(shown(after: SessionBench.sample(1600)) == [2400, 2440])
    }

    @Test func picturesAfterOneThatCameBeforeGoOn() {
        let all = Array(stride(from: Int64(2040), through: 2440, by: 40))
        #expect(shown(after: SessionBench.sample(1600, bytes: 1601, isSync: true)) == all)
        #expect(shown(after: SessionBench.sample(1960, bytes: 1961)) == all)
    }

    @Test func samplesDifferByTheirSizeAndTheirBytes() {
        let prints = [[0, 1, 2], [0, 1], [0, 1, 3], [1, 1, 2], Array(0...200), Array(1...201), []].map { bytes in
            Sample(
                data: ByteChunk(bytes.map(UInt8.init)), decodeTime: .zero, presentationTime: .zero, isSync: true
            ).fingerprint
        }
        #expect(Set(prints).count == prints.count)
    }
}
