import Bytes

/// What the descriptors of a stream tell about its kind and language. ISO/IEC 13818-1 §2.6, ETSI EN 300 468 §6.
struct StreamDescriptors {
    private(set) var language: String?
    private(set) var audioType: UInt8 = 0
    private var registration: FourCC?
    /// `metadata_format_identifier` of a metadata descriptor.
    private var metadataFormat: FourCC?
    private var opusChannels: UInt8?
    private var hasAC3 = false
    private var hasEnhancedAC3 = false

    /// Reads all descriptors in `bytes`; one that claims more bytes than there are ends the list.
    init(_ bytes: Span<UInt8>) {
        var reader = ByteReader(bytes)
        while let tag = try? reader.readUInt8(), let length = try? reader.readUInt8(), reader.remaining >= length {
            let start = reader.offset
            let body = bytes.extracting(start..<(start + Int(length)))
            read(tag: tag, body)
            guard (try? reader.skip(Int(length))) != nil else { return }
        }
    }

    /// The kind of a stream of that `stream_type` with these descriptors.
    func kind(ofType type: UInt8) -> StreamKind {
        switch type {
        case 0x03, 0x04: .mp2
        case 0x06: privateKind
        case 0x0F: .aacADTS
        case 0x11: .aacLATM
        case 0x15 where metadataFormat == "ID3 " || registration == "ID3 ": .id3
        case 0x15 where metadataFormat == "KLVA" || registration == "KLVA": .klv
        case 0x15: .privateData
        case 0x1B: .h264
        case 0x24: .hevc
        // User private types: ATSC A/52 annex A, ATSC A/53 part 3, SCTE 35 §8.
        case 0x81: .ac3
        case 0x87: .eac3
        case 0x86: .splices
        default: .other(type)
        }
    }

    /// The kind of a stream of PES packets with private data, which only descriptors tell.
    private var privateKind: StreamKind {
        if hasAC3 { return .ac3 }
        if hasEnhancedAC3 { return .eac3 }
        return switch registration {
        case "AC-3": .ac3
        case "EAC3": .eac3
        case "HEVC": .hevc
        case "Opus": .opus(channelConfigCode: opusChannels ?? 2)
        case "KLVA": .klv
        case "ID3 ": .id3
        default: .privateData
        }
    }

    private mutating func read(tag: UInt8, _ body: Span<UInt8>) {
        switch tag {
        case 0x05: registration = registration ?? Self.code(in: body, at: 0)
        case 0x0A: readLanguage(body)
        case 0x26: readMetadata(body)
        case 0x6A: hasAC3 = true
        case 0x7A: hasEnhancedAC3 = true
        // The extension descriptor with the tag of the Opus audio descriptor.
        case 0x7F where body.count >= 2 && body[0] == 0x80: opusChannels = body[1]
        default: break
        }
    }

    /// The first language of a list. ISO/IEC 13818-1 §2.6.18.
    private mutating func readLanguage(_ body: Span<UInt8>) {
        guard language == nil, body.count >= 4 else { return }
        var letters = ""
        for index in 0..<3 {
            let letter = Unicode.Scalar(body[index])
            guard letter.properties.isAlphabetic, letter.isASCII else { return }
            letters.unicodeScalars.append(letter)
        }
        language = letters
        audioType = body[3]
    }

    /// ISO/IEC 13818-1 §2.6.60.
    private mutating func readMetadata(_ body: Span<UInt8>) {
        var reader = ByteReader(body)
        guard let application = try? reader.readUInt16() else { return }
        if application == 0xFFFF { guard (try? reader.skip(4)) != nil else { return } }
        guard let format = try? reader.readUInt8(), format == 0xFF else { return }
        metadataFormat = Self.code(in: body, at: reader.offset)
    }

    private static func code(in body: Span<UInt8>, at start: Int) -> FourCC? {
        guard body.count >= start + 4 else { return nil }
        var value: UInt32 = 0
        for index in start..<(start + 4) { value = value << 8 | UInt32(body[index]) }
        return FourCC(rawValue: value)
    }
}
