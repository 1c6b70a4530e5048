import HLSLoadModel
import Testing

@Suite struct TimerQueueTests {
    @Test func actionsComeOutInTheOrderOfTheirTimes() {
        var queue = TimerQueue<Int>()
        for value in 0..<1000 { queue.add(value, due: Int64(value * 7919 % 1009)) }
        #expect(queue.nextDue == 0)
        var last: Int64 = -1
        for _ in 0..<1000 {
            guard let next = queue.removeDue(at: 2000) else { break }
            #expect(next.due >= last && next.due == Int64(next.action * 7919 % 1009))
            last = next.due
        }
        #expect(queue.nextDue == nil)
        #expect(queue.removeDue(at: .max) == nil)
    }

    @Test func nothingComesOutBeforeItsTime() {
        var queue = TimerQueue<Int>()
        queue.add(1, due: 10)
        #expect(queue.removeDue(at: 9) == nil)
        #expect(queue.removeDue(at: 10)?.action == 1)
    }
}
