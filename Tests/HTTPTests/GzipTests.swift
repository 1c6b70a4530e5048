import Bytes
import HTTPTestClient
import Testing

@testable import HTTP

@Suite struct GzipTests {
    @Test func zlibReadsBackWhatWasCompressed() throws {
        for count in [0, 1, 1000, 300_000] {
            let text = ByteChunk((0..<count).map { UInt8(truncatingIfNeeded: $0 / 7 &* 31) })
            for level in [-5, 1, 6, 9, 99] {
                let packed = try #require(Gzip.compress(text, level: level))
                #expect(gunzip(packed.array) == text.array)
            }
        }
    }

    @Test func theSameTextGivesTheSameBytesWithoutATime() throws {
        let text = ByteChunk(Array("#EXTM3U\n".utf8))
        let packed = try #require(Gzip.compress(text))
        #expect(packed == Gzip.compress(text))
        #expect(Array(packed.array[..<8]) == [0x1f, 0x8b, 8, 0, 0, 0, 0, 0])
    }

    @Test func aPlaylistShrinks() throws {
        let text = String(repeating: "#EXTINF:6.00000,\nsegment.m4s\n", count: 200)
        let packed = try #require(Gzip.compress(ByteChunk(Array(text.utf8))))
        #expect(packed.count < text.utf8.count / 10)
    }

    /// In any order, and each as often as is wanted.
    @Test(arguments: [[], [0], [1], [2, 1, 0], [3, 3], [0, 2, 3, 1, 2]])
    func piecesAreOneText(order: [Int]) throws {
        let texts = [0, 1, 1000, 100_000].map { count in
            ByteChunk((0..<count).map { UInt8(truncatingIfNeeded: $0 / 7 &* 31 &+ count) })
        }
        let pieces = try texts.map { try #require(GzipPiece($0)) }
        let member = ByteChunk(joining: GzipPiece.member(of: order.map { pieces[$0] }))
        #expect(gunzip(member.array) == ByteChunk(joining: order.map { texts[$0] }).array)
    }

    static let rows: [(field: String?, isAcceptable: Bool)] = [
        (nil, false),
        ("", false),
        ("gzip", true),
        ("GZIP", true),
        ("x-gzip", true),
        ("gzip, deflate, br", true),
        ("deflate , gzip;q=0.5", true),
        ("gzip;q=1.000", true),
        ("gzip; Q=0.001", true),
        ("gzip;q=0", false),
        ("gzip;q=0.000", false),
        ("gzip ; q=0 , *", false),
        ("*", true),
        ("*;q=0", false),
        ("*;q=0.1", true),
        ("identity", false),
        ("br;q=1, *;q=0, gzip", true),
        ("gzip;q=abc", false),
        ("gzip;q=", false),
        ("gzip;q=2", false),
        ("gzip;q=1.5", false),
        ("gzipped", false),
        (",;,gzip", true),
    ]

    @Test(arguments: rows.indices) func acceptanceFollowsTheWeights(row: Int) {
        let (field, isAcceptable) = Self.rows[row]
        #expect(Gzip.isAcceptable(to: field) == isAcceptable, "\(field ?? "none")")
    }
}
