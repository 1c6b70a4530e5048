import Glibc
import Telemetry
import Testing

@testable import SRT

extension SRTTests {
    /// What libsrt leaves behind, and what others see of it.
    @Suite(.timeLimit(.minutes(30))) struct LibraryTests {
        /// In a process of its own, since other tests have sockets too.
        @Test func connectionsComeAndGoAndLeaveNothing() async {
            await #expect(processExitsWith: .success) {
                let reception = try Reception { _ in .accept(passphrase: Secret(SRTTests.passphrase)) }
                defer { reception.end() }
                let address = SRTAddress(port: reception.port, passphrase: SRTTests.passphrase)
                // libsrt frees a socket and its thread some seconds after it was closed, and so a port that nobody uses any
                // more: then there are the thread that tidies up, and two for the port.
                func settle() -> Bool {
                    for _ in 0..<300 where Holdings.threads > 3 { usleep(100_000) }
                    return Holdings.threads == 3
                }
                // A port is ours until somebody calls.
                try #require(Holdings.threads == 1)
                let first = try SRTSocket.connect(to: address)
                try #require(reception.next()).close()
                first.close()
                try #require(settle())
                // Foundation has some, too.
                let ports = Holdings.ports
                for _ in 0..<50 {
                    let caller = try SRTSocket.connect(to: address)
                    let socket = try #require(reception.next())
                    caller.send([1, 2, 3])
                    try #require(socket.read().bytes == [1, 2, 3])
                    caller.close()
                    socket.close()
                }
                try #require(Holdings.threads > 10 && Holdings.ports > ports)
                try #require(settle())
                try #require(Holdings.ports == ports)
            }
        }

        /// Another libsrt may be in the process: libavformat brings one with GnuTLS.
        @Test func noNameOfLibsrtIsVisible() throws {
            let other = dlopen("libsrt-gnutls.so.1.5", RTLD_NOW | RTLD_GLOBAL)
            let start = try #require(dlsym(other, "srt_startup"))
            #expect(dlsym(nil, "srt_startup") == start, "what is visible is the other one's")
            // The other one is started as well, and cleans up as well when the process exits.
            let started = unsafeBitCast(start, to: (@convention(c) () -> Int32).self)()
            #expect(started >= 0)
            try ListenerTests().theCallerChoosesTheLengthOfTheKey(length: .bits256)
        }
    }
}
