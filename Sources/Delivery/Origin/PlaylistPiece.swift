internal import Bytes
internal import HTTP

/// A stretch of a playlist's text. One that is sent again and again is compressed once.
struct PlaylistPiece: Sendable {
    let text: ByteChunk
    private var gzip: GzipPiece?

    init(_ text: [UInt8]) { self.text = ByteChunk(text) }

    /// Compresses the text for all who will put it together with others.
    mutating func compress() { gzip = GzipPiece(text) }

    /// The pieces as one gzip member; nothing when there is no memory for it.
    static func compressed(_ pieces: [PlaylistPiece]) -> [ByteChunk]? {
        if pieces.count == 1 { return Gzip.compress(pieces[0].text).map { [$0] } }
        let compressed = pieces.compactMap { $0.gzip ?? GzipPiece($0.text) }
        return compressed.count == pieces.count ? GzipPiece.member(of: compressed) : nil
    }
}
