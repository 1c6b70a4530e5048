import Bitstreams
import Testing

@Suite struct AnnexBTests {
    /// Where start codes are, found byte by byte.
    static func places(in bytes: [UInt8]) -> [Int] {
        bytes.indices.dropLast(2).filter { bytes[$0] == 0 && bytes[$0 + 1] == 0 && bytes[$0 + 2] == 1 }
    }

    static func found(in bytes: [UInt8], from start: Int = 0) -> [Int] {
        var (result, offset) = ([Int](), start)
        while let code = AnnexB.startCode(in: bytes.span, from: offset) {
            result.append(code)
            offset = code + 3
        }
        return result
    }

    @Test func aStartCodeIsFoundWhereverItIs() {
        for length in 0...80 {
            for place in 0..<max(0, length - 2) {
                for filling in [0xFF, 1, 0] as [UInt8] {
                    var bytes = [UInt8](repeating: filling, count: length)
                    bytes.replaceSubrange(place..<(place + 3), with: [0, 0, 1])
                    #expect(Self.found(in: bytes) == Self.places(in: bytes), "\(length), \(place), \(filling)")
                    #expect(AnnexB.startCode(in: bytes.span, from: place) == place)
                    #expect(AnnexB.startCode(in: bytes.span, from: place + 1) == nil)
                }
            }
        }
    }

    @Test func whatLooksLikeAStartCodeIsNone() {
        for near in [[0, 0, 2], [0, 0, 3], [0, 1, 0, 1], [1, 0, 1], [0, 0]] as [[UInt8]] {
            for place in 0..<70 {
                let bytes = [UInt8](repeating: 9, count: place) + near
                #expect(AnnexB.startCode(in: bytes.span, from: 0) == nil)
                #expect(AnnexB.startCode(in: (bytes + [9, 9, 0, 0, 1]).span, from: 0) == bytes.count + 2)
            }
        }
    }

    @Test func nothingIsMissedAmongZerosAndOnes() {
        var state: UInt64 = 20_261_121
        for _ in 0..<400 {
            let bytes = (0..<300).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return [0, 0, 0, 1, 1, 2, 128, 129][Int(state >> 60) & 7]
            }
            #expect(Self.found(in: bytes) == Self.places(in: bytes))
        }
    }

    @Test func zerosBeforeAStartCodeAreOfNoUnit() {
        let bytes: [UInt8] = [0, 0, 1, 9, 0, 7, 0, 0, 0, 0, 1]
        #expect(AnnexB.unit(in: bytes.span, from: 3, to: 8) == 3..<6)
        #expect(AnnexB.unit(in: bytes.span, from: 6, to: 8) == 6..<6)
        #expect(AnnexB.unit(in: bytes.span, from: 3, to: 3) == 3..<3)
    }
}
