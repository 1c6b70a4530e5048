internal import Bytes
internal import Telemetry

/// Reads a stream id. SRT Access Control, "General Syntax".
struct SRTStreamIDReader {
    private(set) var result = SRTStreamID()
    /// The key in Blackmagic's place for it.
    private var isFromBlackmagic = false
    /// Whether a further decoding would be one too many.
    private var isDecoded = false

    /// Reads a text without blanks around it.
    mutating func read(_ text: ArraySlice<UInt8>) throws(SRTStreamIDError) {
        guard !text.isEmpty else { throw .empty }
        if let fields = Self.fields(of: text) {
            try readFields(fields)
        } else {
            // An encoder that encodes, encodes `#` and `:` as well.
            let plain = SRTStreamID.trimmed(PercentEscapes.decoded(text))
            guard !plain.isEmpty else { throw .empty }
            isDecoded = true
            if let fields = Self.fields(of: plain) { try readFields(fields) } else { try readBare(plain) }
        }
        // What is typed as the stream key into Blackmagic's encoders arrives as the user.
        if isFromBlackmagic, result.channel == nil, result.key == nil, let user = result.user {
            result.user = nil
            try readResource(Array(user.utf8)[...])
        }
        guard result.channel != nil || result.key != nil else { throw .nameless }
    }

    /// What follows `#!:`, whose `#` some senders lose to their shell or address parser.
    private static func fields(of text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        for prefix in ["#!:", "!:"] where text.starts(with: prefix.utf8) {
            let rest = text.dropFirst(prefix.utf8.count)
            if rest.first == UInt8(ascii: ":") { return rest.dropFirst() }
            if rest.first == UInt8(ascii: "{") { return rest }
        }
        return nil
    }

    // MARK: Fields

    private mutating func readFields(_ text: ArraySlice<UInt8>) throws(SRTStreamIDError) {
        for field in try Self.split(text) {
            guard let equals = field.firstIndex(of: UInt8(ascii: "=")) else { continue }
            try readField(String(decoding: field[..<equals], as: UTF8.self), field[(equals + 1)...])
        }
    }

    private mutating func readField(_ name: String, _ value: ArraySlice<UInt8>) throws(SRTStreamIDError) {
        let value = SRTStreamID.trimmed(isDecoded ? value : PercentEscapes.decoded(value))
        guard !value.isEmpty else { return }
        switch name {
        case "r":
            guard result.channel == nil else { throw .repeated(name) }
            try readResource(value, isField: true)
        case "m", "mode": try readMode(value)
        case "key", "token", "secret": try setKey(value, from: name)
        case "u":
            guard result.user == nil else { throw .repeated(name) }
            result.user = try Self.text(value)
        case "bmd_uuid", "bmd_name": isFromBlackmagic = true
        default: break
        }
    }

    private mutating func readMode(_ value: ArraySlice<UInt8>) throws(SRTStreamIDError) {
        guard result.mode == .unknown else { throw .repeated("m") }
        switch try Self.text(value).lowercased() {
        case "publish", "push": result.mode = .publish
        // Who wants to talk both ways wants to listen, which is not to be had here.
        case "request", "read", "play", "pull", "bidirectional": result.mode = .request
        default: break
        }
    }

    private mutating func setKey(_ value: ArraySlice<UInt8>, from name: String) throws(SRTStreamIDError) {
        guard result.key == nil else { throw .repeated(name) }
        result.key = Secret(try Self.text(value))
    }

