import Bitstreams
import Bytes
import Media
import Testing

@Suite struct AV1CodecConfigurationTests {
    /// A sequence header written by hand: no encoder at hand writes all of what may stand in one.
    struct Written {
        var profile: UInt64 = 0
        /// `seq_level_idx` and `seq_tier` of each operating point.
        var points: [(level: UInt64, tier: UInt64)] = [(8, 0)]
        var hasTiming = false
        var hasDecoderModel = false
        var hasDisplayDelay = false
        var hasFrameNumbers = false
        var hasOrderHint = true
        /// Nothing for what the frames choose.
        var forcedScreenContent: Bool?
        var choosesIntegerVectors = true
        var isReduced = false
        var colours: [(count: Int, value: UInt64)] = [(1, 0), (1, 0), (1, 0), (1, 0), (2, 0), (1, 0)]

        var payload: [UInt8] {
            var writer = SyntaxWriter()
            writer.u(3, profile)
            // still_picture, reduced_still_picture_header
            writer.flag(isReduced)
            writer.flag(isReduced)
            if isReduced { writer.u(5, points[0].level) } else { writeOperation(&writer) }
            // 1920 × 1080 in 11 bits each
            writer.u(8, 0xAA)
            writer.u(11, 1919)
            writer.u(11, 1079)
            if !isReduced { writer.flag(hasFrameNumbers) }
            if hasFrameNumbers { writer.u(7, 0b1010101) }
            writer.u(3, 0b101)
            if !isReduced { writeTools(&writer) }
            writer.u(3, 0b011)
            for (count, value) in colours { writer.u(count, value) }
            // film_grain_params_present, trailing bits
            writer.u(2, 0b01)
            return writer.bytes
        }

        private func writeOperation(_ writer: inout SyntaxWriter) {
            writer.flag(hasTiming)
            if hasTiming {
                writer.u(32, 1001)
                writer.u(32, 60_000)
                writer.flag(true)
                // num_ticks_per_picture_minus_1: 4
                writer.u(5, 0b00101)
                writer.flag(hasDecoderModel)
                if hasDecoderModel {
                    // Delays of twelve bits
                    writer.u(5, 11)
                    writer.u(32, 90_000)
                    writer.u(10, 0b10101_01010)
                }
            }
            writer.flag(hasDisplayDelay)
            writer.u(5, UInt64(points.count - 1))
            for (index, point) in points.enumerated() {
                writer.u(12, 0x101)
                writer.u(5, point.level)
                if point.level > 7 { writer.u(1, point.tier) }
                if hasDecoderModel {
                    writer.flag(index == 0)
                    if index == 0 { writer.u(25, 0x155_5555 & 0x1FF_FFFF) }
                }
                if hasDisplayDelay {
                    writer.flag(index == 0)
                    if index == 0 { writer.u(4, 9) }
                }
            }
        }

        private func writeTools(_ writer: inout SyntaxWriter) {
            writer.u(4, 0b0110)
            writer.flag(hasOrderHint)
            if hasOrderHint { writer.u(2, 0b10) }
            writer.flag(forcedScreenContent == nil)
            if let forcedScreenContent { writer.flag(forcedScreenContent) }
            if forcedScreenContent != false {
                writer.flag(choosesIntegerVectors)
                if !choosesIntegerVectors { writer.flag(true) }
            }
            if hasOrderHint { writer.u(3, 6) }
        }
    }

