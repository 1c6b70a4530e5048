internal import Bytes

/// Why bytes are not AMF0, with the offset from their start.
public enum AMF0Error: Error, Equatable, Sendable {
    /// The bytes end inside a value.
    case unexpectedEnd(offset: Int)
    /// A type marker that AMF0 reserves or does not know, or the switch to AMF3.
    case unknownMarker(UInt8, offset: Int)
    /// Values nested deeper than `AMF0Limits` allow.
    case nestedTooDeeply(offset: Int)
    /// More values than `AMF0Limits` allow.
    case tooManyValues(offset: Int)

    init(_ end: UnexpectedEnd) { self = .unexpectedEnd(offset: end.offset) }
}
