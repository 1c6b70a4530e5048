import Bytes
import Glibc
import RTMP
import TestTools

/// An ffmpeg that publishes a test picture and a tone to a free port of this machine.
final class FFmpegPublisher {
    struct SystemError: Error {
        let call: String
        let code: Int32
    }

    private let listener: Int32
    private let tool: Tool

    /// Starts ffmpeg. `-re` among the codecs makes it send in real time.
    init(seconds: Int, codecs: [String]) throws {
        let listener = try Self.check("socket", socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        self.listener = listener
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                try Self.check("bind", bind(listener, pointer, size))
                try Self.check("listen", listen(listener, 1))
                try Self.check("getsockname", getsockname(listener, pointer, &size))
            }
        }
        Self.setTimeout(listener)

        let url = "rtmp://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/live/key?a=b"
        let pace = codecs.contains("-re") ? ["-re"] : []
        let video = pace + ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=\(seconds)"]
        let audio = pace + ["-f", "lavfi", "-i", "sine=sample_rate=48000:duration=\(seconds)"]
        tool = try Tool(
            "ffmpeg",
            ["-nostdin", "-loglevel", "error"] + video + audio + codecs.filter { $0 != "-re" } + ["-f", "flv", url])
    }

    deinit { close(listener) }

    /// Runs a session over ffmpeg's connection until ffmpeg closes it, or is told to go.
    func serve(
        limits: RTMPLimits = RTMPLimits(), apps: Set<String>? = nil,
        handle: (inout RTMPServerSession, RTMPEvent) -> Void
    ) throws {
        let connection = try Self.check("accept", accept(listener, nil, nil))
        defer { close(connection) }
        Self.setTimeout(connection)
        let random = [UInt8](repeating: 0x55, count: 1528)
        var session = RTMPServerSession(limits: limits, apps: apps, handshakeRandom: random)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else {
                // ffmpeg resets the connection when it has bytes of the server unread.
                if count == 0 || errno == ECONNRESET { return }
                throw SystemError(call: "recv", code: errno)
            }
            var events: [RTMPEvent] = []
            defer { send(session.takeOutput(), to: connection) }
            try session.receive(buffer.span.extracting(0..<count), into: &events)
            for event in events { handle(&session, event) }
        }
    }

    /// ffmpeg's exit status and what it logged.
    func wait() -> (status: Int32, log: String) {
        let output = tool.wait()
        return (output.status, output.standardError)
    }

    private func send(_ bytes: [UInt8], to connection: Int32) {
        var sent = 0
        while sent < bytes.count {
            let count = Glibc.send(connection, Array(bytes[sent...]), bytes.count - sent, Int32(MSG_NOSIGNAL))
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Nothing may wait for ever.
    private static func setTimeout(_ descriptor: Int32) {
        var time = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    @discardableResult
    private static func check(_ call: String, _ result: Int32) throws -> Int32 {
        guard result >= 0 else { throw SystemError(call: call, code: errno) }
        return result
    }
}
