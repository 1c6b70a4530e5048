internal import Bytes

/// Takes the payload of an Enhanced RTMP media message apart, down to the bodies of its tracks. Enhanced RTMP v2,
/// ExVideoTagHeader and ExAudioTagHeader, which differ only in the number of their packet type Multitrack.
struct ExTagReader: ~Escapable {
    /// One track of the message. `body` is where its bytes lie in the payload.
    struct Track {
        let codec: FourCC
        let id: UInt8
        let body: Range<Int>
    }

    /// AvMultitrackType.
    private enum Tracks {
        /// There is one, and no word of tracks.
        case untold
        case one
        case many
        case manyCodecs
    }

    private static let modEx: UInt8 = 7
    private static let timestampOffsetNano: UInt8 = 0

    /// The packet type of all tracks: VideoPacketType or AudioPacketType.
    private(set) var packetType: UInt8
    /// How many nanoseconds after the message's time it is presented, less than a millisecond.
    private(set) var nanoseconds: UInt32 = 0

    private var input: ByteReader
    private let multitrack: UInt8
    private var tracks = Tracks.untold
    private var codec = FourCC(rawValue: 0)
    private var isDone = false

    /// Reads up to the packet type. Multitrack has the number `multitrack`.
    @_lifetime(copy payload)
    init(_ payload: Span<UInt8>, multitrack: UInt8) throws(FLVError) {
        self.multitrack = multitrack
        var reader = ByteReader(payload)
        do {
            packetType = try reader.readUInt8() & 0x0F
            while packetType == Self.modEx {
                var size = Int(try reader.readUInt8()) + 1
                if size == 256 { size = Int(try reader.readUInt16()) + 1 }
                let value = size < 3 ? nil : reader.peek(3)
                try reader.skip(size)
                let last = try reader.readUInt8()
                packetType = last & 0x0F
                // What is longer than a millisecond is no offset, and the message is good without.
                if last >> 4 == Self.timestampOffsetNano, let value, value < 1_000_000 { nanoseconds = UInt32(value) }
            }
        } catch { throw .truncated }
        input = reader
    }

    /// Reads what stands before the first track: whether there are several, and the codec that they have in common.
    @_lifetime(self: copy self)
    mutating func readTracks() throws(FLVError) {
        do {
            guard packetType == multitrack else {
                codec = FourCC(rawValue: try input.readUInt32())
                return
            }
            let byte = try input.readUInt8()
            packetType = byte & 0x0F
            switch byte >> 4 {
            case 0: tracks = .one
            case 1: tracks = .many
            case 2: tracks = .manyCodecs
            default: throw FLVError.unknownMultitrackType(byte >> 4)
            }
            if tracks != .manyCodecs { codec = FourCC(rawValue: try input.readUInt32()) }
        } catch let error as FLVError { throw error } catch { throw .truncated }
    }

    /// The next track, or nothing after the last.
    @_lifetime(self: copy self)
    mutating func nextTrack() throws(FLVError) -> Track? {
        guard !isDone else { return nil }
        do {
            var id: UInt8 = 0
            var size = input.remaining
            switch tracks {
            case .untold: isDone = true
            case .one:
                isDone = true
                id = try input.readUInt8()
                size = input.remaining
            case .many, .manyCodecs:
                guard !input.isAtEnd else { return nil }
                if tracks == .manyCodecs { codec = FourCC(rawValue: try input.readUInt32()) }
                id = try input.readUInt8()
                size = Int(try input.readUInt24())
            }
            let start = input.offset
            try input.skip(size)
            return Track(codec: codec, id: id, body: start..<(start + size))
        } catch { throw .truncated }
    }
}