    static let headers: [(header: Written, codecString: String)] = [
        (Written(), "av01.0.08M.08"),
        (Written(points: [(13, 1), (8, 0)]), "av01.0.13H.08"),
        (Written(points: [(31, 0)]), "av01.0.31M.08"),
        (Written(points: [(4, 0), (9, 1)], hasTiming: true), "av01.0.04M.08"),
        (Written(points: [(9, 1), (5, 0), (8, 0)], hasTiming: true, hasDecoderModel: true), "av01.0.09H.08"),
        (
            Written(points: [(9, 0), (5, 0)], hasTiming: true, hasDecoderModel: true, hasDisplayDelay: true),
            "av01.0.09M.08"
        ),
        (Written(hasFrameNumbers: true, hasOrderHint: false), "av01.0.08M.08"),
        (Written(forcedScreenContent: true, choosesIntegerVectors: false), "av01.0.08M.08"),
        (Written(forcedScreenContent: false), "av01.0.08M.08"),
        (Written(points: [(6, 0)], isReduced: true), "av01.0.06M.08"),
        // 10 bits in HLG with chroma on the luma samples
        (
            Written(colours: [(1, 1), (1, 0), (1, 1), (8, 9), (8, 18), (8, 9), (1, 0), (2, 2), (1, 0)]),
            "av01.0.08M.10.0.112.09.18.09.0"
        ),
        // 4:2:0 and 4:2:2 and 4:4:4 in 12 bits, 4:2:2 in 8
        (Written(profile: 2, colours: [(2, 3), (2, 0), (1, 0), (2, 3), (2, 0), (1, 0)]), "av01.2.08M.12"),
        (
            Written(profile: 2, colours: [(2, 3), (2, 0), (1, 0), (2, 2), (1, 0)]),
            "av01.2.08M.12.0.100.01.01.01.0"
        ),
        (
            Written(profile: 2, colours: [(2, 3), (2, 0), (1, 0), (1, 0), (1, 0)]),
            "av01.2.08M.12.0.000.01.01.01.0"
        ),
        (Written(profile: 2, colours: [(1, 0), (2, 0), (1, 0), (1, 0)]), "av01.2.08M.08.0.100.01.01.01.0"),
    ]

    @Test(arguments: headers.indices)
    func headersAreReadToTheirColours(index: Int) throws {
        let (header, codecString) = Self.headers[index]
        let payload = header.payload
        let record = ByteChunk([0x81, 0, 0, 0, 0x0A, UInt8(payload.count)] + payload)
        let track = try Track(av1CodecConfiguration: record)
        #expect(track.codecString == codecString)
        guard case .video(let video) = track.format else { throw BitstreamError.missing("pictures") }
        #expect((video.width, video.height) == (1920, 1080))
        // What the header says stands in the record, and the header as it was.
        #expect(track.decoderConfiguration.array.dropFirst(4) == record.array.dropFirst(4))
        #expect(try Track(av1CodecConfiguration: track.decoderConfiguration) == track)
        for copy in damagedCopies(of: record.array) { _ = try? Track(av1CodecConfiguration: ByteChunk(copy)) }
    }

    @Test func theRecordHasWhatTheHeaderSays() throws {
        let header = Written(
            profile: 2, points: [(13, 1)], colours: [(2, 3), (2, 0), (1, 0), (2, 3), (2, 2), (1, 0)]
        ).payload
        let unit = [0x0A, UInt8(header.count)] + header
        // With a presentation delay, a size of more bytes than it needs, metadata, and padding that is of no use.
        let long: [UInt8] = [0x0A, UInt8(header.count) | 0x80, 0x00] + header
        let metadata: [UInt8] = [0x2A, 0x05, 0x01, 0x10, 0x00, 0x10, 0x80]
        let record = ByteChunk([0x81, 0xFF, 0xFF, 0x13] + long + [0x7A, 0x01, 0x80] + metadata)
        #expect(
            try AV1CodecConfiguration(record: record).record.array == [0x81, 0x4D, 0xEE, 0x13] + unit + metadata)
        #expect(throws: BitstreamError.invalid("version", offset: 0)) {
            try AV1CodecConfiguration(record: ByteChunk([0x82, 0, 0, 0] + unit))
        }
        #expect(throws: BitstreamError.unsupported("AV1 profile 3")) {
            try AV1CodecConfiguration(record: ByteChunk([0x81, 0, 0, 0, 0x0A, 0x02, 0x60, 0]))
        }
    }
}
