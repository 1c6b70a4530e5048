import Glibc
import Ingest
import Locks
import SRT
import Telemetry
import Testing
import Time

/// SRT callers who were let in, and about whom somebody is being asked.
@Suite(.serialized, .timeLimit(.minutes(30))) struct SRTWaitingTests {
    let bench = ListenerBench()

    /// An answer that publishers wait for until it is given.
    private final class Answer: Sendable {
        private let answer = Mutex<(isThere: Bool, refusal: PublishRefusal?)>((false, nil))

        func give(_ refusal: PublishRefusal?) { answer.withLock { $0 = (true, refusal) } }

        func wait() -> PublishRefusal? {
            while !answer.withLock({ $0.isThere }) { usleep(10_000) }
            return answer.withLock { $0.refusal }
        }
    }

    private func ask() -> Answer {
        let answer = Answer()
        bench.gate.state.withLock { $0.ask = { _ in answer.wait() } }
        return answer
    }

    private func isWaiting() -> Bool { bench.gate.state.withLock { $0.waiting } == 1 }

    /// With the times at which it would have come.
    @Test func whatComesMeanwhileIsKept() throws {
        let clip = try TransportClip.plain.get()
        let answer = ask()
        try bench.runSRT { port, _ in
            let caller = try SRTSocket.call(port)
            #expect(bench.eventually(isWaiting))
            caller.send(clip)
            #expect(caller.poll(for: .milliseconds(1200)) == .timedOut)
            #expect(bench.receivedBytes == 0 && bench.lines.count("ingest.accepted") == 0)
            answer.give(nil)
            #expect(bench.eventually { bench.receivedBytes == clip.count }, "\(bench.receivedBytes) of \(clip.count)")
            let kinds = bench.gate.kinds
            #expect(kinds.count { $0 == "V" } == 2, "\(kinds)")
            let arrivals = bench.gate.state.withLock { $0.arrivals }
            let longest = bench.clock.now - (arrivals.first ?? bench.clock.now)
            #expect(longest > .milliseconds(700), "\(longest)")
        }
    }

    @Test func whoIsRefusedIsClosedWithTheReasonInTheLog() throws {
        let answer = ask()
        try bench.runSRT { port, _ in
            let caller = try SRTSocket.call(port)
            caller.send(try TransportClip.plain.get())
            #expect(bench.eventually(isWaiting))
            answer.give(PublishRefusal(.webhookTimeout, "Try again later", detail: "no whole answer in time"))
            #expect(caller.isOver())
            bench.expectRefusal("webhook_timeout")
            #expect(bench.lines.count("\"detail\":\"no whole answer in time\"") == 1)
            #expect(bench.lines.count("ingest.accepted") == 0)
        }
    }

    @Test func whoLeavesIsNoticed() throws {
        bench.gate.neverAnswer()
        try bench.runSRT { port, _ in
            let caller = try SRTSocket.call(port)
            #expect(bench.eventually(isWaiting))
            caller.close()
            #expect(bench.eventually { bench.lines.count("ingest.closed") == 1 })
            #expect(bench.lines.count("\"reason\":\"closed\"") == 1 && bench.lines.count("ingest.refused") == 0)
        }
    }

    @Test func othersAreLetInMeanwhileAndAtTheEndNobodyWaits() throws {
        let clip = try TransportClip.plain.get()
        bench.gate.neverAnswer()
        try bench.runSRT { port, publishers in
            let waiting = try SRTSocket.call(port)
            #expect(bench.eventually(isWaiting))
            bench.gate.state.withLock { $0.ask = nil }
            let other = try SRTSocket.call(port)
            other.send(clip)
            #expect(bench.eventually { bench.receivedBytes == clip.count })
            publishers.stop()
            #expect(waiting.isOver() && other.isOver())
            #expect(bench.lines.count("The server is shutting down") == 2 && bench.lines.count("ingest.refused") == 0)
        }
    }

    static let longToken =
        "hw1.news.1800000000.1800000060.20010db8000000000000000000000000-32.\(String(repeating: "A-_z", count: 11))"

    @Test(arguments: [
        "#!::r=news,m=publish,token=", "publish:news:", "", "live/news?token=", "news,mode:publish,token:",
    ])
    func aTokenStandsWhereAKeyWould(prefix: String) throws {
        bench.gate.state.withLock { $0.key = Self.longToken }
        try bench.runSRT { port, _ in
            let caller = try SRTSocket.call(port, prefix + Self.longToken)
            #expect(bench.eventually { bench.lines.count("ingest.accepted") == 1 })
            #expect(bench.gate.state.withLock { $0.channels } == [prefix.isEmpty ? nil : "news"])
            #expect(bench.lines.count("hw1.") == 0)
            caller.close()
        }
    }

    static let rejections: [(PublishRefusal.Reason, SRTRejection)] = [
        (.tokenBadSignature, .unauthorized), (.tokenExpired, .forbidden), (.tokenNotYetValid, .forbidden),
        (.tokenOtherChannel, .forbidden), (.tokenWrongAddress, .forbidden),
    ]

    @Test(arguments: rejections.indices)
    func aTokenThatIsNotGoodIsRefusedByName(index: Int) throws {
        let (reason, rejection) = Self.rejections[index]
        bench.gate.state.withLock { $0.refusal = PublishRefusal(reason, "no") }
        try bench.runSRT { port, _ in
            #expect(throws: SRTError.refused(rejection)) { try SRTSocket.call(port, "publish:news:hw1.bad") }
            bench.expectRefusal(reason.rawValue)
            #expect(bench.lines.count("\(rejection)") == 1)
        }
    }

    @Test func whoIsHeldOffIsCountedAndNotLogged() throws {
        bench.gate.state.withLock { $0.refusal = PublishRefusal(.tooManyFailures, "no") }
        try bench.runSRT { port, _ in
            #expect(throws: SRTError.refused(.forbidden)) { try SRTSocket.call(port, "nobody") }
            #expect(
                bench.eventually {
                    bench.figure("headwater_ingest_refused_total{reason=\"too_many_failures\"}") ?? 0 > 0
                })
            #expect(bench.lines.count("too_many_failures") == 0)
        }
    }
}
