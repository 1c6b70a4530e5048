import Bytes
import Media

/// H.264 between a byte stream and samples.
struct AVCSyntax: AccessUnitSyntax {
    /// A frame, or a first field that the other may follow.
    private struct Begun {
        let first: AVCSlice.Picture
        /// Only of the first field: the other may refer to it.
        var isIntra: Bool
        let recovery: RecoveryPoint.Promise?
        var isHalf: Bool

        /// True when decoding can begin here, if the source sends nothing better. One that says that it is whole is intra.
        var isRecoveryPoint: Bool { recovery == .later || (recovery == .atOnce && isIntra) }
    }

    private var parameterSets = AVCParameterSets()
    /// What the slice headers look like, by the id of their picture parameter set.
    private var layouts: [AVCSlice.Layout?] = Array(repeating: nil, count: 256)
    private(set) var pictureDuration: Int64?
    /// What the sequence parameter sets say, by their ids, and to which of them the picture parameter sets refer.
    private var sequences: [AVCSequenceParameterSet?] = Array(repeating: nil, count: 32)
    private var sequenceIDs: [Int?] = Array(repeating: nil, count: 256)
    /// The picture that the last slice was of; with two fields, the second.
    private var picture: AVCSlice.Picture?
    private var begun: Begun?
    /// What the messages say of the next picture.
    private var recovery: RecoveryPoint.Promise?
    private var openGroups = OpenGroupDetector()

    func role(of unit: Span<UInt8>) -> NALUnitRole {
        // forbidden_zero_bit
        guard unit[0] < 0x80 else { return .nonsense }
        return switch AVCNALUnitType(header: unit[0]) {
        case .slice, .sliceDataPartitionA, .instantaneousDecodingRefresh: .slice
        case .supplementalEnhancementInformation: .message
        case .sequenceParameterSet, .pictureParameterSet, .sequenceParameterSetExtension: .parameterSet
        case .accessUnitDelimiter: .delimiter
        case .filler: .filler
        case .prefix: .prefix
        case .subsetSequenceParameterSet: .opening
        default: (16...18).contains(unit[0] & 0x1F) ? .opening : .rest
        }
    }

    func slice(_ unit: Span<UInt8>) -> AVCSlice? { try? AVCSlice(unit, layouts: layouts) }

    func relation(of slice: AVCSlice) -> SliceRelation {
        guard let picture else { return .begins }
        let next = slice.picture
        if next == picture, !slice.isFirst { return .continues }
        // A second field may refer to the first, and is an IDR picture only when the first is.
        let isOtherHalf = next.structure != .frame && next.structure != picture.structure
        let isAllowed = picture.isInstantaneousRefresh || !next.isInstantaneousRefresh
        let isSecond = isHalf && isOtherHalf && isAllowed && next.frameNumber == picture.frameNumber
        return isSecond ? .secondField : .begins
    }

    mutating func add(_ slice: AVCSlice) {
        let next = slice.picture
        if let first = begun?.first {
            if next.structure == first.structure {
                if !slice.isIntra { begun?.isIntra = false }
            } else {
                begun?.isHalf = false
            }
        } else {
            begun = Begun(
                first: next, isIntra: slice.isIntra, recovery: recovery, isHalf: next.structure != .frame)
        }
        recovery = nil
        picture = next
    }

    mutating func add(message: Span<UInt8>) {
        recovery = RecoveryPoint.promise(in: message) ?? recovery
    }

    var isHalf: Bool { begun?.isHalf ?? false }

    mutating func dropPicture() { begun = nil }

    mutating func endPicture(at times: PacketTimes) -> SampleAccess {
        defer { begun = nil }
        guard let begun else { return .dependent }
        return openGroups.access(
            isInstantaneousRefresh: begun.first.isInstantaneousRefresh,
            isRecoveryPoint: begun.isRecoveryPoint, at: times)
    }

    func isKnown(parameterSet: Span<UInt8>) -> Bool { parameterSets.contains(parameterSet) }

    mutating func put(parameterSet unit: Span<UInt8>) throws(BitstreamError) {
        var changed = parameterSets
        guard try changed.put(unit) else { return }
        guard changed.size <= AccessUnitLimits.parameterSets else { throw .unsupported("so many parameter sets") }
        // A set is read before it counts: a damaged one does not get into force.
        switch AVCNALUnitType(header: unit[0]) {
        case .sequenceParameterSet:
            let parameters = try AVCSequenceParameterSet(nalUnit: unit)
            sequences[Int(parameters.id)] = parameters
            pictureDuration = parameters.usability.frameDuration.flatMap(SampleClock.ticks)
        case .pictureParameterSet:
            let head = RawByteSequencePayload.bytes(of: unit.extracting(first: 24))
            var reader = SyntaxReader(head.span)
            try reader.skip(8)
            let id = Int(try reader.ue("pic_parameter_set_id", 0...255))
            sequenceIDs[id] = Int(try reader.ue("seq_parameter_set_id", 0...31))
        default: break
        }
        parameterSets = changed
        layouts = sequenceIDs.map { id in id.flatMap { sequences[$0] }.map(AVCSlice.Layout.init) }
    }

    func track() throws(BitstreamError) -> Track { Track(try AVCDecoderConfiguration(parameterSets)) }
}
