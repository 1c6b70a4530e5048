/// The way from the root of a document to one of its values: `channels[2].latency`.
public struct FieldPath: Hashable, Sendable, CustomStringConvertible {
    /// One step of the way.
    public enum Step: Hashable, Sendable {
        /// To the member of an object.
        case name(String)
        /// To the element of a list, counted from 0.
        case index(Int)
    }

    /// The steps from the root.
    public private(set) var steps: [Step]

    /// The root itself.
    public static let root = FieldPath([])

    /// The way of `steps`.
    public init(_ steps: [Step]) { self.steps = steps }

    /// The way to the member `name` of this value.
    public subscript(name: String) -> FieldPath { FieldPath(steps + [.name(name)]) }

    /// The way to the element `index` of this value.
    public subscript(index: Int) -> FieldPath { FieldPath(steps + [.index(index)]) }

    /// The steps as they are written in JavaScript; nothing for the root.
    public var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .index(let index): text += "[\(index)]"
            case .name(let name) where !JSON5Printer.isPlainName(name): text += "[\(JSON5Printer.quoted(name))]"
            case .name(let name): text += text.isEmpty ? name : ".\(name)"
            }
        }
        return text
    }
}
