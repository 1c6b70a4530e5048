public import Bytes

/// Boxes being put together, ISO/IEC 14496-12 §4.2: each size is filled in when its box ends.
///
/// ```swift
/// var boxes = BoxWriter()
/// boxes.box("moov") { moov in
///     moov.fullBox("mvhd") { $0.output.writeZeros(96) }
/// }
/// ```
public struct BoxWriter: Sendable {
    /// What was written so far; fields of a box are written straight to it.
    public var output: ByteWriter

    /// A writer without boxes, with room for `capacity` bytes.
    public init(capacity: Int = 0) { output = ByteWriter(capacity: capacity) }

    /// Appends a box of `type` that holds what `content` writes.
    public mutating func box(_ type: FourCC, _ content: (inout BoxWriter) -> Void) {
        let start = output.count
        output.write(UInt32(0))
        output.write(type)
        content(&self)
        output.replaceUInt32(at: start, with: UInt32(output.count - start))
    }

    /// Appends a box of `type` that begins with `version` and the low 24 bits of `flags`.
    public mutating func fullBox(
        _ type: FourCC, version: UInt8 = 0, flags: UInt32 = 0, _ content: (inout BoxWriter) -> Void
    ) {
        box(type) { box in
            box.output.write(version)
            box.output.writeUInt24(flags)
            content(&box)
        }
    }
}
