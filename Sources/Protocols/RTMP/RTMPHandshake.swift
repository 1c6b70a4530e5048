internal import Bytes

/// The server's side of the simple handshake. RTMP 1.0 §5.2.
///
/// S0, S1 and S2 are sent as soon as C0 and C1 are there, without waiting for C2. Bytes 4 to 7 of S1 are zero: other
/// values make clients look for a digest.
struct RTMPHandshake: Sendable {
    private static let version: UInt8 = 3
    private static let packetCount = 1536
    /// How many random bytes S1 has.
    static let randomCount = packetCount - 8
    /// How many bytes C0, C1 and C2 have.
    static let clientByteCount = UInt64(1 + 2 * packetCount)

    private let random: [UInt8]
    private var first: [UInt8] = []
    private var secondLeft = packetCount

    init(random: [UInt8]) {
        precondition(random.count == Self.randomCount, "S1 has 1,528 random bytes")
        self.random = random
    }

    /// Takes what belongs to the handshake from `bytes`, answers into `output`, and says whether C2 is complete.
    mutating func receive(
        _ bytes: Span<UInt8>, at position: inout Int, output: inout RTMPChunkWriter
    ) throws(RTMPError) -> Bool {
        let firstCount = 1 + Self.packetCount
        if first.count < firstCount {
            if first.isEmpty, position < bytes.count, bytes[position] != Self.version {
                throw .unsupportedVersion(bytes[position])
            }
            let taken = min(firstCount - first.count, bytes.count - position)
            bytes.extracting(position..<(position + taken)).withUnsafeBufferPointer { first.append(contentsOf: $0) }
            position += taken
            guard first.count == firstCount else { return false }
            output.write(raw: [Self.version] + [UInt8](repeating: 0, count: 8) + random + first.dropFirst())
        }
        let skipped = min(secondLeft, bytes.count - position)
        position += skipped
        secondLeft -= skipped
        return secondLeft == 0
    }
}
