import Bitstreams
import Bytes
import ISOBMFF
import Media

/// What a stranger may send as AV1, VP9 and FLAC: configurations, and packets of one sample each, up to the media files
/// that come of them.
///
/// An input's first byte says which of them it is. Then come pieces, each behind two bytes with its length; where the
/// highest bit of the length is set, it is a configuration.
@c(LLVMFuzzerTestOneInput) public func fuzzCodedPackets(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    switch input[0] % 3 {
    case 0: read(input, AV1StreamReader())
    case 1: read(input, VP9StreamReader())
    default: read(input, FLACStreamReader())
    }
    return 0
}

private func read(_ input: [UInt8], _ reader: some ConfiguredStreamReader) {
    var reader = reader
    var place = 1
    while place + 2 <= input.count {
        let length = Int(input[place] & 0x7F) << 8 | Int(input[place + 1])
        let isConfiguration = input[place] & 0x80 != 0
        let end = min(place + 2 + length, input.count)
        let piece = ByteChunk(Array(input[(place + 2)..<end]))
        place = end
        if isConfiguration {
            try? reader.configure(piece)
        } else if let sample = try? reader.read(piece) {
            check(sample, of: reader.track)
        }
    }
}

private func check(_ sample: PacketSample, of track: Track?) {
    guard let track else { preconditionFailure("a sample belongs to a track") }
    precondition(!sample.data.isEmpty, "a sample has bytes")
    switch track.format {
    case .video(let video): precondition(video.width > 0 && video.height > 0, "a picture has a size")
    case .audio(let audio):
        precondition(audio.sampleRate > 0 && audio.channelCount > 0 && audio.samplesPerFrame > 0, "sound lasts")
    }
    precondition(!CMAFHeader.bytes(for: track).isEmpty, "a track has a header")
    // Whoever knows the configuration alone knows the same track.
    if track.codec == .av1 {
        precondition((try? Track(av1CodecConfiguration: track.decoderConfiguration)) == track, "a record is complete")
    }
    if track.codec == .flac {
        let record = track.decoderConfiguration
        let again = try? Track(flacStreamInfo: record[4..<record.count])
        precondition(again?.decoderConfiguration == record, "a record is complete")
    }
}
