public import Bytes

/// ID3 tags, version 2.4 (id3.org, "ID3 tag version 2.4.0 - Main Structure" and "- Native Frames").
public enum ID3Tag {
    /// A tag of user-defined texts (TXXX frames), each with its description, in UTF-8. A NUL in a text ends it.
    public static func bytes(texts: [(description: String, value: String)]) -> ByteChunk {
        var frames = ByteWriter()
        for text in texts {
            let description = text.description.utf8.prefix { $0 != 0 }
            let value = text.value.utf8.prefix { $0 != 0 }
            frames.write(utf8: "TXXX")
            frames.writeSyncsafe(1 + description.count + 1 + value.count)
            // No flags; the encoding UTF-8.
            frames.write([0, 0, 3])
            frames.write(Array(description))
            frames.write([0])
            frames.write(Array(value))
        }
        var tag = ByteWriter()
        tag.write(utf8: "ID3")
        // Version 2.4.0, no flags.
        tag.write([4, 0, 0])
        tag.writeSyncsafe(frames.count)
        tag.write(frames.bytes)
        return ByteChunk(tag.bytes)
    }
}

extension ByteWriter {
    /// A number of 28 bits, seven in each byte.
    fileprivate mutating func writeSyncsafe(_ value: Int) {
        for shift in [21, 14, 7, 0] { write(UInt8(truncatingIfNeeded: value >> shift) & 0x7F) }
    }
}
