internal import CSRT
internal import Sockets
internal import Telemetry

/// libsrt's number of a socket. Numbers are not given out again, so that a late call finds none.
struct SRTHandle: Sendable {
    let number: SRTSOCKET

    init(_ number: SRTSOCKET) { self.number = number }

    /// A new socket.
    static func open() throws(SRTError) -> SRTHandle {
        SRTLibrary.start()
        let number = srt_create_socket()
        guard number != SRT_INVALID_SOCK else { throw .last("srt_create_socket", at: "") }
        return SRTHandle(number)
    }

    func close() { srt_close(number) }

    func set(_ option: SRT_SOCKOPT, _ name: String, _ value: Int32) throws(SRTError) {
        var value = value
        guard srt_setsockflag(number, option, &value, 4) == 0 else { throw .invalidOption(name) }
    }

    func set(_ option: SRT_SOCKOPT, _ name: String, _ value: Bool) throws(SRTError) {
        var value = value
        guard srt_setsockflag(number, option, &value, 1) == 0 else { throw .invalidOption(name) }
    }

    func set(_ option: SRT_SOCKOPT, _ name: String, _ text: [UInt8]) throws(SRTError) {
        guard srt_setsockflag(number, option, text, Int32(text.count)) == 0 else { throw .invalidOption(name) }
    }

    /// An empty one would switch encryption off, and a NUL would end it.
    func set(passphrase: Secret<String>) throws(SRTError) {
        let bytes = Array(passphrase.exposed.utf8)
        guard (10...80).contains(bytes.count), !bytes.contains(0) else { throw .invalidOption("passphrase") }
        try set(SRTO_PASSPHRASE, "passphrase", bytes)
    }

    /// 0 when the socket is gone.
    func get(_ option: SRT_SOCKOPT) -> Int32 {
        var value: Int32 = 0
        var size: Int32 = 4
        return srt_getsockflag(number, option, &value, &size) == 0 ? value : 0
    }

    var streamID: [UInt8] {
        var size = Int32(SRTStreamID.maximumLength + 1)
        return [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
            count = srt_getsockflag(number, SRTO_STREAMID, buffer.baseAddress, &size) == 0 ? Int(size) : 0
        }
    }
}
