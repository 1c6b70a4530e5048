internal import Bytes

/// Reads AMF0 values one after the other.
///
/// Announced counts are never trusted: memory follows the bytes that are there, and reading takes time in proportion to
/// them. After an error the reader is of no further use.
public struct AMF0Reader: ~Escapable {
    private var input: ByteReader
    private var valuesLeft: Int
    private let depth: Int

    /// A reader at the start of `bytes`, which it borrows.
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>, limits: AMF0Limits = AMF0Limits()) {
        input = ByteReader(bytes)
        valuesLeft = limits.values
        depth = limits.depth
    }

    /// True when every byte was read.
    public var isAtEnd: Bool { input.isAtEnd }

    /// The next value. AMF 0 §2.
    @_lifetime(self: copy self)
    public mutating func read() throws(AMF0Error) -> AMF0Value {
        try readValue(depthLeft: depth)
    }

    @_lifetime(self: copy self)
    private mutating func readValue(depthLeft: Int) throws(AMF0Error) -> AMF0Value {
        let start = input.offset
        guard valuesLeft > 0 else { throw .tooManyValues(offset: start) }
        valuesLeft -= 1
        let marker = try readUInt8()
        switch marker {
        case AMF0Marker.number: return .number(try readDouble())
        case AMF0Marker.boolean: return .boolean(try readUInt8() != 0)
        case AMF0Marker.string: return .string(try readText(Int(try readUInt16())))
        case AMF0Marker.longString: return .string(try readText(Int(try readUInt32())))
        case AMF0Marker.xmlDocument: return .xml(try readText(Int(try readUInt32())))
        case AMF0Marker.null: return .null
        case AMF0Marker.undefined: return .undefined
        case AMF0Marker.unsupported: return .unsupported
        case AMF0Marker.reference: return .reference(try readUInt16())
        case AMF0Marker.date:
            let milliseconds = try readDouble()
            return .date(milliseconds: milliseconds, timeZone: Int16(bitPattern: try readUInt16()))
        default: break
        }
        guard depthLeft > 0 else { throw .nestedTooDeeply(offset: start) }
        switch marker {
        case AMF0Marker.object:
            return .object(try readProperties(depthLeft: depthLeft - 1))
        case AMF0Marker.typedObject:
            let className = try readText(Int(try readUInt16()))
            return .typedObject(className: className, try readProperties(depthLeft: depthLeft - 1))
        case AMF0Marker.ecmaArray:
            // Writers get the count wrong; it is the end marker that ends the array, or the message does.
            _ = try readUInt32()
            return .ecmaArray(try readProperties(depthLeft: depthLeft - 1, endMayBeMissing: true))
        case AMF0Marker.strictArray:
            return .strictArray(try readElements(count: try readUInt32(), depthLeft: depthLeft - 1))
        default:
            throw .unknownMarker(marker, offset: start)
        }
    }

    @_lifetime(self: copy self)
    private mutating func readProperties(
        depthLeft: Int, endMayBeMissing: Bool = false
    ) throws(AMF0Error) -> [AMF0Property] {
        var properties: [AMF0Property] = []
        while !(endMayBeMissing && input.isAtEnd) {
            let name = try readText(Int(try readUInt16()))
            if name.isEmpty, input.peek(1) == UInt64(AMF0Marker.objectEnd) {
                _ = try readUInt8()
                break
            }
            properties.append(AMF0Property(name, try readValue(depthLeft: depthLeft)))
        }
        return properties
    }

    @_lifetime(self: copy self)
    private mutating func readElements(count: UInt32, depthLeft: Int) throws(AMF0Error) -> [AMF0Value] {
        var elements: [AMF0Value] = []
        for _ in 0..<count { elements.append(try readValue(depthLeft: depthLeft)) }
        return elements
    }

    @_lifetime(self: copy self)
    private mutating func readText(_ count: Int) throws(AMF0Error) -> String {
        do {
            return try input.read(count).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        } catch { throw AMF0Error(error) }
    }

    @_lifetime(self: copy self)
    private mutating func readDouble() throws(AMF0Error) -> Double {
        do { return Double(bitPattern: try input.readUInt64()) } catch { throw AMF0Error(error) }
    }

    @_lifetime(self: copy self)
    private mutating func readUInt8() throws(AMF0Error) -> UInt8 {
        do { return try input.readUInt8() } catch { throw AMF0Error(error) }
    }

    @_lifetime(self: copy self)
    private mutating func readUInt16() throws(AMF0Error) -> UInt16 {
        do { return try input.readUInt16() } catch { throw AMF0Error(error) }
    }

    @_lifetime(self: copy self)
    private mutating func readUInt32() throws(AMF0Error) -> UInt32 {
        do { return try input.readUInt32() } catch { throw AMF0Error(error) }
    }
}
