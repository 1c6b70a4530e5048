/// Why a text cannot be read as JSON5.
public struct JSON5Error: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Reason: Equatable, Sendable {
        /// The text ends inside a value.
        case unexpectedEnd
        /// A character that cannot stand there.
        case unexpectedCharacter(Unicode.Scalar)
        /// Something follows a value in a list or an object without a comma. It is missing where the value ends.
        case missingComma
        /// A word that is not a value.
        case unknownWord
        /// A string or a member's name that does not end on its line.
        case unterminatedString
        /// A comment that does not end.
        case unterminatedComment
        /// A backslash with something behind it that has no meaning.
        case invalidEscape
        /// Digits that are not a number.
        case invalidNumber
        /// A number too large to be held.
        case numberTooLarge
        /// Something follows the value.
        case textAfterValue
        /// Lists and objects lie too deep within each other.
        case tooDeep
        /// The text is too long.
        case tooLong
        /// The bytes are not UTF-8.
        case notUTF8
    }

    /// What is wrong.
    public let reason: Reason
    /// Where it was met.
    public let position: TextPosition

    /// An error of `reason`, met at `position`.
    public init(reason: Reason, position: TextPosition) {
        self.reason = reason
        self.position = position
    }

    /// A sentence that names the reason, without what the text holds around it.
    public var message: String {
        switch reason {
        case .unexpectedEnd: "the text ends inside a value"
        case .unexpectedCharacter(let scalar): "unexpected character \(JSON5Printer.quoted(String(scalar)))"
        case .missingComma: "a comma is missing behind this value"
        case .unknownWord: "a word that is not a value; strings are written in quotes"
        case .unterminatedString: "the string does not end on its line"
        case .unterminatedComment: "the comment does not end"
        case .invalidEscape: "a backslash that starts no known escape"
        case .invalidNumber: "this is not a number"
        case .numberTooLarge: "the number is too large"
        case .textAfterValue: "something follows the end of the document"
        case .tooDeep: "lists and objects lie too deep within each other"
        case .tooLong: "the text is too long"
        case .notUTF8: "the text is not UTF-8"
        }
    }

    /// The message and where it belongs.
    public var description: String { "line \(position.line), column \(position.column): \(message)" }
}
