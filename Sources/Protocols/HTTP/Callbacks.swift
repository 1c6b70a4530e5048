internal import CMicroHTTPD
internal import Glibc

// libmicrohttpd's callbacks. Each finds the Swift object behind its context pointer and hands on. A connection's object
// is retained from the "started" notification to the "closed" one; a server's core by its `HTTPServer`.

private func serverCore(_ context: UnsafeMutableRawPointer?) -> ServerCore? {
    context.map { Unmanaged<ServerCore>.fromOpaque($0).takeUnretainedValue() }
}

private func serverConnection(_ connection: OpaquePointer?) -> ServerConnection? {
    mhd_connection_context(connection).map { Unmanaged<ServerConnection>.fromOpaque($0).takeUnretainedValue() }
}

@c func connectionChanged(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
    _ socketContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ notification: MHD_ConnectionNotificationCode
) {
    guard let core = serverCore(context), let socketContext else { return }
    if notification == .CONNECTION_NOTIFY_STARTED {
        let client = client_key(mhd_client_address(connection))
        let server = ServerConnection(core, client: client)
        socketContext.pointee = Unmanaged.passRetained(server).toOpaque()
        server.begin(mhd_connection_socket(connection))
        core.observer?.connectionOpened()
    } else if let pointer = socketContext.pointee {
        let socket = mhd_connection_socket(connection)
        let server = Unmanaged<ServerConnection>.fromOpaque(pointer).takeRetainedValue()
        server.closing(socket)
        socketContext.pointee = nil
        core.sockets.remove(socket, of: server.client)
        core.observer?.connectionClosed()
    }
}

/// Takes the query off the target before libmicrohttpd splits it into arguments: each would cost 64 bytes of the
/// connection's memory, and 0.9.75 leaves the connection hanging when they do not fit.
@c func requestLineRead(
    _ context: UnsafeMutableRawPointer?, _ target: UnsafePointer<CChar>?, _ connection: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    guard let target, let server = serverConnection(connection) else { return nil }
    guard let mark = strchr(target, Int32(UInt8(ascii: "?"))) else {
        server.readLine(targetLength: strlen(target), query: UnsafeBufferPointer(start: nil, count: 0))
        return nil
    }
    let query = mark + 1
    let length = strlen(query)
    query.withMemoryRebound(to: UInt8.self, capacity: length) {
        server.readLine(
            targetLength: UnsafePointer(mark) - target + 1 + length,
            query: UnsafeBufferPointer(start: $0, count: length))
    }
    // The text stands in the connection's read buffer; `const` only in the signature.
    query.pointee = 0
    return nil
}

@c func handleRequest(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ target: UnsafePointer<CChar>?,
    _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?, _ upload: UnsafePointer<CChar>?,
    _ uploadSize: UnsafeMutablePointer<Int>?, _ requestContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let connection, let target, let method, let version, let server = serverConnection(connection) else {
        return .NO
    }
    let size = upload == nil ? 0 : uploadSize?.pointee ?? 0
    let bytes = UnsafeRawBufferPointer(start: upload, count: size).bindMemory(to: UInt8.self)
    let isFine = server.handle(connection, target: target, method: method, version: version, upload: bytes)
    uploadSize?.pointee = 0
    return isFine ? .YES : .NO
}

@c func requestCompleted(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
    _ requestContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ reason: MHD_RequestTerminationCode
) {
    serverConnection(connection)?.completed(reason)
}

/// Paths are decoded in Swift, where a broken encoding can be refused.
@c func keepEscapes(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ text: UnsafeMutablePointer<CChar>?
) -> Int {
    text.map { strlen($0) } ?? 0
}

/// A closure, for `@c` functions cannot take a `va_list`.
let logMessage: MHD_LogCallback = { context, format, arguments in
    guard let core = serverCore(context), let format, let arguments else { return }
    let message = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { text -> String in
        guard let start = text.baseAddress, vsnprintf(start, text.count, format, arguments) >= 0 else { return "" }
        return String(cString: start)
    }
    core.log(String(message.prefix { !$0.isNewline }))
}
