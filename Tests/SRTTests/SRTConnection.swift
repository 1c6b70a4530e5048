import CSRT
import Glibc
import Locks
import Runtime
import Sockets
import Telemetry

@testable import SRT

/// A listener on a free port of this machine, with a thread that accepts.
final class Reception: Sendable {
    let listener: SRTListener
    private let accepted = Monitor<[SRTSocket]>([])
    private let failures = Monitor<[(peer: SocketAddress, fault: SRTHandshakeFault)]>([])
    private let thread: NamedThread

    init(
        host: String = "127.0.0.1", options: SRTOptions = SRTOptions(),
        decide: @escaping @Sendable (SRTCallRequest) -> SRTDecision = { _ in .accept() }
    ) throws {
        let (accepted, failures) = (accepted, failures)
        let listener = try SRTListener(
            SocketAddress(host: host, port: 0), options: options,
            failed: { call, fault in failures.signal { $0.append((call.peer, fault)) } }, decide: decide)
        thread = NamedThread("accept") {
            while let socket = listener.accept() { accepted.signal { $0.append(socket) } }
        }
        self.listener = listener
    }

    var port: UInt16 { listener.address.port }

    /// The next connection; nothing when none comes in time.
    func next(within time: Duration = .seconds(20)) -> SRTSocket? {
        accepted.wait(for: time) { !$0.isEmpty }
        return accepted.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }

    /// Why those of this machine were refused who had been accepted.
    var faults: Set<SRTHandshakeFault> {
        Set(failures.withLock { $0 }.filter { $0.peer.host == "127.0.0.1" && $0.peer.port > 0 }.map(\.fault))
    }

    func end() {
        listener.shutDown()
        thread.join()
        accepted.withLock {
            for socket in $0 { socket.close() }
            $0 = []
        }
    }
}

extension SRTAddress {
    /// A listener of this machine.
    init(port: UInt16, streamID: String = "", passphrase: String? = nil, keyLength: SRTKeyLength? = nil) {
        self.init(host: "127.0.0.1", port: port)
        self.streamID = Array(streamID.utf8)
        self.passphrase = passphrase.map { Secret($0) }
        self.keyLength = keyLength
    }
}

extension SRTSocket {
    /// Sends a message; false when the connection no longer takes it.
    @discardableResult
    func send(_ message: [UInt8]) -> Bool {
        message.withUnsafeBytes {
            srt_sendmsg(handle.number, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count), -1, 1) > 0
        }
    }

    /// What one read brings.
    func read(upTo size: Int = 65_536, timeout: Duration = .seconds(20)) -> (result: SRTRead, bytes: [UInt8]) {
        var buffer = [UInt8](repeating: 0, count: size)
        let result = buffer.withUnsafeMutableBytes { receive(into: $0, timeout: timeout) }
        if case .bytes(let count) = result { return (result, Array(buffer[..<count])) }
        return (result, [])
    }

    /// Reads until there are so many bytes, or the connection ends.
    func read(count: Int) -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count {
            let (result, bytes) = read()
            guard case .bytes = result else { break }
            all += bytes
        }
        return all
    }
}

/// What libsrt holds in this process.
enum Holdings {
    /// Its threads, which have names.
    static var threads: Int {
        names(in: "/proc/self/task").count { text(of: "/proc/self/task/\($0)/comm").hasPrefix("SRT:") }
    }

    /// UDP sockets.
    static var ports: Int {
        let table = text(of: "/proc/self/net/udp") + text(of: "/proc/self/net/udp6")
        return names(in: "/proc/self/fd").count { name in
            var target = [CChar](repeating: 0, count: 64)
            guard readlink("/proc/self/fd/\(name)", &target, 63) > 0 else { return false }
            let parts = String(decoding: target.map(UInt8.init(bitPattern:)), as: UTF8.self).split(separator: "[")
            guard parts.first == "socket:", let inode = parts.last?.prefix(while: \.isNumber) else { return false }
            return table.contains(" \(inode) ")
        }
    }

    private static func names(in folder: String) -> [String] {
        guard let list = opendir(folder) else { return [] }
        defer { closedir(list) }
        var names: [String] = []
        while let entry = readdir(list) {
            names.append(
                withUnsafePointer(to: entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names
    }

    private static func text(of path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&piece, 1, piece.count, file), count > 0 { bytes += piece[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
