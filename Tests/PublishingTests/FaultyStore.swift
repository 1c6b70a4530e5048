import Bytes
import ObjectStore
import Runtime

/// A store with planted faults around a real one.
final class FaultyStore: ObjectStore {
    /// What a writer asks of it.
    enum Operation: Sendable, Equatable {
        case create, append
    }

    /// Whether that operation fails, and with what. The number counts the operations from 0.
    typealias Fault = @Sendable (_ number: Int, _ operation: Operation, _ key: ObjectKey) -> StoreError?

    private struct State {
        var fault: Fault?
        var isBlocked = false
        var held = 0
        var operations = 0
        var removal: @Sendable (ObjectKey) -> Void = { _ in }
        var failures = 0
    }

    private let store: any ObjectStore
    private let state = Monitor(State())

    init(_ store: any ObjectStore, fault: Fault? = nil) {
        self.store = store
        state.withLock { $0.fault = fault }
    }

    /// How often it has failed.
    var failures: Int { state.withLock { $0.failures } }

    /// How many operations were asked of it.
    var operations: Int { state.withLock { $0.operations } }

    /// What fails from now on.
    func plant(_ fault: Fault?) { state.withLock { $0.fault = fault } }

    /// Tells `body` of every removal, before it is done.
    func watchRemovals(_ body: @escaping @Sendable (ObjectKey) -> Void) { state.withLock { $0.removal = body } }

    /// Lets nothing be done, or goes on.
    func block(_ isBlocked: Bool) {
        state.signal { state in
            state.isBlocked = isBlocked
            state.held = 0
        }
    }

    /// True when somebody waits for it to go on.
    var isHolding: Bool { state.withLock { $0.held > 0 } }

    fileprivate func pass(_ operation: Operation, _ key: ObjectKey) throws(StoreError) {
        state.withLock { $0.held += $0.isBlocked ? 1 : 0 }
        state.wait(for: .seconds(60)) { !$0.isBlocked }
        let error = state.withLock { state -> StoreError? in
            defer { state.operations += 1 }
            guard let error = state.fault?(state.operations, operation, key) else { return nil }
            state.failures += 1
            return error
        }
        if let error { throw error }
    }

    func create(_ key: ObjectKey) throws(StoreError) -> any ObjectWriter {
        try pass(.create, key)
        return FaultyWriter(try store.create(key), key: key, of: self)
    }

    func resume(_ key: ObjectKey, at length: Int) throws(StoreError) -> any ObjectWriter {
        FaultyWriter(try store.resume(key, at: length), key: key, of: self)
    }

    func open(_ key: ObjectKey) throws(StoreError) -> StoredObject { try store.open(key) }

    func names(below key: ObjectKey) throws(StoreError) -> [String] { try store.names(below: key) }

    func remove(_ key: ObjectKey) throws(StoreError) {
        state.withLock { $0.removal }(key)
        try store.remove(key)
    }
}

private final class FaultyWriter: ObjectWriter {
    private let writer: any ObjectWriter
    private let key: ObjectKey
    private let store: FaultyStore

    init(_ writer: any ObjectWriter, key: ObjectKey, of store: FaultyStore) {
        self.writer = writer
        self.key = key
        self.store = store
    }

    var length: Int { writer.length }

    func append(_ chunks: [ByteChunk]) throws(StoreError) {
        try store.pass(.append, key)
        try writer.append(chunks)
    }
}
