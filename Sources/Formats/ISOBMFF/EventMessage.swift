public import Bytes
public import Media

/// An event message box (`emsg`) of version 1, ISO/IEC 23009-1 §5.10.3.3, as CMAF wants it (ISO/IEC 23000-19 §7.4.5):
/// its time is absolute, on its track's timescale.
public struct EventMessage: Sendable, Hashable {
    /// The scheme of ID3 tags in CMAF (AOM, "Carriage of ID3 Timed Metadata in CMAF").
    public static let id3 = "https://aomedia.org/emsg/ID3"

    /// What the message is.
    public var scheme: String
    /// The track's timescale.
    public var timescale: Timescale
    /// When it happens, in ticks.
    public var presentationTime: UInt64
    /// Tells it from all others of its scheme.
    public var id: UInt32
    /// The message itself.
    public var message: ByteChunk

    /// A message of unknown duration.
    public init(scheme: String, timescale: Timescale, presentationTime: UInt64, id: UInt32, message: ByteChunk) {
        self.scheme = scheme
        self.timescale = timescale
        self.presentationTime = presentationTime
        self.id = id
        self.message = message
    }

    /// The box.
    public var bytes: ByteChunk {
        var boxes = BoxWriter(capacity: 64 + message.count)
        boxes.fullBox("emsg", version: 1) { box in
            box.output.write(timescale.ticksPerSecond)
            box.output.write(presentationTime)
            // The duration is not known.
            box.output.write(UInt32.max)
            box.output.write(id)
            box.output.write(Array(scheme.utf8) + [0])
            // An empty value.
            box.output.write([0])
            box.output.write(message.array)
        }
        return ByteChunk(boxes.output.bytes)
    }
}
