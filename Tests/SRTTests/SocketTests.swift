import CSRT
import Glibc
import Locks
import Runtime
import Sockets
import Telemetry
import Testing

@testable import SRT

/// All that has connections: one test after the other, since one of them looks at what libsrt holds.
@Suite(.serialized) enum SRTTests {}

extension SRTTests {
    @Suite(.timeLimit(.minutes(30))) struct SocketTests {
        static let passphrase = "correct-horse-battery"

        @Test(arguments: ["127.0.0.1", "0.0.0.0", "::1", "::"])
        func aFreePortIsFoundAndServesItsFamilies(host: String) throws {
            let reception = try Reception(host: host)
            defer { reception.end() }
            #expect(reception.port > 0 && reception.listener.address.host == host)
            let hosts =
                switch host {
                case "::": ["127.0.0.1", "::1"]
                case "::1": ["::1"]
                default: ["127.0.0.1"]
                }
            for host in hosts {
                let caller = try SRTSocket.connect(to: SRTAddress(host: host, port: reception.port))
                let socket = try #require(reception.next())
                #expect(socket.peer.host == host && socket.peer.port > 0)
                #expect(caller.peer == SocketAddress(host: host, port: reception.port))
                caller.close()
                socket.close()
            }
        }

        @Test func aTakenPortSaysSo() throws {
            let reception = try Reception()
            defer { reception.end() }
            #expect(throws: SRTError.addressInUse("127.0.0.1:\(reception.port)")) {
                try SRTListener(reception.listener.address) { _ in .accept() }
            }
            let other = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
            defer { close(other) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = bind(other, $0, size)
                    _ = getsockname(other, $0, &size)
                }
            }
            let taken = SocketAddress(host: "127.0.0.1", port: UInt16(bigEndian: address.sin_port))
            #expect(throws: SRTError.addressInUse("\(taken)")) { try SRTListener(taken) { _ in .accept() } }
        }

        @Test func aPortIsFreeAgainForThisProcessAtOnce() throws {
            let reception = try Reception()
            let caller = try SRTSocket.connect(to: SRTAddress(port: reception.port))
            let socket = try #require(reception.next())
            reception.end()
            let second = try SRTListener(reception.listener.address) { _ in .refuse(.down) }
            #expect(throws: SRTError.refused(.down)) { try SRTSocket.connect(to: SRTAddress(port: reception.port)) }
            caller.send([1, 2, 3])
            #expect(socket.read().bytes == [1, 2, 3])
            second.shutDown()
            for socket in [caller, socket] { socket.close() }
        }

        @Test func whoCallsIsKnown() throws {
            let requests = Mutex<[SRTCallRequest]>([])
            let longest = "#!::r=" + String(repeating: "é", count: 253)
            let reception = try Reception { request in
                requests.withLock { $0.append(request) }
                return .accept()
            }
            defer { reception.end() }
            for sent in [longest, "short", ""] {
                let caller = try SRTSocket.connect(to: SRTAddress(port: reception.port, streamID: sent))
                let socket = try #require(reception.next())
                let request = try #require(requests.withLock { $0.last })
                #expect(request.streamID == Array(sent.utf8) && socket.streamID == request.streamID)
                #expect(
                    request.handshakeVersion == 5 && request.peer == socket.peer && request.peer.host == "127.0.0.1")
                caller.close()
                socket.close()
            }
        }

        static let refusals: [SRTRejection] = [
            .badRequest, .unauthorized, .overload, .forbidden, .notFound, .badMode, .conflict, .internalError,
            .unimplemented,
            .down, SRTRejection(rawValue: 2042),
        ]

        @Test(arguments: refusals)
        func aRefusedCallerLearnsWhy(reason: SRTRejection) throws {
            let reception = try Reception { _ in .refuse(reason) }
            defer { reception.end() }
            #expect(throws: SRTError.refused(reason)) { try SRTSocket.connect(to: SRTAddress(port: reception.port)) }
            #expect(reception.next(within: .milliseconds(50)) == nil)
        }

        @Test func nobodyThereIsATimeout() throws {
            let reception = try Reception()
            let port = reception.port
            reception.end()
            var address = SRTAddress(port: port)
            address.timeout = .milliseconds(300)
            #expect(throws: SRTError.timedOut) { try SRTSocket.connect(to: address) }
            #expect(throws: SRTError.unknownHost("nowhere.invalid")) {
                try SRTSocket.connect(to: SRTAddress(host: "nowhere.invalid", port: 1))
            }
        }

        // MARK: Encryption

        @Test(arguments: SRTKeyLength.allCases)
        func theCallerChoosesTheLengthOfTheKey(length: SRTKeyLength) throws {
            let reception = try Reception { _ in .accept(passphrase: Secret(Self.passphrase)) }
            defer { reception.end() }
            let caller = try SRTSocket.connect(
                to: SRTAddress(port: reception.port, passphrase: Self.passphrase, keyLength: length))
            let socket = try #require(reception.next())
            #expect(socket.keyLength == length)
            caller.send(Array("hello".utf8))
            #expect(socket.read().bytes == Array("hello".utf8))
            for socket in [caller, socket] { socket.close() }
        }

        @Test(
            arguments: [
                (listener: Secret?.none, caller: String?.none, refusal: SRTRejection?.none),
                (Secret(passphrase), passphrase, nil), (Secret(passphrase), "another passphrase", .badSecret),
                (Secret(passphrase), nil, .unsecure), (nil, passphrase, .unsecure),
                (Secret("too short"), passphrase, .internalError),
                (Secret(""), nil, .internalError), (Secret(""), passphrase, .internalError),
                (Secret("ten bytes\0 and more"), passphrase, .internalError),
                (Secret(String(repeating: "p", count: 80)), String(repeating: "p", count: 80), nil),
                (Secret(String(repeating: "p", count: 81)), nil, .internalError),
            ] as [(Secret<String>?, String?, SRTRejection?)])
        func bothEndsEncryptAlikeOrAreNotConnected(listener: Secret<String>?, caller: String?, refusal: SRTRejection?)
            throws
        {
            let reception = try Reception { _ in .accept(passphrase: listener) }
            defer { reception.end() }
            let address = SRTAddress(port: reception.port, passphrase: caller)
            guard let refusal else {
                let caller = try SRTSocket.connect(to: address)
                let socket = try #require(reception.next())
                #expect((socket.keyLength == .bits128) == (listener != nil))
                #expect((socket.keyLength == nil) == (listener == nil))
                for socket in [caller, socket] { socket.close() }
                return
            }
            #expect(throws: SRTError.refused(refusal)) { try SRTSocket.connect(to: address) }
            #expect(reception.next(within: .milliseconds(50)) == nil)
        }

        // MARK: Latency

        @Test(arguments: [(own: 120, decided: Int?.none, callers: 120), (120, 300, 20), (20, nil, 400), (500, 40, 40)])
        func theLongerLatencyCounts(own: Int, decided: Int?, callers: Int) throws {
            var options = SRTOptions()
            options.latency = .milliseconds(own)
            let reception = try Reception(options: options) { _ in
                .accept(latency: decided.map { .milliseconds($0) })
            }
            defer { reception.end() }
            let handle = try SRTHandle.open()
            defer { handle.close() }
            try handle.set(SRTO_PEERLATENCY, "peerlatency", Int32(callers))
            let target = reception.listener.address
            #expect(target.withSystemAddress { srt_connect(handle.number, $0, Int32($1)) } == 0)
            let socket = try #require(reception.next())
            #expect(socket.latency == .milliseconds(max(decided ?? own, callers)))
            #expect(socket.statistics()?.gauges.latencyMilliseconds == socket.latency.milliseconds)
            socket.close()
        }

        @Test func theBufferHoldsWhatComesInWithinTheLatency() throws {
            var options = SRTOptions()
            options.latency = .seconds(1)
            options.maximumBitrate = 400
            let reception = try Reception(options: options)
            defer { reception.end() }
            let caller = try SRTSocket.connect(to: SRTAddress(port: reception.port))
            let socket = try #require(reception.next())
            // 1.5 s of it, a long round trip included, in packets of 1316 bytes, in places for 1472.
            #expect(options.packets == 56_990)
            #expect(socket.handle.get(SRTO_RCVBUF) == 56_990 * 1472 && socket.handle.get(SRTO_FC) == 56_990)
            for socket in [caller, socket] { socket.close() }
        }

        // MARK: Reading

        @Test func messagesOfAllSizesComeWholeAndInOrder() throws {
            let reception = try Reception()
            defer { reception.end() }
            let caller = try SRTSocket.connect(to: SRTAddress(port: reception.port))
            let socket = try #require(reception.next())
            let sizes = [1, 187, 188, 376, 1128, 1316, 1317, 1400, 1456]
            let messages = (0..<90).map { [UInt8](repeating: UInt8($0), count: sizes[$0 % sizes.count]) }
            for message in messages { #expect(caller.send(message)) }
            let expected = messages.flatMap { $0 }
            #expect(socket.read(count: expected.count) == expected)
            for socket in [caller, socket] { socket.close() }
        }

        @Test func aReadTakesWhatHasGathered() throws {
            let reception = try Reception()
            defer { reception.end() }
            let caller = try SRTSocket.connect(to: SRTAddress(port: reception.port))
            let socket = try #require(reception.next())
            for number in 0..<40 { caller.send([UInt8](repeating: UInt8(number), count: 188)) }
            usleep(500_000)
            let (_, first) = socket.read(upTo: 1456 + 188)
            // The second would still have fitted when it was asked for, the third might not have.
            #expect(first.count == 2 * 188)
            let (_, rest) = socket.read()
            #expect(rest.count == 38 * 188 && rest.first == 2)
            for socket in [caller, socket] { socket.close() }
        }

        @Test func aReadGivesUpInTime() throws {
            let reception = try Reception()
            defer { reception.end() }
            let caller = try SRTSocket.connect(to: SRTAddress(port: reception.port))
            let socket = try #require(reception.next())
            for timeout in [0, 20, 400] {
                let time = ContinuousClock().measure {
                    #expect(socket.read(timeout: .milliseconds(timeout)).result == .timedOut)
                }
                #expect(time >= .milliseconds(timeout))
            }
            caller.send([1])
            #expect(socket.read().bytes == [1])
            for socket in [caller, socket] { socket.close() }
        }

        @Test func nothingIsHandedOutBeforeItsTime() throws {
            var options = SRTOptions()
            options.latency = .milliseconds(600)
            let reception = try Reception(options: options)
            defer { reception.end() }
            let caller = try SRTSocket.connect(to: SRTAddress(port: reception.port))
            let socket = try #require(reception.next())
            let time = ContinuousClock().measure {
                caller.send([1])
                var bytes: [UInt8] = []
                for _ in 0..<200 where bytes.isEmpty { bytes = socket.read(timeout: .milliseconds(100)).bytes }
                #expect(bytes == [1])
            }
            #expect(time > .milliseconds(590))
            for socket in [caller, socket] { socket.close() }
        }

        @Test(arguments: [0, 200])
        func closingEndsARead(milliseconds: Int) throws {
            let reception = try Reception()
            defer { reception.end() }
            let caller = try SRTSocket.connect(to: SRTAddress(port: reception.port))
            let socket = try #require(reception.next())
            // libsrt may overlook what is the very first packet of a connection, also when it says that it is over.
            caller.send([1])
            #expect(socket.read().bytes == [1])
            let result = Monitor<SRTRead?>(nil)
            let thread = NamedThread("read") {
                let (read, _) = socket.read(timeout: .seconds(3600))
                result.signal { $0 = read }
            }
            usleep(UInt32(milliseconds * 1000))
            socket.close()
            #expect(result.wait(for: .seconds(60)) { $0 == .closed(.closedHere) })
            thread.join()
            #expect(socket.read().result == .closed(.closedHere) && socket.statistics() == nil)
            #expect(caller.read().result == .closed(.closedThere))
            socket.close()
            caller.close()
        }

        @Test func nothingIsLostWhenTheOtherEndCloses() throws {
            var options = SRTOptions()
            options.latency = .milliseconds(800)
            let reception = try Reception(options: options)
            defer { reception.end() }
            let caller = try SRTSocket.connect(to: SRTAddress(port: reception.port))
            let socket = try #require(reception.next())
            for number in 0..<20 {
                caller.send([UInt8](repeating: UInt8(number), count: 1316))
                usleep(5_000)
            }
            usleep(50_000)
            caller.close()
            #expect(socket.read(count: 20 * 1316).count == 20 * 1316)
            #expect(socket.read().result == .closed(.closedThere))
            socket.close()
        }

        // MARK: The end of a listener

        @Test(arguments: [0, 200])
        func shuttingDownEndsAccept(milliseconds: Int) throws {
            let listener = try SRTListener(SocketAddress(host: "127.0.0.1", port: 0)) { _ in .accept() }
            let isOver = Monitor(false)
            let thread = NamedThread("accept") {
                while listener.accept() != nil {}
                isOver.signal { $0 = true }
            }
            usleep(UInt32(milliseconds * 1000))
            listener.shutDown()
            #expect(isOver.wait(for: .seconds(60)) { $0 })
            thread.join()
            #expect(listener.accept() == nil)
            listener.shutDown()
        }

        @Test func noDecisionIsAskedForAfterTheEnd() throws {
            final class Marker: Sendable {}
            weak var gone: Marker?
            do {
                let marker = Marker()
                gone = marker
                let reception = try Reception { _ in
                    withExtendedLifetime(marker) { .accept() }
                }
                let caller = try SRTSocket.connect(to: SRTAddress(port: reception.port))
                reception.end()
                caller.close()
            }
            #expect(gone == nil)
        }

        // MARK: Statistics

        @Test func statisticsTellWhatCame() throws {
            let reception = try Reception { _ in .accept(passphrase: Secret(Self.passphrase)) }
            defer { reception.end() }
            let caller = try SRTSocket.connect(to: SRTAddress(port: reception.port, passphrase: Self.passphrase))
            let socket = try #require(reception.next())
            #expect(socket.statistics()?.totals == SRTStatistics.Totals())
            for _ in 0..<50 {
                caller.send([UInt8](repeating: 1, count: 1316))
                usleep(1000)
            }
            var most: Int32 = 0
            for _ in 0..<2000 {
                let gauges = try #require(socket.statistics()?.gauges)
                most = max(most, gauges.bufferedPackets)
                if gauges.bufferedPackets == 50 {
                    #expect(gauges.bufferedBytes == 50 * 1316 && gauges.bufferedMilliseconds > 10)
                    #expect(gauges.availableBytes > 0)
                    break
                }
                usleep(1000)
            }
            #expect(most == 50)
            #expect(socket.read(count: 50 * 1316).count == 50 * 1316)
            let statistics = try #require(socket.statistics())
            #expect(statistics.totals.uniquePacketsReceived == 50 && statistics.totals.packetsReceived >= 50)
            #expect(statistics.totals.bytesReceived >= 50 * (1316 + 16 + 28))
            #expect(statistics.totals.packetsUndecrypted == 0 && statistics.totals.packetsDropped == 0)
            #expect(statistics.gauges.bufferedPackets == 0 && statistics.gauges.roundTripMilliseconds > 0)
            #expect(statistics.gauges.receiveMegabits > 0 && statistics.gauges.latencyMilliseconds == 120)
            for socket in [caller, socket] { socket.close() }
        }

        // MARK: What stays

        @Test func connectionsComeAndGoAndLeaveNothing() throws {
            let reception = try Reception { _ in .accept(passphrase: Secret(Self.passphrase)) }
            defer { reception.end() }
            let address = SRTAddress(port: reception.port, passphrase: Self.passphrase)
            func visit(_ count: Int) throws {
                for _ in 0..<count {
                    let caller = try SRTSocket.connect(to: address)
                    let socket = try #require(reception.next())
                    caller.send([1, 2, 3])
                    #expect(socket.read().bytes == [1, 2, 3])
                    caller.close()
                    socket.close()
                }
            }
            // libsrt frees a socket and its thread some seconds after it was closed, and so a port that nobody uses any
            // more: then there are the thread that tidies up, and two for the port.
            func settle() -> Bool {
                for _ in 0..<300 where Holdings.threads > 3 { usleep(100_000) }
                return Holdings.threads == 3
            }
            #expect(settle())
            // Foundation has some, too.
            let ports = Holdings.ports
            try visit(50)
            #expect(Holdings.threads > 10 && Holdings.ports > ports)
            #expect(settle())
            #expect(Holdings.ports == ports)
        }

        @Test func libsrtTellsWhatItIsAskedToTell() throws {
            let heard = Mutex<[SRTLibrary.Message]>([])
            SRTLibrary.listen(from: .error) { message in heard.withLock { $0.append(message) } }
            defer { SRTLibrary.listen(from: .critical) { _ in } }
            let reception = try Reception { _ in .accept(passphrase: Secret(Self.passphrase)) }
            defer { reception.end() }
            #expect(throws: SRTError.refused(.unsecure)) { try SRTSocket.connect(to: SRTAddress(port: reception.port)) }
            let messages = heard.withLock { $0 }
            #expect(messages.contains { $0.text.contains("Agent declares encryption") && $0.severity == .error })
            #expect(messages.allSatisfy { !$0.text.contains("\n") && !$0.text.contains(Self.passphrase) })
        }

        /// Another libsrt may be in the process: libavformat brings one with GnuTLS.
        @Test func noNameOfLibsrtIsVisible() throws {
            let other = dlopen("libsrt-gnutls.so.1.5", RTLD_NOW | RTLD_GLOBAL)
            let start = try #require(dlsym(other, "srt_startup"))
            #expect(dlsym(nil, "srt_startup") == start, "what is visible is the other one's")
            // The other one is started as well, and cleans up as well when the process exits.
            let started = unsafeBitCast(start, to: (@convention(c) () -> Int32).self)()
            #expect(started >= 0)
            try theCallerChoosesTheLengthOfTheKey(length: .bits256)
        }
    }
}
