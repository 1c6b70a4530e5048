import CSRT
import Glibc
import Locks
import Runtime
import Sockets
import Telemetry
import Testing

@testable import SRT

extension SRTTests {
    /// Who is let in, on which port, and who learns of it.
    @Suite(.timeLimit(.minutes(30))) struct ListenerTests {
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

        @Test(arguments: ["127.0.0.1", "::"])
        func aPortIsFreeAgainForThisProcessAtOnce(host: String) throws {
            let reception = try Reception(host: host)
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
            #expect(reception.next(within: .milliseconds(50)) == nil && reception.faults.isEmpty)
        }

        @Test(arguments: SRTKeyLength.allCases)
        func theCallerChoosesTheLengthOfTheKey(length: SRTKeyLength) throws {
            let reception = try Reception { _ in .accept(passphrase: Secret(SRTTests.passphrase)) }
            defer { reception.end() }
            let caller = try SRTSocket.connect(
                to: SRTAddress(port: reception.port, passphrase: SRTTests.passphrase, keyLength: length))
            let socket = try #require(reception.next())
            #expect(socket.keyLength == length)
            caller.send(Array("hello".utf8))
            #expect(socket.read().bytes == Array("hello".utf8))
            for socket in [caller, socket] { socket.close() }
        }

        @Test(
            arguments: [
                (listener: Secret?.none, caller: String?.none, refusal: SRTRejection?.none),
                (Secret(SRTTests.passphrase), SRTTests.passphrase, nil),
                (Secret(SRTTests.passphrase), "another passphrase", .badSecret),
                (Secret(SRTTests.passphrase), nil, .unsecure), (nil, SRTTests.passphrase, .unsecure),
                (Secret("too short"), SRTTests.passphrase, .internalError),
                (Secret(""), nil, .internalError), (Secret(""), SRTTests.passphrase, .internalError),
                (Secret("ten bytes\0 and more"), SRTTests.passphrase, .internalError),
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
            let fault: SRTHandshakeFault =
                switch refusal {
                case .badSecret: .wrongPassphrase
                case .unsecure: listener == nil ? .unexpectedPassphrase : .missingPassphrase
                default: .other(refusal)
                }
            #expect(reception.faults == [fault] && fault.rejection == refusal)
        }

        @Test func whoIsNotInLiveModeIsHeardOf() throws {
            let reception = try Reception()
            defer { reception.end() }
            let handle = try SRTHandle.open()
            defer { handle.close() }
            try handle.set(SRTO_TRANSTYPE, "transtype", Int32(SRTT_FILE.rawValue))
            let target = reception.listener.address
            #expect(target.withSystemAddress { srt_connect(handle.number, $0, Int32($1)) } == -1)
            let reason = SRTRejection(rawValue: srt_getrejectreason(handle.number))
            #expect(reason == SRTRejection(rawValue: Int32(SRT_REJ_MESSAGEAPI.rawValue)))
            #expect(reception.faults == [.other(reason)])
        }

        @Test func eachListenerHearsOfItsOwnCallers() throws {
            let receptions = try [SRTTests.passphrase, "another passphrase", nil].map { passphrase in
                try Reception { _ in .accept(passphrase: passphrase.map { Secret($0) }) }
            }
            defer { for reception in receptions { reception.end() } }
            // The first one's caller is let in, and the others' are not.
            let addresses = receptions.map { SRTAddress(port: $0.port, passphrase: SRTTests.passphrase) }
            let caller = try SRTSocket.connect(to: addresses[0])
            for address in addresses.dropFirst() {
                #expect(throws: SRTError.self) { try SRTSocket.connect(to: address) }
            }
            #expect(receptions.map(\.faults) == [[], [.wrongPassphrase], [.unexpectedPassphrase]])
            caller.close()
        }

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
    }
}
