import Crypto
import Glibc
import Testing

/// Both ends of a connection, and what is between them.
final class TLSPair {
    let client: TLSClientConnection
    let server: TLSServerConnection
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    private let piece: Int
    private let descriptors: [Int32]

    /// How the next read of a connection ends.
    static func step(of connection: TLSServerConnection) -> TLSServerConnection.Step {
        withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 16) { connection.read(into: $0) }
    }

    /// What goes to the server goes in pieces of that size.
    init(_ server: TLSServer, piece: Int = 65_536) throws {
        self.piece = piece
        var ends: [Int32] = [-1, -1]
        socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends)
        descriptors = ends
        let client = try #require(TLSClient(verifies: false))
        self.client = try #require(TLSClientConnection(client, descriptor: ends[0], host: "localhost"))
        self.server = try #require(TLSServerConnection(server))
    }

    deinit {
        for descriptor in descriptors { close(descriptor) }
        buffer.deallocate()
    }

    func takeFromClient() -> [UInt8] {
        var bytes: [UInt8] = []
        while case let count = recv(descriptors[1], buffer.baseAddress, buffer.count, 0), count > 0 {
            bytes += buffer[..<count]
        }
        return bytes
    }

    /// What comes out of the server when it has what the client has sent.
    @discardableResult
    func received() -> (bytes: [UInt8], end: TLSServerConnection.Step) {
        var (bytes, last) = ([UInt8](), TLSServerConnection.Step.wantsBytes)
        let sent = takeFromClient()
        for start in stride(from: 0, to: sent.count, by: piece) {
            sent.withUnsafeBytes {
                server.receive(UnsafeRawBufferPointer(rebasing: $0[start..<min(start + piece, sent.count)]))
            }
            last = server.read(into: buffer)
            while case .done(let count) = last {
                bytes += buffer[..<count]
                last = server.read(into: buffer)
            }
        }
        return (bytes, last)
    }

    /// Carries what the server has for the client.
    func carryBack() {
        let output = server.takeOutput()
        #expect(Glibc.send(descriptors[1], output, output.count, 0) == output.count)
    }

    func shakeHands() throws {
        for _ in 0..<10 {
            if client.handshake() == .done(1), server.isEstablished { return }
            received()
            carryBack()
        }
        Issue.record("the handshake does not end")
    }

    func send(_ bytes: [UInt8]) -> Int {
        var sent = 0
        while sent < bytes.count {
            let step = bytes.withUnsafeBytes { client.write(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
            guard case .done(let count) = step else { break }
            sent += count
        }
        return sent
    }

    /// The next bytes that the client gets.
    func heard(_ count: Int) throws -> [UInt8] {
        carryBack()
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard case .done(let more) = client.read(into: buffer) else { break }
            bytes += buffer[..<more]
        }
        return bytes
    }
}
