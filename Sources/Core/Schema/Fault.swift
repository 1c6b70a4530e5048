/// Something wrong with one value of a document, told so that it can be put right.
public struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
    /// Which value.
    public let path: FieldPath
    /// Where it was written. For a value that is missing: where the object is that lacks it.
    public let origin: ValueOrigin?
    /// What was expected and what was there instead. Never the value of a secret.
    public let message: String

    /// A fault of the value at `path`.
    public init(path: FieldPath = .root, origin: ValueOrigin? = nil, message: String) {
        self.path = path
        self.origin = origin
        self.message = message
    }

    /// Origin, path and message, such as `headwater.json5:3:14: http.port: expected 1 to 65535, got 0`.
    public var description: String {
        [origin?.description, path.steps.isEmpty ? nil : path.description, message].compactMap(\.self)
            .joined(separator: ": ")
    }
}

/// The faults met while a document is decoded.
///
/// A document from outside may hold any number of them: the first are kept, the rest are counted.
public struct FaultList: Sendable {
    /// How many faults are kept.
    public static let limit = 100

    private var kept: [Fault] = []
    /// How many there are.
    public private(set) var count = 0
    /// Whether the absence of a required field is one. Off when a part of the document could not be read at all.
    public let reportsMissing: Bool

    /// An empty list.
    public init(reportsMissing: Bool = true) { self.reportsMissing = reportsMissing }

    /// The faults in the order in which they were met, and one that says how many there are more.
    public var faults: [Fault] {
        count > kept.count ? kept + [Fault(message: "and \(count - kept.count) more faults")] : kept
    }

    /// True when nothing was wrong.
    public var isEmpty: Bool { count == 0 }

    /// Adds a fault, unless the same is there already.
    public mutating func add(_ fault: Fault) {
        guard !kept.contains(fault) else { return }
        if kept.count < Self.limit { kept.append(fault) }
        count += 1
    }

    /// Adds a fault of the value at `path`.
    public mutating func add(_ path: FieldPath, _ origin: ValueOrigin?, _ message: String) {
        add(Fault(path: path, origin: origin, message: message))
    }
}
