internal import Bytes

/// What a request says of the part that it wants.
public struct RangeRequest: Sendable {
    fileprivate let field: String?
    fileprivate let condition: String?

    /// What `request` says.
    public init(_ request: HTTPRequest) {
        field = request.method == .get ? request.header("Range") : nil
        condition = field == nil ? nil : request.header("If-Range")
    }

    /// Which bytes of a representation without validators will be sent, when it has so many.
    public func part(of length: Int) -> Range<Int> {
        guard let field, condition == nil else { return 0..<length }
        return switch ByteRange(field: field, length: length) {
        case .whole: 0..<length
        case .part(let range): range
        case .unsatisfiable: 0..<0
        }
    }
}

extension HTTPResponse {
    /// This response, or the part of it that `request` asks for: 206 with `Content-Range`, or 416.
    ///
    /// Chunks and files are sliced, never copied. Only `GET` and only a 200 that accepts ranges is cut; a malformed range, another
    /// unit, several ranges, and an `If-Range` that does not name this representation get the whole (RFC 9110 §13.1.5,
    /// §14.2).
    public func ranged(for request: HTTPRequest) -> HTTPResponse { ranged(for: RangeRequest(request)) }

    /// The same for a request that is answered later.
    public func ranged(for request: RangeRequest) -> HTTPResponse {
        guard acceptsRanges, status == 200, let field = request.field else { return self }
        if let condition = request.condition, !isCurrent(condition) { return self }
        switch ByteRange(field: field, length: contentLength) {
        case .whole: return self
        case .part(let range): return part(range)
        case .unsatisfiable: return unsatisfiable()
        }
    }

    private func part(_ range: Range<Int>) -> HTTPResponse {
        let position = ("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(contentLength)")
        return HTTPResponse(status: 206, headers: headers + [position], body: slice(range))
    }

    private func unsatisfiable() -> HTTPResponse {
        // What describes the representation, or lets it be cached, does not describe the refusal.
        let kept = headers.filter { name, _ in
            !["Content-Type", "Content-Encoding", "Cache-Control", "Expires", "ETag", "Last-Modified"]
                .contains { HeaderName.areEqual($0, name) }
        }
        return HTTPResponse(status: 416, headers: kept + [("Content-Range", "bytes */\(contentLength)")])
    }

    private func slice(_ range: Range<Int>) -> Body {
        if let file {
            let start = file.range.lowerBound + range.lowerBound
            return .file(FileRange(descriptor: file.descriptor, range: start..<start + range.count, owner: file.owner))
        }
        var slices: [ByteChunk] = []
        var start = 0
        for chunk in chunks {
            let end = start + chunk.count
            let overlap = range.clamped(to: start..<end)
            if !overlap.isEmpty { slices.append(chunk[(overlap.lowerBound - start)..<(overlap.upperBound - start)]) }
            start = end
        }
        return .chunks(slices)
    }

    /// Whether an `If-Range` validator names this representation: a strong entity tag, or the very date.
    private func isCurrent(_ validator: String) -> Bool {
        if validator.hasPrefix("W/") { return false }
        let name = validator.hasPrefix("\"") ? "ETag" : "Last-Modified"
        return HTTPRequestCopy.value(of: name, in: headers) == validator
    }
}
