import CSRT
import Glibc
import Locks
import Runtime
import Sockets
import Telemetry
import Testing

@testable import SRT

extension SRTTests {
    /// Calls, and what a connection brings.
    @Suite(.timeLimit(.minutes(30))) struct SocketTests {
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

        @Test func aCallIsGivenUpWhenItIsNotWanted() throws {
            let reception = try Reception()
            let port = reception.port
            reception.end()
            var address = SRTAddress(port: port)
            address.timeout = .seconds(60)
            let start = ContinuousClock.now
            #expect(throws: SRTError.givenUp) {
                try SRTSocket.connect(to: address, while: { ContinuousClock.now - start < .milliseconds(300) })
            }
            #expect((.milliseconds(300)..<Duration.seconds(30)).contains(ContinuousClock.now - start))
            #expect(throws: SRTError.givenUp) { try SRTSocket.connect(to: address, while: { false }) }
        }

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
            #expect(options.packets() == 56_990)
            #expect(socket.handle.get(SRTO_RCVBUF) == 56_990 * 1472 && socket.handle.get(SRTO_FC) == 56_990)
            for socket in [caller, socket] { socket.close() }
        }

        /// 8.5 s of 100 Mb/s in packets of 1316 bytes; no fewer than the least, and no fewer than those of the listener.
        @Test(arguments: [(120, 8000, 80_737), (120, 20, 16_384), (8000, 20, 80_737)])
        func theBufferIsMadeForTheLatencyThatIsDecided(own: Int, decided: Int, packets: Int32) throws {
            var options = SRTOptions()
            options.latency = .milliseconds(own)
            let reception = try Reception(options: options) { _ in .accept(latency: .milliseconds(decided)) }
            defer { reception.end() }
            let caller = try SRTSocket.connect(to: SRTAddress(port: reception.port))
            let socket = try #require(reception.next())
            #expect(socket.handle.get(SRTO_RCVBUF) == packets * 1472 && socket.handle.get(SRTO_FC) == packets)
            #expect(socket.bufferDuration > socket.latency && socket.bufferMegabits > 100)
            for socket in [caller, socket] { socket.close() }
        }

        @Test func aLatencyThatTheBufferIsTooShortForIsSeen() throws {
            let reception = try Reception()
            defer { reception.end() }
            let handle = try SRTHandle.open()
            defer { handle.close() }
            try handle.set(SRTO_PEERLATENCY, "peerlatency", Int32(8000))
            let target = reception.listener.address
            #expect(target.withSystemAddress { srt_connect(handle.number, $0, Int32($1)) } == 0)
            let socket = try #require(reception.next())
            #expect(socket.latency == .seconds(8))
            // 16384 packets of 1316 bytes are 172.5 megabits.
            #expect((.milliseconds(1724)..<Duration.milliseconds(1726)).contains(socket.bufferDuration))
            #expect((21.5..<21.6).contains(socket.bufferMegabits))
            socket.close()
        }

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

        @Test func soItDoesWhenTheOtherEndHasClosed() throws {
            let reception = try Reception()
            defer { reception.end() }
            let caller = try SRTSocket.connect(to: SRTAddress(port: reception.port))
            let socket = try #require(reception.next())
            for number in 0..<40 { caller.send([UInt8](repeating: UInt8(number), count: 188)) }
            usleep(50_000)
            caller.close()
            usleep(500_000)
            let (_, all) = socket.read()
            #expect(all.count == 40 * 188)
            #expect(socket.read().result == .closed(.closedThere))
            socket.close()
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

        @Test func statisticsTellWhatCame() throws {
            let reception = try Reception { _ in .accept(passphrase: Secret(SRTTests.passphrase)) }
            defer { reception.end() }
            let caller = try SRTSocket.connect(to: SRTAddress(port: reception.port, passphrase: SRTTests.passphrase))
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
    }
}
