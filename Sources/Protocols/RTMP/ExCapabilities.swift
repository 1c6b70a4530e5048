/// What a peer can do beyond classic RTMP. Enhanced RTMP v2, "Enhancing NetConnection connect Command".
public struct ExCapabilities: Sendable, Hashable {
    /// CapsExMask.
    public struct Functions: OptionSet, Sendable, Hashable {
        /// The mask.
        public let rawValue: UInt32

        /// The functions of that mask.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// It connects anew when it is asked to.
        public static let reconnect = Functions(rawValue: 1)
        /// It understands several tracks.
        public static let multitrack = Functions(rawValue: 2)
        /// It reads past ModEx.
        public static let modEx = Functions(rawValue: 4)
        /// It applies offsets in nanoseconds.
        public static let timestampNanoOffset = Functions(rawValue: 8)
    }

    /// FourCcInfoMask.
    public struct CodecUse: OptionSet, Sendable, Hashable {
        /// The mask.
        public let rawValue: UInt32

        /// The uses of that mask.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// It decodes what comes.
        public static let canDecode = CodecUse(rawValue: 1)
        /// It makes it.
        public static let canEncode = CodecUse(rawValue: 2)
        /// It passes it on.
        public static let canForward = CodecUse(rawValue: 4)
    }

    /// The FourCCs of codecs, of video and of audio, or `*` for any.
    public var fourCCList: [String] = []
    /// What can be done with video codecs, by FourCC; `*` stands for any.
    public var videoCodecs: [String: CodecUse] = [:]
    /// What can be done with audio codecs, by FourCC; `*` stands for any.
    public var audioCodecs: [String: CodecUse] = [:]
    /// What else can be done.
    public var functions: Functions = []
    /// The flags of `videoFunction`: 1 seeks, 2 HDR by colorInfo, 4 metadata packets, 8 large-scale tiles.
    public var videoFunctions: UInt32 = 0

    /// What this server does with what is published to it.
    static let own = ExCapabilities(
        fourCCList: ExVideoCodec.allCases.filter(\.isTaken).map(\.rawValue)
            + ExAudioCodec.allCases.filter(\.isTaken).map(\.rawValue),
        videoCodecs: .init(
            uniqueKeysWithValues: ExVideoCodec.allCases.filter(\.isTaken).map { ($0.rawValue, .canForward) }),
        audioCodecs: .init(
            uniqueKeysWithValues: ExAudioCodec.allCases.filter(\.isTaken).map { ($0.rawValue, .canForward) }),
        functions: [.reconnect, .multitrack, .modEx, .timestampNanoOffset], videoFunctions: 2 | 4)
}

extension ExCapabilities {
    /// The capabilities that the command object of `connect` tells, or nothing where it tells none.
    init?(_ commandObject: AMF0Value) {
        var isTold = false
        func value(_ name: String) -> AMF0Value? {
            let value = commandObject[name]
            if value != nil { isTold = true }
            return value
        }
        if case .strictArray(let codes)? = value("fourCcList") { fourCCList = codes.compactMap(\.string) }
        videoCodecs = Self.uses(value("videoFourCcInfoMap"))
        audioCodecs = Self.uses(value("audioFourCcInfoMap"))
        functions = Functions(rawValue: value("capsEx")?.mask ?? 0)
        videoFunctions = commandObject["videoFunction"]?.mask ?? 0
        guard isTold else { return nil }
    }

    /// The capabilities as properties of an answer.
    var properties: [AMF0Property] {
        [
            AMF0Property("fourCcList", .strictArray(fourCCList.map { .string($0) })),
            AMF0Property("videoFourCcInfoMap", Self.map(videoCodecs)),
            AMF0Property("audioFourCcInfoMap", Self.map(audioCodecs)),
            AMF0Property("capsEx", .number(Double(functions.rawValue))),
            AMF0Property("videoFunction", .number(Double(videoFunctions))),
        ]
    }

    private static func uses(_ map: AMF0Value?) -> [String: CodecUse] {
        let uses = (map?.properties ?? []).map { ($0.name, CodecUse(rawValue: $0.value.mask ?? 0)) }
        return Dictionary(uses) { first, _ in first }
    }

    private static func map(_ uses: [String: CodecUse]) -> AMF0Value {
        .object(uses.sorted { $0.key < $1.key }.map { AMF0Property($0.key, .number(Double($0.value.rawValue))) })
    }
}

extension ExVideoCodec {
    /// True for codecs that can be published.
    public var isTaken: Bool { self != .vp8 && self != .vvc }
}

extension ExAudioCodec {
    /// True for codecs that can be published.
    public var isTaken: Bool { self != .mp3 }
}

extension AMF0Value {
    /// The flags that a number stands for.
    fileprivate var mask: UInt32? { number.flatMap { UInt32(exactly: $0) } }
}
