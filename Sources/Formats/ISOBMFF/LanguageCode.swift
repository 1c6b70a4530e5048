/// Languages as a `mdhd` names them, ISO/IEC 14496-12 §8.4.2: three letters of ISO 639-2/T, five bits each.
enum LanguageCode {
    /// The code for a tag of RFC 5646, `und` where it has none: the primary language is taken, and of two letters only
    /// those of common languages are known.
    static func packed(_ tag: String?) -> UInt16 {
        let primary = tag?.prefix { $0 != "-" && $0 != "_" }.lowercased() ?? ""
        return pack(primary) ?? threeLetters[primary].flatMap(pack) ?? 0x55C4
    }

    private static func pack(_ letters: String) -> UInt16? {
        guard letters.utf8.count == 3, letters.utf8.allSatisfy({ (0x61...0x7A).contains($0) }) else { return nil }
        return letters.utf8.reduce(0) { $0 << 5 | UInt16($1 - 0x60) }
    }

    private static let threeLetters = [
        "ar": "ara", "bg": "bul", "bn": "ben", "bs": "bos", "ca": "cat", "cs": "ces", "cy": "cym", "da": "dan",
        "de": "deu", "el": "ell", "en": "eng", "es": "spa", "et": "est", "eu": "eus", "fa": "fas", "fi": "fin",
        "fr": "fra", "ga": "gle", "gl": "glg", "he": "heb", "hi": "hin", "hr": "hrv", "hu": "hun", "id": "ind",
        "is": "isl", "it": "ita", "ja": "jpn", "ko": "kor", "lt": "lit", "lv": "lav", "mk": "mkd", "ms": "msa",
        "mt": "mlt", "nb": "nob", "nl": "nld", "nn": "nno", "no": "nor", "pl": "pol", "pt": "por", "ro": "ron",
        "ru": "rus", "sk": "slk", "sl": "slv", "sq": "sqi", "sr": "srp", "sv": "swe", "sw": "swa", "ta": "tam",
        "te": "tel", "th": "tha", "tr": "tur", "uk": "ukr", "ur": "urd", "vi": "vie", "zh": "zho",
    ]
}
