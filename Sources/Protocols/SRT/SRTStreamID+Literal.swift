internal import Telemetry

extension SRTStreamID {
    /// Reads `text` as `KEY`, `publish:KEY` or `publish:CHANNEL:KEY` in which the key stands as it is: nothing is decoded, and
    /// no comma, question mark or slash ends it. Nothing of texts in the forms of SRT Access Control.
    ///
    /// Encoders add to a bare key, and encode it; a key may look as if one had. Only who knows the keys can tell.
    public static func literal(_ text: [UInt8]) -> SRTStreamID? {
        let text = trimmed(text[...])
        guard text.count <= maximumLength, !text.starts(with: "#!:".utf8), !text.starts(with: "!:".utf8) else {
            return nil
        }
        var parts = [text]
        if text.starts(with: "publish:".utf8) {
            parts = text.dropFirst("publish:".utf8.count).split(separator: UInt8(ascii: ":"), maxSplits: 1)
        }
        guard let last = parts.last, !last.isEmpty, let key = String(validating: last, as: UTF8.self) else {
            return nil
        }
        var id = SRTStreamID()
        id.key = Secret(key)
        if parts.count > 1 {
            guard let channel = String(validating: parts[0], as: UTF8.self) else { return nil }
            id.channel = channel
        }
        return id
    }
}
