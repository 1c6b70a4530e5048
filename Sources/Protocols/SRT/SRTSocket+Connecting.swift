internal import CSRT
internal import Glibc
internal import Sockets

extension SRTSocket {
    /// Calls the listener at `address` and waits for its answer; for a name that has to be looked up as well.
    public static func connect(to address: SRTAddress, options: SRTOptions = SRTOptions()) throws(SRTError) -> SRTSocket
    {
        var options = options
        if let latency = address.latency { options.latency = latency }
        let targets = try resolve(address)
        var failure = SRTError.unknownHost(address.host)
        for target in targets {
            let handle = try SRTHandle.open()
            do throws(SRTError) {
                try options.apply(to: handle)
                try address.apply(to: handle)
                try connect(handle, to: target)
                return SRTSocket(handle, peer: target, idleTimeout: options.peerIdleTimeout)
            } catch {
                handle.close()
                failure = error
            }
        }
        throw failure
    }

    private static func connect(_ handle: SRTHandle, to target: SocketAddress) throws(SRTError) {
        let result = target.withSystemAddress { srt_connect(handle.number, $0, Int32($1)) }
        guard result != 0 else { return }
        let code = srt_getlasterror(nil)
        let reason = SRTRejection(rawValue: srt_getrejectreason(handle.number))
        if code == SRT_ENOSERVER.rawValue || reason == .timeout { throw .timedOut }
        guard code == SRT_ECONNREJ.rawValue else { throw .last("srt_connect", at: target.description) }
        throw .refused(reason)
    }

    /// The host's addresses, in the order of the system.
    private static func resolve(_ address: SRTAddress) throws(SRTError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address.host, nil, &hints, &list) == 0 else { throw .unknownHost(address.host) }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var entry = list
        while let current = entry {
            if let name = current.pointee.ai_addr {
                found.append(SocketAddress(host: SocketAddress(name).host, port: address.port))
            }
            entry = current.pointee.ai_next
        }
        return found
    }
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
