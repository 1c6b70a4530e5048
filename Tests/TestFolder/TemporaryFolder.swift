import Glibc
import ObjectStore

/// A folder that goes with the test.
public final class TemporaryFolder: Sendable {
    /// Where it is.
    public let path: String

    /// Makes a folder of its own.
    public init() {
        var template = Array("/tmp/headwater-store-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? ""
        precondition(!path.isEmpty, "a temporary folder can be made")
    }

    deinit {
        if let key = ObjectKey(String(path.dropFirst("/tmp/".count))) {
            try? LocalObjectStore(folder: "/tmp").remove(key)
        }
    }
}
