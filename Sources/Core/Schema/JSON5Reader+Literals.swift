extension JSON5Reader {
    // MARK: Identifiers

    /// True for what a name without quotes may start with. ECMAScript 5.1 §7.6.
    static func startsWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "$" || scalar == "_" || scalar.properties.isIDStart
    }

    private static func continuesWord(_ scalar: Unicode.Scalar) -> Bool {
        startsWord(scalar) || scalar.properties.isIDContinue || scalar == "\u{200C}" || scalar == "\u{200D}"
    }

    mutating func readIdentifier() throws(JSON5Error) -> String {
        var word = ""
        while let scalar = current {
            let start = position
            var taken = scalar
            if scalar == "\\" {
                advance()
                guard take("u") else { throw error(.invalidEscape) }
                taken = try readUnicodeEscape(from: start)
                guard word.isEmpty ? Self.startsWord(taken) : Self.continuesWord(taken) else {
                    throw JSON5Error(reason: .invalidEscape, position: start)
                }
            } else if word.isEmpty ? Self.startsWord(scalar) : Self.continuesWord(scalar) {
                advance()
            } else {
                break
            }
            word.unicodeScalars.append(taken)
        }
        return word
    }

    // MARK: Strings

    /// JSON5 §5.
    mutating func readString() throws(JSON5Error) -> String {
        let start = position
        let quote = current
        advance()
        var string = ""
        while let scalar = current {
            if scalar == quote {
                advance()
                return string
            }
            switch scalar {
            case "\n", "\r": throw JSON5Error(reason: .unterminatedString, position: start)
            case "\\":
                if let escaped = try readEscape() { string.unicodeScalars.append(escaped) }
            default:
                string.unicodeScalars.append(scalar)
                advance()
            }
        }
        throw JSON5Error(reason: .unterminatedString, position: start)
    }

    /// The character that an escape stands for; none for a line that goes on. JSON5 §5.1, §5.2.
    private mutating func readEscape() throws(JSON5Error) -> Unicode.Scalar? {
        let start = position
        advance()
        guard let scalar = current else { throw error(.unexpectedEnd) }
        advance()
        switch scalar {
        case "b": return "\u{8}"
        case "f": return "\u{C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "v": return "\u{B}"
        case "u": return try readUnicodeEscape(from: start)
        case "x":
            guard let value = readHexadecimal(2) else { throw JSON5Error(reason: .invalidEscape, position: start) }
            return Unicode.Scalar(value)
        case "0":
            guard !("0"..."9").contains(current ?? " ") else {
                throw JSON5Error(reason: .invalidEscape, position: start)
            }
            return "\0"
        case "1"..."9": throw JSON5Error(reason: .invalidEscape, position: start)
        case "\r":
            _ = take("\n")
            return nil
        case "\n", "\u{2028}", "\u{2029}": return nil
        default: return scalar
        }
    }

    /// The four digits behind `\u`, and the second half of a surrogate pair behind the first.
    private mutating func readUnicodeEscape(from start: TextPosition) throws(JSON5Error) -> Unicode.Scalar {
        let invalid = JSON5Error(reason: .invalidEscape, position: start)
        guard let first = readHexadecimal(4) else { throw invalid }
        guard (0xD800..<0xDC00).contains(first) else {
            guard let scalar = Unicode.Scalar(first) else { throw invalid }
            return scalar
        }
        guard take("\\"), take("u"), let second = readHexadecimal(4), (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw invalid }
        return scalar
    }

    private mutating func readHexadecimal(_ count: Int) -> UInt32? {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let digit = current.flatMap(Self.hexadecimalDigit) else { return nil }
            value = value << 4 | digit
            advance()
        }
        return value
    }

    private static func hexadecimalDigit(_ scalar: Unicode.Scalar) -> UInt32? {
        switch scalar {
        case "0"..."9": scalar.value - 0x30
        case "a"..."f": scalar.value - 0x61 + 10
        case "A"..."F": scalar.value - 0x41 + 10
        default: nil
        }
    }

    // MARK: Numbers

    /// JSON5 §6.
    mutating func readNumber() throws(JSON5Error) -> JSONValue.Content {
        let start = position
        let isNegative = current == "-"
        if current == "-" || current == "+" { advance() }
        let content: JSONValue.Content
        if current == "0", peek(1) == "x" || peek(1) == "X" {
            advance()
            advance()
            content = try readHexadecimalNumber(isNegative: isNegative, from: start)
        } else if let scalar = current, Self.startsWord(scalar) {
            switch try readIdentifier() {
            case "Infinity": content = .number(isNegative ? -.infinity : .infinity)
            case "NaN": content = .number(.nan)
            default: throw JSON5Error(reason: .invalidNumber, position: start)
            }
        } else {
            content = try readDecimalNumber(isNegative: isNegative, from: start)
        }
        if let scalar = current, Self.continuesWord(scalar) || scalar == "." {
            throw JSON5Error(reason: .invalidNumber, position: start)
        }
        return content
    }

    private mutating func readHexadecimalNumber(
        isNegative: Bool, from start: TextPosition
    ) throws(JSON5Error) -> JSONValue.Content {
        var digits = isNegative ? "-" : ""
        while let scalar = current, Self.hexadecimalDigit(scalar) != nil {
            digits.unicodeScalars.append(scalar)
            advance()
        }
        guard digits.last?.isHexDigit == true else { throw JSON5Error(reason: .invalidNumber, position: start) }
        guard let value = Int64(digits, radix: 16) else { throw JSON5Error(reason: .numberTooLarge, position: start) }
        return .integer(value)
    }

    private mutating func readDecimalNumber(
        isNegative: Bool, from start: TextPosition
    ) throws(JSON5Error) -> JSONValue.Content {
        let invalid = JSON5Error(reason: .invalidNumber, position: start)
        let whole = readDigits()
        var isInteger = true
        var fraction = ""
        if take(".") {
            isInteger = false
            fraction = readDigits()
        }
        guard !(whole.isEmpty && fraction.isEmpty), whole == "0" || !whole.hasPrefix("0") else { throw invalid }
        var exponent = "0"
        if take("e") || take("E") {
            isInteger = false
            let sign = current == "-" ? "-" : ""
            if current == "-" || current == "+" { advance() }
            let digits = readDigits()
            guard !digits.isEmpty else { throw invalid }
            exponent = sign + digits
        }
        let sign = isNegative ? "-" : ""
        if isInteger, let value = Int64(sign + whole) { return .integer(value) }
        guard let value = Double("\(sign)0\(whole).\(fraction)0e\(exponent)") else { throw invalid }
        guard value.isFinite else { throw JSON5Error(reason: .numberTooLarge, position: start) }
        return .number(value)
    }

    private mutating func readDigits() -> String {
        var digits = ""
        while let scalar = current, ("0"..."9").contains(scalar) {
            digits.unicodeScalars.append(scalar)
            advance()
        }
        return digits
    }
}
