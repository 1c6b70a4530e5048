internal import Media

extension SupplementalMessage {
    /// What has players turn pictures by so many degrees clockwise, from this one to the next key frame: Display
    /// Orientation, H.264 §D.1.27, HEVC §D.2.14. Nothing where there is nothing to turn, or the codec has no such message.
    init?(rotation degrees: Double, for codec: Codec) {
        guard degrees.isFinite else { return nil }
        // anticlockwise_rotation, in 2^-16 of a full turn.
        let turn =
            UInt32(truncatingIfNeeded: Int((-degrees.remainder(dividingBy: 360) / 360 * 65_536).rounded())) & 0xFFFF
        guard turn != 0 else { return nil }
        // display_orientation_cancel_flag, hor_flip and ver_flip are off. Behind the angle stand, in H.264, a
        // display_orientation_repetition_period of 1 and display_orientation_extension_flag; in HEVC,
        // display_orientation_persistence_flag. A bit that is set, and others that are not, fill up the last byte.
        let end: UInt32
        switch codec {
        case .h264: end = 0b010_0_1
        case .hevc: end = 0b1_1000
        default: return nil
        }
        let bits = turn << 5 | end
        let payload = [bits >> 16, bits >> 8, bits].map { UInt8(truncatingIfNeeded: $0) }
        self.init(type: 47, payload: payload)
    }
}
