import Bytes
import Glibc
import Ingest
import Media
import Time

/// Reads a file with a transport stream as it comes from a socket, and makes samples of it: `TransportStreamBenchmark FILE`.
/// Whoever runs it measures it.
@main enum TransportStreamBenchmark {
    /// What is read from the file at once, and handed on: as much as libavformat reads.
    private static let readSize = 32 << 10
    /// Six seconds of video and audio.
    private static let keptSamples = 6 * (30 + 47)

    static func main() {
        guard CommandLine.arguments.count == 2, case let file = open(CommandLine.arguments[1], O_RDONLY), file >= 0
        else {
            print("TransportStreamBenchmark takes a file.")
            exit(2)
        }
        let clocks = SystemClocks()
        var translator = TransportStreamTranslator(program: nil)
        var (events, samples, bytes) = ([FeedEvent](), 0, 0)
        // What is recent stays in memory, as it does in a channel.
        var recent = [ByteChunk](repeating: ByteChunk(), count: keptSamples)
        func keep(_ sample: Sample) {
            recent[samples % keptSamples] = sample.data
            samples += 1
            bytes += sample.data.count
        }
        func count() {
            for event in events {
                switch event {
                case .video(let sample), .audio(let sample, _): keep(sample)
                default: break
                }
            }
            events.removeAll(keepingCapacity: true)
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: readSize, alignment: 16)
        while case let size = read(file, buffer.baseAddress, readSize), size > 0 {
            let piece = Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<size]))
            translator.receive(piece, at: clocks.now, into: &events)
            count()
        }
        translator.finish(into: &events)
        count()
        print("\(samples) samples, \(bytes) bytes, \(translator.faults) faults")
    }
}
