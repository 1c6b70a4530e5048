import Foundation

/// A folder that goes with the test.
public final class TemporaryFolder: Sendable {
    /// Where it is.
    public let path: String

    /// Makes a folder of its own.
    public init() {
        var template = Array("/tmp/headwater-test-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? ""
        precondition(!path.isEmpty, "a temporary folder can be made")
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Where the file of that name is, or would be.
    public func path(of name: String) -> String { path + "/" + name }

    /// Writes a file; its path.
    public func write(_ bytes: [UInt8], to name: String) throws -> String {
        try Data(bytes).write(to: URL(filePath: path(of: name)))
        return path(of: name)
    }

    /// Reads a file.
    public func bytes(of name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: path(of: name))))
    }
}
