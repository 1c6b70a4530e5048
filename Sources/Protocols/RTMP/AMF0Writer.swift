internal import Bytes

/// Writes AMF0 values one after the other.
public struct AMF0Writer: Sendable {
    private var output = ByteWriter()

    /// A writer that has written nothing.
    public init() {}

    /// What was written so far.
    public var bytes: [UInt8] { output.bytes }

    /// The bytes of `values`, one after the other.
    public static func bytes(of values: [AMF0Value]) -> [UInt8] {
        var writer = AMF0Writer()
        for value in values { writer.write(value) }
        return writer.bytes
    }

    /// Appends `value`. AMF 0 §2. The names of properties and classes have at most 65,535 bytes.
    public mutating func write(_ value: AMF0Value) {
        switch value {
        case .number(let number):
            output.write(AMF0Marker.number)
            output.write(number.bitPattern)
        case .boolean(let isTrue):
            output.write(AMF0Marker.boolean)
            output.write(UInt8(isTrue ? 1 : 0))
        case .string(let text) where text.utf8.count <= Int(UInt16.max):
            output.write(AMF0Marker.string)
            writeName(text)
        case .string(let text): writeLong(text, marker: AMF0Marker.longString)
        case .xml(let text): writeLong(text, marker: AMF0Marker.xmlDocument)
        case .object(let properties):
            output.write(AMF0Marker.object)
            write(properties)
        case .typedObject(let className, let properties):
            output.write(AMF0Marker.typedObject)
            writeName(className)
            write(properties)
        case .ecmaArray(let properties):
            output.write(AMF0Marker.ecmaArray)
            output.write(UInt32(truncatingIfNeeded: properties.count))
            write(properties)
        case .strictArray(let elements):
            output.write(AMF0Marker.strictArray)
            output.write(UInt32(truncatingIfNeeded: elements.count))
            for element in elements { write(element) }
        case .date(let milliseconds, let timeZone):
            output.write(AMF0Marker.date)
            output.write(milliseconds.bitPattern)
            output.write(UInt16(bitPattern: timeZone))
        case .reference(let index):
            output.write(AMF0Marker.reference)
            output.write(index)
        case .null: output.write(AMF0Marker.null)
        case .undefined: output.write(AMF0Marker.undefined)
        case .unsupported: output.write(AMF0Marker.unsupported)
        }
    }

    private mutating func write(_ properties: [AMF0Property]) {
        for property in properties {
            writeName(property.name)
            write(property.value)
        }
        output.write(UInt16(0))
        output.write(AMF0Marker.objectEnd)
    }

    private mutating func writeName(_ name: String) {
        let count = name.utf8.count
        precondition(count <= Int(UInt16.max), "a name has at most 65,535 bytes")
        output.write(UInt16(count))
        output.write(utf8: name)
    }

    private mutating func writeLong(_ text: String, marker: UInt8) {
        output.write(marker)
        output.write(UInt32(truncatingIfNeeded: text.utf8.count))
        output.write(utf8: text)
    }
}
