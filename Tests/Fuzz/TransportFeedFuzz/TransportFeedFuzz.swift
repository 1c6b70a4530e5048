import Bytes
import Ingest
import Media
import Time

/// What a stranger may send in the streams of a program, up to what becomes of it: pictures, sound, splices, metadata.
///
/// The first byte says where in the map the program's streams begin, so that each kind of picture can be the first one, and
/// the second is the size of the pieces in which the bytes arrive, which must make no difference. What the rest says,
/// `Units` knows.
@c(LLVMFuzzerTestOneInput) public func fuzzTransportFeed(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 2 else { return 0 }
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    var units = Units(first: Int(input[0]))
    units.write(in: input[2...])
    let whole = translate(units.bytes, pieces: max(units.bytes.count, 1))
    let pieces = translate(units.bytes, pieces: Int(input[1]) * 8 + 1)
    precondition(whole == pieces, "the pieces in which bytes arrive make no difference")
    return 0
}

/// What came of a stream, in numbers.
private struct Outcome: Equatable {
    var faults = 0
    var events = 0
    /// Kinds, times and sizes.
    var sum: UInt64 = 0

    mutating func add(_ event: FeedEvent) {
        events += 1
        switch event {
        case .announcement(let audioTracks): add(6, Int64(audioTracks))
        case .track(let track): add(1, Int64(track.index), Int64(track.decoderConfiguration.count))
        case .video(let sample):
            add(2, sample.decodeTime.value, sample.presentationTime.value)
            add(sample.isSync ? 1 : 0, Int64(sample.data.count), 0)
        case .audio(let sample, let track): add(3 + Int64(track), sample.decodeTime.value, Int64(sample.data.count))
        case .metadata(let data): add(4, data.time.value, Int64(data.tag.count))
        case .unusable(let name): add(6, Int64(name.utf8.count), 0)
        case .splice(let cue): add(5, cue.time.value, Int64(cue.eventID))
        }
    }

    private mutating func add(_ numbers: Int64...) {
        for number in numbers { sum = (sum ^ UInt64(bitPattern: number)) &* 0x0000_0100_0000_01B3 }
    }
}

private func translate(_ bytes: [UInt8], pieces: Int) -> Outcome {
    var translator = TransportStreamTranslator(program: nil)
    var events: [FeedEvent] = []
    var position = 0
    while position < bytes.count {
        let end = min(position + pieces, bytes.count)
        translator.receive(bytes.span.extracting(position..<end), at: Instant(nanoseconds: 0), into: &events)
        position = end
    }
    translator.finish(into: &events)
    var outcome = Outcome()
    for event in events { outcome.add(event) }
    outcome.faults = translator.faults
    return outcome
}
