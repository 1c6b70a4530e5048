internal import Bytes
internal import ISOBMFF
internal import Media

extension Presentation {
    /// Publishes all that the decisions so far allow.
    mutating func advance() {
        defer {
            reportStalls()
            forgetDateRanges()
        }
        while let release = run?.nextRelease() {
            switch release {
            case .video(0, .chunk(let chunk)):
                let messages = metadata.take(into: chunk, of: .video)
                if !messages.isEmpty {
                    for rung in videoWindows.indices.dropFirst() { unpublishedEvents[rung] += messages }
                }
                videoWindows[0].publish(
                    chunk, in: .video, number: &videoSequenceNumbers[0], anchor: anchor, events: messages)
            case .video(0, .segmentEnd(let reason)): endSegment(reason)
            case .video(let rung, .chunk(let chunk)): publish(chunk, rung: rung)
            case .video(let rung, .segmentEnd): videoWindows[rung].endSegment()
            case .audio(let index, .chunk(let chunk)):
                guard let timescale = audioWindows[index].initializations.last?.track.timescale else { break }
                audioWindows[index].publish(
                    chunk, in: timescale, number: &audioSequenceNumbers[index], anchor: anchor,
                    events: isLeading(index) ? metadata.take(into: chunk, of: timescale) : [])
                if isLeading(index) {
                    let missing = Silence.Stretch(
                        end: MediaTime(chunk.end, timescale), endsSegment: false, isWhole: true)
                    for rung in videoWindows.indices {
                        videoWindows[rung].publish(missing, of: profile, anchor: anchor)
                    }
                }
            case .audio(let index, .segmentEnd):
                audioWindows[index].endSegment()
                guard isLeading(index) else { break }
                for rung in videoWindows.indices { videoWindows[rung].endSegment() }
                followClock()
            }
        }
    }

    /// The segment of the leading video ends.
    private mutating func endSegment(_ reason: SegmentEnd) {
        var delay = MediaTime.zero
        switch reason {
        case .openKeyFrame(let ticks):
            hasIndependentSegments = false
            delay = MediaTime(ticks, .video)
        case .withoutKeyFrame:
            hasIndependentSegments = false
            events.append(.segmentWithoutKeyFrame(sequenceNumber: videoWindows[0].segments.last?.sequenceNumber ?? 0))
        case .keyFrame, .hole, .interruption: break
        }
        videoWindows[0].endSegment(nextKeyFrameDelay: delay)
        followClock()
    }

    /// Publishes a chunk of a video rendition that follows. What came with the leading one's pictures comes with its, too.
    private mutating func publish(_ chunk: Chunk, rung: Int) {
        var messages: [EventMessage] = []
        if !chunk.samples.isEmpty {
            let isFirst = videoWindows[rung].segments.last.map { $0.isComplete || $0.isGap } ?? true
            if isFirst, !chunk.isIndependent { hasIndependentSegments = false }
            if !unpublishedEvents[rung].isEmpty {
                messages = unpublishedEvents[rung].filter { $0.presentationTime < UInt64(clamping: chunk.end) }
                unpublishedEvents[rung].removeFirst(messages.count)
            }
        }
        videoWindows[rung].publish(
            chunk, in: .video, number: &videoSequenceNumbers[rung], anchor: anchor, events: messages)
    }

    /// True for the audio rendition that leads, where there are no pictures.
    func isLeading(_ audio: Int) -> Bool { isSoundAlone && audio == audioPlaces.min() }

    private mutating func reportStalls() {
        guard let stalled = run?.stalled, stalled != reportedStalls else { return }
        for rendition in stalled.subtracting(reportedStalls).sorted() {
            events.append(.trackStalled(rendition: rendition))
        }
        reportedStalls = stalled
    }
}

extension RenditionWindow {
    var sound: Sound? { initializations.last.flatMap { Sound(of: $0.track, upTo: edge ?? .zero) } }

    fileprivate mutating func publish(
        _ chunk: Chunk, in timescale: Timescale, number: inout UInt32, anchor: WallAnchor, events: [EventMessage]
    ) {
        var (data, keyFrame): (ByteChunk?, KeyFrame?) = (nil, nil)
        if !chunk.samples.isEmpty {
            number &+= 1
            let bytes = CMAFChunk.bytes(
                sequenceNumber: number, baseMediaDecodeTime: UInt64(clamping: chunk.start), samples: chunk.samples,
                events: events)
            if isVideo, chunk.isIndependent, let first = chunk.samples.first {
                let others = chunk.samples.dropFirst().reduce(0) { $0 + $1.data.count }
                keyFrame = KeyFrame(
                    range: events.reduce(0) { $0 + $1.bytes.count }..<bytes.count - others,
                    delay: MediaTime(Int64(first.compositionOffset), timescale))
            }
            data = bytes
        }
        let media = PartMedia(
            end: MediaTime(chunk.end, timescale), isIndependent: chunk.isIndependent, data: data, keyFrame: keyFrame)
        let start = MediaTime(chunk.start, timescale)
        append(media, from: start, shift: anchor.shift(at: start))
    }
}
