import Bytes
import ISOBMFF

/// The boxes of a file, one a line, indented by a space for each box around them.
func boxTree(_ bytes: ByteChunk) throws(BoxError) -> [String] { try boxTree(BoxReader.boxes(in: bytes), depth: 0) }

private func boxTree(_ boxes: [Box], depth: Int) throws(BoxError) -> [String] {
    var lines: [String] = []
    for box in boxes {
        lines.append(String(repeating: " ", count: depth) + box.type.description)
        if let fields = fieldsBeforeChildren[box.type] {
            lines += try boxTree(box.children(after: fields), depth: depth + 1)
        }
    }
    return lines
}

/// The box at the end of `path`, which begins at the top of the file.
func findBox(_ path: [FourCC], in bytes: ByteChunk) throws -> Box? {
    var (level, found): ([Box], Box?) = (try BoxReader.boxes(in: bytes), nil)
    for type in path {
        guard let box = level.first(where: { $0.type == type }) else { return nil }
        found = box
        level = try fieldsBeforeChildren[type].map { try box.children(after: $0) } ?? []
    }
    return found
}

/// The boxes that hold boxes, with the bytes of their own fields before those.
private let fieldsBeforeChildren: [FourCC: Int] = [
    "moov": 0, "trak": 0, "mdia": 0, "minf": 0, "dinf": 0, "stbl": 0, "mvex": 0, "dref": 8, "stsd": 8, "avc1": 78,
    "mp4a": 28, "moof": 0, "traf": 0,
]
