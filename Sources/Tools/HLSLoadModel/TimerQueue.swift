/// What is to be done at which time, the earliest first (a binary heap).
public struct TimerQueue<Action: Sendable>: Sendable {
    private var heap: [(due: Int64, action: Action)] = []

    /// An empty queue.
    public init() {}

    /// When the earliest action is due.
    public var nextDue: Int64? { heap.first?.due }

    /// Adds an action that is due at `due`.
    public mutating func add(_ action: Action, due: Int64) {
        var index = heap.count
        heap.append((due, action))
        while index > 0, heap[(index - 1) / 2].due > heap[index].due {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    /// Takes the earliest action out when it is due at `now`.
    public mutating func removeDue(at now: Int64) -> (due: Int64, action: Action)? {
        guard let first = heap.first, first.due <= now else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count && heap[child].due < heap[least].due {
                least = child
            }
            guard least != index else { return first }
            heap.swapAt(index, least)
            index = least
        }
    }
}
