import CSRT
import Glibc
import Ingest
import Sockets
import Telemetry
import Testing

@testable import SRT

extension ListenerBench {
    /// Publishers over SRT, at a port of their own.
    func runSRT(
        limit: Int = 1024, options: SRTOptions = SRTOptions(), _ body: (UInt16, SRTPublishers) throws -> Void
    ) throws {
        let publishers = try SRTPublishers(
            SocketAddress(host: "127.0.0.1", port: 0), options: options, gate: gate, logger: Logger(sink: lines),
            metrics: IngestMetrics(registry), transportMetrics: TransportMetrics(registry), connectionLimit: limit,
            clock: clock)
        publishers.start()
        defer { publishers.stop() }
        try body(publishers.address.port, publishers)
    }

    /// The figure of that metric, with its labels; nothing where there is none.
    func figure(_ name: String) -> Double? {
        let line = registry.prometheusText().split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line.flatMap { Double($0.split(separator: " ").last ?? "") }
    }
}

extension SRTSocket {
    /// A caller of this machine.
    static func call(_ port: UInt16, _ streamID: String = "secret", passphrase: String? = nil) throws -> SRTSocket {
        var address = SRTAddress(host: "127.0.0.1", port: port)
        address.streamID = Array(streamID.utf8)
        address.passphrase = passphrase.map { Secret($0) }
        address.timeout = .seconds(20)
        return try connect(to: address)
    }

    /// The number of a caller of this machine that wants its packets to be held for so long.
    static func call(_ port: UInt16, wishing latency: Duration) throws -> SRTSOCKET {
        let handle = try SRTHandle.open()
        try handle.set(SRTO_STREAMID, "streamid", Array("secret".utf8))
        try handle.set(SRTO_PEERLATENCY, "peerlatency", latency.milliseconds)
        let target = SocketAddress(host: "127.0.0.1", port: port)
        #expect(target.withSystemAddress { srt_connect(handle.number, $0, Int32($1)) } == 0)
        return handle.number
    }

    /// Sends a stream, in messages of seven packets, as fast as it can.
    func send(_ bytes: [UInt8]) {
        var position = 0
        while position < bytes.count {
            let end = min(position + 1316, bytes.count)
            let sent = bytes[position..<end].withUnsafeBytes {
                srt_sendmsg(handle.number, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count), -1, 1)
            }
            guard sent > 0 else { return }
            position = end
        }
    }

    /// True when the other end closes the connection within a minute.
    func isOver() -> Bool {
        for _ in 0..<600 {
            if case .closed = poll() { return true }
            usleep(100_000)
        }
        return false
    }

    /// What is to be read at this moment.
    func poll(for time: Duration = .milliseconds(50)) -> SRTRead {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { buffer.deallocate() }
        return receive(into: buffer, timeout: time)
    }
}
