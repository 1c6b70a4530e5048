import Runtime
import Testing

@Suite(.timeLimit(.minutes(30))) struct MonitorTests {
    @Test func aWaitSeesWhatAnotherThreadSignals() {
        let monitor = Monitor(0)
        let thread = NamedThread("counter") {
            for _ in 0..<1000 { monitor.signal { $0 += 1 } }
        }
        #expect(monitor.wait(for: .seconds(60)) { $0 == 1000 })
        thread.join()
    }

    @Test func aWaitThatNothingEndsRunsOut() {
        let monitor = Monitor(false)
        #expect(!monitor.wait(for: .milliseconds(10)) { $0 })
    }

    @Test func theStateIsTouchedByOneThreadAtATime() {
        let monitor = Monitor(0)
        let threads = (0..<4).map { index in
            NamedThread("adder-\(index)") {
                for _ in 0..<10_000 { monitor.withLock { $0 += 1 } }
            }
        }
        for thread in threads { thread.join() }
        #expect(monitor.withLock { $0 } == 40_000)
    }
}
