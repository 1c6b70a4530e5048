/// The encoders that a build of libavcodec has.
public struct EncoderInventory: Sendable, Hashable {
    private let names: Set<String>

    /// The encoders of those names.
    public init(_ names: some Sequence<String>) { self.names = Set(names) }

    /// All that could be asked of any build.
    public static let complete = EncoderInventory(VideoCoding.allCases.map(\.encoder) + [AudioOutput.encoder])

    /// The names of all encoders that a profile could need: those to look for in a build.
    public static var wanted: [String] { VideoCoding.allCases.map(\.encoder) + [AudioOutput.encoder] }

    /// True where there is one of that name.
    public func has(_ name: String) -> Bool { names.contains(name) }

    /// What pictures can be encoded with.
    public var codings: [VideoCoding] { VideoCoding.allCases.filter { has($0.encoder) } }
}
