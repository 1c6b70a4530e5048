public import Bytes

/// Silence in AAC-LC: a raw data block, ISO/IEC 14496-3 §4.4.2.1, that is a few bytes long and decodes to zeros at any
/// sample rate, in frames of 1024 and of 960 samples.
public enum AACSilence {
    /// A frame of `channelConfiguration`, table 1.19; nothing where that is not one of 1 to 7, 11 and 12.
    public static func frame(channelConfiguration: UInt8) -> ByteChunk? {
        guard let elements = elements[channelConfiguration] else { return nil }
        var writer = BitWriter()
        var counts: [SyntacticElement: UInt32] = [:]
        for element in elements {
            writer.u(3, element.rawValue)
            // element_instance_tag
            writer.u(4, counts[element, default: 0])
            counts[element, default: 0] += 1
            switch element {
            case .single, .lowFrequency: writer.writeChannelStream(hasOwnInfo: true)
            case .pair:
                // common_window
                writer.flag(true)
                writer.writeInfo()
                // ms_mask_present
                writer.u(2, 0)
                for _ in 0..<2 { writer.writeChannelStream(hasOwnInfo: false) }
            case .end: break
            }
        }
        writer.u(3, SyntacticElement.end.rawValue)
        return ByteChunk(writer.bytes)
    }

    /// `id_syn_ele`, table 4.85.
    private enum SyntacticElement: UInt32 {
        case single = 0
        case pair = 1
        case lowFrequency = 3
        case end = 7
    }

    /// Table 1.19.
    private static let elements: [UInt8: [SyntacticElement]] = [
        1: [.single], 2: [.pair], 3: [.single, .pair], 4: [.single, .pair, .single], 5: [.single, .pair, .pair],
        6: [.single, .pair, .pair, .lowFrequency], 7: [.single, .pair, .pair, .pair, .lowFrequency],
        11: [.single, .pair, .pair, .single, .lowFrequency], 12: [.single, .pair, .pair, .pair, .lowFrequency],
    ]
}

extension BitWriter {
    /// `individual_channel_stream()`, table 4.50, without scale factor bands: there are no sections, scale factors or
    /// coefficients.
    fileprivate mutating func writeChannelStream(hasOwnInfo: Bool) {
        // global_gain
        u(8, 0)
        if hasOwnInfo { writeInfo() }
        // pulse_data_present, tns_data_present, gain_control_data_present
        u(3, 0)
    }

    /// `ics_info()`, table 4.6, of a long window that no scale factor band is used of.
    fileprivate mutating func writeInfo() {
        // ics_reserved_bit, window_sequence, window_shape
        u(4, 0)
        // max_sfb, predictor_data_present
        u(7, 0)
    }
}
