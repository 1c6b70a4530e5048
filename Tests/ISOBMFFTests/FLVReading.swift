import Bytes

/// The audio and video messages of an FLV file, Adobe FLV 10.1 §E.
struct FLVReading {
    struct Message {
        var decodeMilliseconds: UInt32
        var compositionMilliseconds: Int32
        var payload: ByteChunk
    }

    var videoConfiguration = ByteChunk()
    var audioConfiguration = ByteChunk()
    var video: [Message] = []
    var audio: [Message] = []

    init(_ file: ByteChunk) throws(UnexpectedEnd) {
        var reader = ByteReader(file.span)
        // The header and the size of the tag before the first.
        try reader.skip(13)
        while !reader.isAtEnd {
            let type = try reader.readUInt8()
            let size = Int(try reader.readUInt24())
            let time = try reader.readUInt24() | UInt32(try reader.readUInt8()) << 24
            try reader.skip(3)
            let start = reader.offset
            try reader.skip(size)
            // The size of this tag.
            try reader.skip(4)
            let body = file[start..<(start + size)]
            if type == 9 { try readVideo(body, at: time) } else if type == 8 { try readAudio(body, at: time) }
        }
    }

    private mutating func readVideo(_ body: ByteChunk, at time: UInt32) throws(UnexpectedEnd) {
        var reader = ByteReader(body.span)
        try reader.skip(1)
        let packetType = try reader.readUInt8()
        let composition = try reader.readInt24()
        let payload = body[5..<body.count]
        if packetType == 0 { videoConfiguration = payload }
        if packetType == 1 {
            video.append(
                Message(decodeMilliseconds: time, compositionMilliseconds: composition, payload: payload))
        }
    }

    private mutating func readAudio(_ body: ByteChunk, at time: UInt32) throws(UnexpectedEnd) {
        var reader = ByteReader(body.span)
        try reader.skip(1)
        let packetType = try reader.readUInt8()
        let payload = body[2..<body.count]
        if packetType == 0 {
            audioConfiguration = payload
        } else {
            audio.append(Message(decodeMilliseconds: time, compositionMilliseconds: 0, payload: payload))
        }
    }
}
