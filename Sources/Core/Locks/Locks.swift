// `Mutex` and `Atomic` for all that runs on threads.
//
// They are the standard library's. Only in a build for ThreadSanitizer the mutex is one of pthread's: the sanitizer does
// not see the futex calls inside the standard library's, and would report races where there are none.

#if THREAD_SANITIZER
    internal import Glibc
    @_exported public import struct Synchronization.Atomic
    @_exported public import struct Synchronization.AtomicLoadOrdering
    @_exported public import struct Synchronization.AtomicStoreOrdering
    @_exported public import struct Synchronization.AtomicUpdateOrdering

    /// `Synchronization.Mutex`, over pthread's.
    public struct Mutex<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
        // The value is only touched between lock and unlock; both pointers are made once and freed once.
        private let mutex: UnsafeMutablePointer<pthread_mutex_t>
        private let value: UnsafeMutablePointer<Value>

        /// A mutex over `value`.
        public init(_ value: consuming sending Value) {
            mutex = .allocate(capacity: 1)
            pthread_mutex_init(mutex, nil)
            self.value = .allocate(capacity: 1)
            self.value.initialize(to: value)
        }

        deinit {
            value.deinitialize(count: 1)
            value.deallocate()
            pthread_mutex_destroy(mutex)
            mutex.deallocate()
        }

        /// Calls `body` with the value, alone.
        public borrowing func withLock<Result: ~Copyable, Failure: Error>(
            _ body: (inout sending Value) throws(Failure) -> sending Result
        ) throws(Failure) -> sending Result {
            pthread_mutex_lock(mutex)
            defer { pthread_mutex_unlock(mutex) }
            return try body(&value.pointee)
        }
    }
#else
    @_exported public import Synchronization
#endif
