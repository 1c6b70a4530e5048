/// Why coded bytes could not be understood. Offsets count bytes from the start of what was parsed; inside a NAL unit
/// they count after the emulation prevention bytes were removed.
public enum BitstreamError: Error, Equatable, Sendable {
    /// The bytes end where more are needed.
    case unexpectedEnd(offset: Int)
    /// A syntax element, named as its specification spells it, has a value that is not allowed there.
    case invalid(_ element: String, offset: Int)
    /// The bytes are well formed, but what they describe is not handled here.
    case unsupported(_ feature: String)
    /// A part that is needed is not there at all.
    case missing(_ part: String)
}

extension BitstreamError: CustomStringConvertible {
    /// One line for a log or for the publisher; it holds no payload bytes.
    public var description: String {
        switch self {
        case .unexpectedEnd(let offset): "ends early at byte \(offset)"
        case .invalid(let element, let offset): "\(element) has an invalid value at byte \(offset)"
        case .unsupported(let feature): "\(feature) is not supported"
        case .missing(let part): "\(part) is missing"
        }
    }
}