    /// The fields between commas that stand in no braces; the braces around them all are dropped.
    private static func split(_ text: ArraySlice<UInt8>) throws(SRTStreamIDError) -> [ArraySlice<UInt8>] {
        var text = text
        if text.first == UInt8(ascii: "{") {
            guard let end = text.lastIndex(of: UInt8(ascii: "}")), end > text.startIndex else { throw .unbalanced }
            text = text[(text.startIndex + 1)..<end]
        }
        var fields: [ArraySlice<UInt8>] = []
        var (start, depth) = (text.startIndex, 0)
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: ",") where depth == 0:
                fields.append(text[start..<index])
                start = index + 1
            default: break
            }
            guard depth >= 0 else { throw .unbalanced }
        }
        guard depth == 0 else { throw .unbalanced }
        fields.append(text[start...])
        return fields.map { SRTStreamID.trimmed($0) }
    }

    // MARK: Other forms

    /// A text without the form of SRT Access Control, decoded.
    private mutating func readBare(_ text: ArraySlice<UInt8>) throws(SRTStreamIDError) {
        let (head, fields) = Self.trailingFields(of: text)
        for (name, value) in fields { try readField(name, value) }
        if let colon = head.firstIndex(of: UInt8(ascii: ":")), colon < head.endIndex - 1,
            let mode = Self.mode(head[..<colon])
        {
            result.mode = mode
            try readParts(head[(colon + 1)...].split(separator: UInt8(ascii: ":"), maxSplits: 1))
        } else if result.key != nil {
            // Restreamer's form, in which the key has a field of its own.
            if !head.isEmpty { result.channel = try Self.text(head) }
        } else if !head.isEmpty {
            try readResource(head)
        }
    }

    /// The fields behind a bare text that encoders and servers put there, as `,name=value` or `,name:value`; any other comma
    /// belongs to the text.
    private static func trailingFields(
        of text: ArraySlice<UInt8>
    ) -> (head: ArraySlice<UInt8>, fields: [(name: String, value: ArraySlice<UInt8>)]) {
        var fields: [(name: String, value: ArraySlice<UInt8>)] = []
        var head = text
        for part in text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let separator = part.firstIndex { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") }
            let name = separator.map { String(decoding: part[..<$0], as: UTF8.self) } ?? ""
            if let separator, ["mode", "m", "token", "u", "bmd_uuid", "bmd_name"].contains(name) {
                if fields.isEmpty { head = text[..<max(text.startIndex, part.startIndex - 1)] }
                fields.append((name, part[(separator + 1)...]))
            } else if !fields.isEmpty {
                // A name with a comma in it.
                continue
            }
        }
        return (head, fields)
    }

    private static func mode(_ word: ArraySlice<UInt8>) -> SRTStreamID.Mode? {
        switch String(decoding: word, as: UTF8.self).lowercased() {
        case "publish": .publish
        case "read", "request", "play": .request
        default: nil
        }
    }

    /// `CHANNEL` and `KEY`, or `KEY` alone.
    private mutating func readParts(_ parts: [ArraySlice<UInt8>]) throws(SRTStreamIDError) {
        guard let last = parts.last else { throw .nameless }
        if parts.count > 1 { result.channel = try Self.text(parts[0]) }
        if result.mode == .request, parts.count == 1 {
            result.channel = try Self.text(last)
        } else {
            try setKey(last, from: "key")
        }
    }

    /// What stands where an RTMP address would have its path: `live/KEY`, `publish/CHANNEL/KEY`, `CHANNEL?key=KEY`, all
    /// of it also behind `srt://HOST`. Anything else is a bare key, or as the field `r` a channel.
    private mutating func readResource(
        _ text: ArraySlice<UInt8>, isField: Bool = false
    ) throws(SRTStreamIDError) {
        var path = Self.withoutHost(text)
        var hasQuery = false
        if let mark = path.firstIndex(of: UInt8(ascii: "?")) {
            for field in path[(mark + 1)...].split(separator: UInt8(ascii: "&")) {
                guard let equals = field.firstIndex(of: UInt8(ascii: "=")) else { continue }
                let name = String(decoding: field[..<equals], as: UTF8.self)
                guard ["key", "token", "secret", "m", "mode"].contains(name) else { continue }
                hasQuery = hasQuery || !name.hasPrefix("m")
                try readField(name, field[(equals + 1)...])
            }
            path = path[..<mark]
        }
        if path.first == UInt8(ascii: "/") { path = path.dropFirst() }
        var parts = path.split(separator: UInt8(ascii: "/"))
        guard let first = parts.first else { return }
        if parts.count > 1 {
            if let mode = Self.mode(first) {
                if result.mode == .unknown { result.mode = mode }
                parts.removeFirst()
            } else if first.elementsEqual("live".utf8) {
                parts.removeFirst()
            } else {
                parts = [path]
            }
        }
        if hasQuery || isField && parts.count == 1 {
            result.channel = try Self.text(parts.count == 1 ? parts[0] : path)
        } else {
            let behind = parts.dropFirst().first.map { path[$0.startIndex...] }
            try readParts(behind.map { [parts[0], $0] } ?? parts)
        }
    }

    /// What follows `srt://HOST:PORT/`; `text` itself where no scheme is.
    private static func withoutHost(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard text.starts(with: "srt://".utf8) else { return text }
        let rest = text.dropFirst(6)
        return rest.firstIndex(of: UInt8(ascii: "/")).map { rest[($0 + 1)...] } ?? []
    }

    private static func text(_ bytes: ArraySlice<UInt8>) throws(SRTStreamIDError) -> String {
        guard !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }), let text = String(validating: bytes, as: UTF8.self)
        else { throw .notText }
        return text
    }
}
