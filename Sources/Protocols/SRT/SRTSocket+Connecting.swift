internal import CSRT
internal import Glibc
public import Sockets

extension SRTSocket {
    /// Calls the listener at `address` and waits for its answer, as long as `isWanted` says so; for a name that has to be
    /// looked up it waits in any case. Nobody is called where `permits` says no to one of the host's addresses.
    public static func connect(
        to address: SRTAddress, options: SRTOptions = SRTOptions(), permits: (SocketAddress) -> Bool = { _ in true },
        while isWanted: () -> Bool = { true }
    ) throws(SRTError) -> SRTSocket {
        var options = options
        if let latency = address.latency { options.latency = latency }
        let targets = SocketAddress.addresses(of: address.host, port: address.port)
        guard targets.allSatisfy(permits) else { throw .forbiddenAddress }
        var failure = SRTError.unknownHost(address.host)
        for target in targets where isWanted() {
            let handle = try SRTHandle.open()
            do throws(SRTError) {
                try options.apply(to: handle)
                try address.apply(to: handle)
                try connect(handle, to: target, while: isWanted)
                return SRTSocket(handle, peer: target, options: options)
            } catch {
                handle.close()
                failure = error
            }
        }
        throw isWanted() ? failure : .givenUp
    }

    /// Asks for the answer time and again: closing a socket does not end a blocking call of libsrt 1.5.1, but waits for it.
    private static func connect(
        _ handle: SRTHandle, to target: SocketAddress, while isWanted: () -> Bool
    ) throws(SRTError) {
        try handle.set(SRTO_RCVSYN, "rcvsyn", false)
        let result = target.withSystemAddress { srt_connect(handle.number, $0, Int32($1)) }
        guard result == 0 else { throw .last("srt_connect", at: target.description) }
        var doubts = 0
        while isWanted() {
            let state = srt_getsockstate(handle.number)
            if state == SRTS_CONNECTED { return }
            if state != SRTS_CONNECTING {
                let reason = SRTRejection(rawValue: srt_getrejectreason(handle.number))
                // Between connecting and connected libsrt calls a socket broken, too, and has no reason for it.
                guard reason.rawValue == 0, doubts < doubtLimit else {
                    throw reason == .timeout ? .timedOut : .refused(reason)
                }
                doubts += 1
            }
            usleep(10_000)
        }
        throw .givenUp
    }

    /// How many hundredths of a second a connection may be broken without a reason.
    private static let doubtLimit = 100
}

extension SRTAddress {
    fileprivate func apply(to handle: SRTHandle) throws(SRTError) {
        guard streamID.count <= SRTStreamID.maximumLength else { throw .invalidOption("streamid") }
        if !streamID.isEmpty { try handle.set(SRTO_STREAMID, "streamid", streamID) }
        if let passphrase { try handle.set(passphrase: passphrase) }
        if let keyLength { try handle.set(SRTO_PBKEYLEN, "pbkeylen", keyLength.rawValue) }
        try handle.set(SRTO_CONNTIMEO, "conntimeo", max(timeout.milliseconds, 1))
    }
}
