import Bytes

extension FragmentFacts {
    /// What the NAL units of a sample are.
    private struct Picture {
        /// An IDR picture of H.264, an IRAP picture of HEVC.
        var isRandomAccess = false
        /// An H.264 picture that is none, but a message before it says that decoding can begin here: the first of an open
        /// group. Its flags may say either.
        var isRecoveryPoint = false
        var hasParameterSets = false
        var isWellFormed = true
    }

    /// Checks `samples`, which lie one after the other from `place` on, and returns where they end.
    mutating func readSamples(
        _ bytes: Span<UInt8>, _ samples: [Sample], from place: Int, _ data: Box, _ header: InitializationFacts
    ) throws(BoxError) -> Int {
        var place = place
        for (index, sample) in samples.enumerated() {
            guard sample.size <= data.payload.upperBound - place else {
                throw BoxError(offset: place, detail: "sample \(index) reaches beyond its mdat")
            }
            let range = place..<(place + sample.size)
            place = range.upperBound
            if header.sampleEntry == "mp4a", !sample.isSync {
                fault(.syncFlags, range.lowerBound, "audio sample \(index) is not marked as sync sample")
            }
            guard let size = header.lengthSize else { continue }
            let isHEVC = header.sampleEntry == "hvc1" || header.sampleEntry == "hev1"
            let picture = try Self.picture(bytes, range, lengthSize: size, isHEVC: isHEVC)
            check(sample, index, picture, range, header)
        }
        return place
    }

    private mutating func check(
        _ sample: Sample, _ index: Int, _ picture: Picture, _ range: Range<Int>, _ header: InitializationFacts
    ) {
        if !picture.isWellFormed {
            fault(.sampleData, range.lowerBound, "sample \(index) is not a row of NAL units")
        }
        if picture.hasParameterSets, header.sampleEntry == "avc1" || header.sampleEntry == "hvc1" {
            fault(.parameterSets, range.lowerBound, "sample \(index) has parameter sets")
        }
        let dependsOn = sample.flags >> 24 & 3
        if sample.isSync != picture.isRandomAccess, !(sample.isSync && picture.isRecoveryPoint) {
            let found = picture.isRandomAccess ? "a random access picture" : "no random access picture"
            fault(.syncFlags, range.lowerBound, "sample \(index) is \(found), its flags say otherwise")
        } else if sample.isSync != (dependsOn == 2) {
            fault(.syncFlags, range.lowerBound, "sample \(index): sample_depends_on is \(dependsOn)")
        }
    }

    private static func picture(
        _ bytes: Span<UInt8>, _ range: Range<Int>, lengthSize: Int, isHEVC: Bool
    ) throws(BoxError) -> Picture {
        var picture = Picture()
        var reader = BoxReader(bytes, range)
        while reader.remaining > lengthSize {
            let length = Int(try reader.number(lengthSize))
            guard length > 0, length <= reader.remaining else { break }
            let first = try reader.number(1)
            let type = Int(isHEVC ? first >> 1 & 0x3F : first & 0x1F)
            if isHEVC ? (32...34).contains(type) : type == 7 || type == 8 { picture.hasParameterSets = true }
            if isHEVC ? (16...21).contains(type) : type == 5 { picture.isRandomAccess = true }
            if type == 6, !isHEVC {
                picture.isRecoveryPoint = try isRecoveryPoint(bytes, reader.offset..<(reader.offset + length - 1))
            }
            try reader.skip(length - 1)
        }
        picture.isWellFormed = reader.remaining == 0
        return picture
    }

    /// True when one of the messages in a NAL unit of supplemental enhancement information is a recovery point: from its
    /// picture on, or some pictures later, all is as it should be. H.264 §7.3.2.3.1, D.1.8.
    private static func isRecoveryPoint(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(BoxError) -> Bool {
        var payload: [UInt8] = []
        var zeros = 0
        for place in range {
            let byte = bytes[place]
            // emulation_prevention_three_byte
            let isEmulationPrevention = zeros >= 2 && byte == 3
            zeros = byte == 0 ? zeros + 1 : 0
            if !isEmulationPrevention { payload.append(byte) }
        }
        var reader = BoxReader(payload.span, 0..<payload.count)
        func number(_ reader: inout BoxReader) throws(BoxError) -> Int {
            var value = 0
            while true {
                let byte = Int(try reader.number(1))
                value += byte
                if byte < 255 { return value }
            }
        }
        // What follows the messages is one byte.
        while reader.remaining > 2 {
            let (type, size) = (try number(&reader), try number(&reader))
            if type == 6, size > 0 { return true }
            guard size <= reader.remaining else { return false }
            try reader.skip(size)
        }
        return false
    }
}
