/// The beginning of a slice header, H.264 §7.3.3: what tells one picture from the next, §7.4.1.2.4.
struct AVCSlice: SliceBeginning, Sendable, Hashable {
    /// Which half of a frame a picture is.
    enum Structure: Sendable, Hashable { case frame, topField, bottomField }

    /// What a slice header of a picture parameter set looks like, from the sequence parameter set it refers to.
    struct Layout: Sendable, Hashable {
        var frameNumberBits: Int
        var pictureOrderCountBits: Int
        var hasFields: Bool
        var hasSeparatePlanes: Bool

        init(_ parameters: AVCSequenceParameterSet) {
            frameNumberBits = parameters.frameNumberBits
            pictureOrderCountBits = parameters.pictureOrderCountBits
            hasFields = !parameters.isProgressive
            hasSeparatePlanes = parameters.hasSeparatePlanes
        }
    }

    /// The slices of one picture have this in common. All of it is zero when the picture parameter set is not known.
    struct Picture: Sendable, Hashable {
        var isInstantaneousRefresh: Bool
        var isReference: Bool
        var frameNumber: UInt32 = 0
        var structure = Structure.frame
        var instantaneousRefreshID: UInt32 = 0
        var orderCount: UInt32 = 0
    }

    /// True for the slice that begins with the first macroblock.
    let isFirst: Bool
    /// True for I and SI slices, which refer to no other picture.
    let isIntra: Bool
    private(set) var picture: Picture

    /// The slice in `unit`, which begins with its NAL unit header. `layouts` are found by the picture parameter set's id.
    init(_ unit: Span<UInt8>, layouts: [Layout?]) throws(BitstreamError) {
        // All that is read here takes at most 23 bytes, and a third more with emulation prevention. A zero behind the
        // end is as good as none: the header of a slice never ends here.
        var head = InlineArray<32, UInt8>(repeating: 0)
        let length = RawByteSequencePayload.copyHead(of: unit, to: &head)
        var reader = SyntaxReader(head.span.extracting(first: length))
        let header = try reader.byte()
        let isInstantaneousRefresh = AVCNALUnitType(header: header) == .instantaneousDecodingRefresh
        picture = Picture(isInstantaneousRefresh: isInstantaneousRefresh, isReference: header & 0x60 != 0)
        isFirst = try reader.ue("first_mb_in_slice", 0...139_263) == 0
        // Five types, and five more that say that all slices of the picture are of that type; 2 is I, 4 is SI.
        let type = try reader.ue("slice_type", 0...9) % 5
        isIntra = type == 2 || type == 4
        guard let layout = layouts[Int(try reader.ue("pic_parameter_set_id", 0...255))] else { return }
        // colour_plane_id
        if layout.hasSeparatePlanes { try reader.skip(2) }
        picture.frameNumber = try reader.u(layout.frameNumberBits)
        // field_pic_flag, bottom_field_flag
        if layout.hasFields, try reader.flag() { picture.structure = try reader.flag() ? .bottomField : .topField }
        if isInstantaneousRefresh { picture.instantaneousRefreshID = try reader.ue("idr_pic_id", 0...65_535) }
        picture.orderCount = try reader.u(layout.pictureOrderCountBits)
    }
}

extension RawByteSequencePayload {
    /// Fills `head` with the first bytes of `payload` without the emulation prevention bytes; answers how many there are.
    static func copyHead(of payload: Span<UInt8>, to head: inout InlineArray<32, UInt8>) -> Int {
        var (length, zeros, offset) = (0, 0, 0)
        while length < head.count, offset < payload.count {
            let byte = payload[offset]
            offset += 1
            if zeros >= 2, byte == 3 {
                zeros = 0
                continue
            }
            zeros = byte == 0 ? zeros + 1 : 0
            head[length] = byte
            length += 1
        }
        return length
    }
}
