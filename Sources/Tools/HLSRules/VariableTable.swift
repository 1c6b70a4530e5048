/// The variables of a playlist, and their substitution (RFC 8216bis §4.3, §4.4.2.3).
struct VariableTable {
    private(set) var defined: [String: String] = [:]
    private let imports: [String: String]
    private let query: [String: String]

    init(imports: [String: String], query: [String: String]) {
        self.imports = imports
        self.query = query
    }

    /// Reads the attributes of an EXT-X-DEFINE.
    mutating func define(_ attributes: AttributeList, line: Int, isMedia: Bool) throws(PlaylistFault) {
        let forms = ["NAME", "IMPORT", "QUERYPARAM"].filter { attributes.has($0) }
        guard forms.count == 1 else {
            throw PlaylistFault(.attributeRequired, line: line, "EXT-X-DEFINE needs one of NAME, IMPORT, QUERYPARAM")
        }
        let name: String
        let value: String?
        if let given = try attributes.quoted("NAME") {
            name = given
            value = try attributes.required("VALUE", try attributes.quoted("VALUE", mayBeEmpty: true))
        } else if let given = try attributes.quoted("IMPORT") {
            guard isMedia else {
                throw PlaylistFault(.attributeSyntax, line: line, "IMPORT in a multivariant playlist")
            }
            name = given
            value = imports[given]
        } else {
            name = try attributes.quoted("QUERYPARAM") ?? ""
            value = query[name]
        }
        guard let value else { throw PlaylistFault(.variableDefined, line: line, "\(name) has no value to take") }
        guard defined.updateValue(value, forKey: name) == nil else {
            throw PlaylistFault(.variableDefined, line: line, "\(name) is defined twice")
        }
    }

    /// `text` with every `{$name}` replaced.
    func expand(_ text: String, line: Int) throws(PlaylistFault) -> String {
        guard text.utf8.contains(0x24) else { return text }
        var result: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.first {
            if byte == 0x7B, rest.dropFirst().first == 0x24, let end = rest.firstIndex(of: 0x7D) {
                let name = String(decoding: rest[(rest.startIndex + 2)..<end], as: UTF8.self)
                guard let value = defined[name] else {
                    throw PlaylistFault(.variableDefined, line: line, "\(name) is not defined")
                }
                result.append(contentsOf: value.utf8)
                rest = rest[(end + 1)...]
            } else {
                result.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
