public import Bytes

/// ID3 tags, version 2.4 (id3.org, "ID3 tag version 2.4.0 - Main Structure" and "- Native Frames").
public enum ID3Tag {
    /// A tag of user-defined texts (TXXX frames), each with its description, in UTF-8. A NUL in a text ends it.
    public static func bytes(texts: [(description: String, value: String)]) -> ByteChunk {
        var frames = ByteWriter()
        for text in texts {
            var body = ByteWriter()
            // The encoding UTF-8.
            body.write([3])
            body.write(Array(text.description.utf8.prefix { $0 != 0 }))
            body.write([0])
            body.write(Array(text.value.utf8.prefix { $0 != 0 }))
            frames.writeFrame("TXXX", body)
        }
        return tag(of: frames)
    }

    /// A tag of one private frame (PRIV), whose data mean what their owner says. A NUL in the owner's name ends it.
    public static func bytes(privateData data: ByteChunk, owner: String) -> ByteChunk {
        var body = ByteWriter(capacity: data.count + 64)
        body.write(Array(owner.utf8.prefix { $0 != 0 }))
        body.write([0])
        body.write(data.span)
        var frames = ByteWriter(capacity: body.count + 10)
        frames.writeFrame("PRIV", body)
        return tag(of: frames)
    }

    private static func tag(of frames: ByteWriter) -> ByteChunk {
        var tag = ByteWriter(capacity: frames.count + 10)
        tag.write(utf8: "ID3")
        // Version 2.4.0, no flags.
        tag.write([4, 0, 0])
        tag.writeSyncsafe(frames.count)
        tag.write(frames.bytes)
        return ByteChunk(tag.bytes)
    }
}

extension ByteWriter {
    fileprivate mutating func writeFrame(_ id: FourCC, _ body: ByteWriter) {
        write(id)
        writeSyncsafe(body.count)
        // No flags.
        write([0, 0])
        write(body.bytes)
    }

    /// A number of 28 bits, seven in each byte.
    fileprivate mutating func writeSyncsafe(_ value: Int) {
        for shift in [21, 14, 7, 0] { write(UInt8(truncatingIfNeeded: value >> shift) & 0x7F) }
    }
}
