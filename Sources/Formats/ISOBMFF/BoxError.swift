/// Why bytes are not a row of boxes. Offsets count bytes from the start of what was read.
public enum BoxError: Error, Equatable, Sendable {
    /// The box or field that begins at `offset` does not fit into what is left.
    case unexpectedEnd(offset: Int)
    /// The size of the box at `offset` is smaller than its header.
    case invalidSize(offset: Int)
}
