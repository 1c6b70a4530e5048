import Testing

@testable import HTTP

@Suite struct QueryStringTests {
    @Test func whatStandsTwiceIsSeen() {
        for query in ["a=1&a=2", "a&a", "a=&b&a=", "%61=1&a=1", "a=1&&b=2&a"] {
            #expect(QueryString.isRepeated("a", in: query), "\(query)")
        }
        for query in ["", "a", "a=1", "a=a&b=a", "aa=1&a=1", "b&b"] {
            #expect(!QueryString.isRepeated("a", in: query), "\(query)")
        }
    }

    static let rows: [(query: String, name: String, value: String?)] = [
        ("_HLS_msn=12&_HLS_part=3", "_HLS_msn", "12"),
        ("_HLS_msn=12&_HLS_part=3", "_HLS_part", "3"),
        ("_HLS_msn=12&_HLS_part=3", "_HLS", nil),
        ("a=1&a=2", "a", "1"),
        ("flag&b=2", "flag", ""),
        ("flag=&b=2", "flag", ""),
        ("a=b=c", "a", "b=c"),
        ("a=x+y%2Bz", "a", "x y+z"),
        ("%61=1", "a", "1"),
        ("a=%E2%82%AC", "a", "€"),
        ("a=%zz", "a", "%zz"),
        ("a=%4", "a", "%4"),
        ("%zz=1&a=2", "a", "2"),
        ("&&a=1&&", "a", "1"),
        ("=1", "", "1"),
        ("", "a", nil),
    ]

    @Test(arguments: rows.indices) func theFirstValueIsFound(row: Int) {
        let (query, name, value) = Self.rows[row]
        #expect(QueryString.firstValue(of: name, in: query) == value, "\(query)")
    }
}

@Suite struct PercentEncodingTests {
    static let paths: [(target: String, path: String?)] = [
        ("/", "/"),
        ("/live/a.m3u8", "/live/a.m3u8"),
        ("/a%20b/%e2%82%ac", "/a b/€"),
        ("/a/../b/%2e%2e/c", "/a/../b/../c"),
        ("/a%2Fb//c", "/a/b//c"),
        ("/a+b", "/a+b"),
        ("/%2541", "/%41"),
        ("*", "*"),
        ("http://host/x", "/x"),
        ("HTTPS://host", "/"),
        ("http:///x", nil),
        ("ftp://host/x", nil),
        ("", nil),
        ("x", nil),
        ("/%", nil),
        ("/%4", nil),
        ("/%4g", nil),
        ("/%00", nil),
        ("/%ff", nil),
        ("/a b", nil),
        ("/a\u{7f}", nil),
    ]

    @Test(arguments: paths.indices) func aPathIsDecodedOnceOrRefused(row: Int) {
        let (target, path) = Self.paths[row]
        let bytes = Array(target.utf8)
        let decoded = PercentEncoding.path(ofTarget: bytes.span)
        #expect(decoded == path, "\(target)")
    }

    @Test func everyPrefixAndBitFlipEndsInAValueOrNil() {
        let target = Array("http://host/a%20b/%E2%82%AC/..%2f?".utf8)
        for length in 0...target.count {
            let prefix = Array(target[..<length])
            let path = PercentEncoding.path(ofTarget: prefix.span)
            #expect(path?.utf8.contains(0) != true)
        }
        for bit in 0..<(target.count * 8) {
            var flipped = target
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            let path = PercentEncoding.path(ofTarget: flipped.span)
            #expect(path?.utf8.contains(0) != true)
            let query = String(decoding: flipped, as: UTF8.self)
            #expect(QueryString.firstValue(of: "\u{1}", in: query) == nil)
        }
    }
}
