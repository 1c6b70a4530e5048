import Bytes
import HLSRules
import ISOBMFF
import Media

/// A correct presentation of two renditions, as a prober sees it in one go, in which one thing can be changed.
struct MediaHistory {
    static let root = "http://example.com/live/news/"
    static let video = root + "id/video/"
    static let audio = root + "id/audio/"
    static let tracks = [
        video: Track(
            codec: .h264,
            format: .video(
                VideoFormat(
                    width: 1280, height: 720,
                    colour: ColourDescription(primaries: 1, transfer: 1, matrix: 1, isFullRange: false))),
            decoderConfiguration: ByteChunk([1, 0x64, 0, 0x1F, 0xFF, 0xE0, 0]), codecString: "avc1.64001f"),
        audio: Track(
            codec: .aac, format: .audio(AudioFormat(sampleRate: 48_000, channelCount: 2, samplesPerFrame: 1024)),
            decoderConfiguration: ByteChunk([0x11, 0x90]), codecString: "mp4a.40.2"),
    ]

    /// What a server has: bodies by URL.
    var bodies: [String: [UInt8]] = [:]
    /// Statuses other than 200.
    var statuses: [String: Int] = [:]
    /// Header fields that differ, for all answers.
    var headers: [String: String?] = [:]
    /// The I-frames, when there is a playlist of them.
    var iFrames: [IFrame] = []
    /// True when the I-frames come before the segments.
    var iFramesFirst = false
    /// How long answers take, in seconds.
    var delay = 0.01
    /// How much later audio is shown than video, in ticks of 48 kHz.
    var audioDelay: UInt64 = 0

    /// Four segments of two seconds, of four parts each, of five frames each.
    init(audioDelay: UInt64 = 0) {
        bodies[Self.root + "index.m3u8"] = Array(
            """
            #EXTM3U
            #EXT-X-INDEPENDENT-SEGMENTS
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Main",LANGUAGE="und",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="id/audio/index.m3u8"
            #EXT-X-STREAM-INF:BANDWIDTH=20000,AVERAGE-BANDWIDTH=18000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,VIDEO-RANGE=SDR,FRAME-RATE=10.000,AUDIO="audio"
            id/video/index.m3u8

            """.utf8)
        for (folder, track) in Self.tracks {
            let isVideo = folder == Self.video
            bodies[folder + "init1.mp4"] = CMAFHeader.bytes(for: track).array
            let other = isVideo ? "audio" : "video"
            bodies[folder + "index.m3u8"] = Array(
                (PlaylistHistory.playlist(parts: 16) + Self.report(on: other)).utf8)
            var time: UInt64 = isVideo ? 0 : audioDelay
            for segment in 0..<4 {
                var whole: [UInt8] = []
                for part in segment * 4..<segment * 4 + 4 {
                    let bytes = CMAFChunk.bytes(
                        sequenceNumber: UInt32(part + 1), baseMediaDecodeTime: time,
                        samples: Self.samples(ofPart: part, isVideo: isVideo)
                    ).array
                    bodies[folder + "p\(part).m4s"] = bytes
                    whole += bytes
                    time += isVideo ? 45_000 : 24_000
                }
                bodies[folder + "s\(segment).m4s"] = whole
            }
        }
    }

    /// What a playlist says of the other.
    static func report(on other: String) -> String {
        "#EXT-X-RENDITION-REPORT:URI=\"../\(other)/index.m3u8\",LAST-MSN=3,LAST-PART=3\n"
    }

    /// Five frames of a tenth of a second, in video the first one a key frame.
    static func samples(ofPart part: Int, isVideo: Bool) -> [ChunkSample] {
        (0..<5).map { index in
            let isSync = !isVideo || index == 0
            return ChunkSample(
                data: ByteChunk([0, 0, 0, 2, isSync ? 0x65 : 0x41, UInt8(part)]), duration: isVideo ? 9000 : 4800,
                compositionOffset: 0, isSync: isSync)
        }
    }

    /// Makes a segment of video what its parts are.
    mutating func joinParts(ofSegment segment: Int) {
        bodies[Self.video + "s\(segment).m4s"] = (segment * 4..<segment * 4 + 4).flatMap {
            bodies[Self.video + "p\($0).m4s"] ?? []
        }
    }

    /// The rules that a prober finds broken.
    func violations(probe: (Observation.Probe, status: Int)? = nil) -> Set<Rule> { observed(probe: probe).broken }

    /// What a prober finds: broken rules, and playlists whose media could not be judged.
    func observed(probe: (Observation.Probe, status: Int)? = nil) -> (broken: Set<Rule>, unjudged: [String]) {
        var history = PresentationHistory()
        var broken: Set<Rule> = []
        var time = 0.0
        func observe(
            _ kind: Observation.Kind, _ url: String, range: MediaPlaylist.ByteRange? = nil, status: Int? = nil,
            body: [UInt8]? = nil, fields more: [String: String] = [:]
        ) {
            let isPlaylist = url.hasSuffix(".m3u8")
            let body = body ?? bodies[url] ?? []
            var fields = [
                "content-type": isPlaylist
                    ? "application/vnd.apple.mpegurl" : url.hasPrefix(Self.audio) ? "audio/mp4" : "video/mp4",
                "access-control-allow-origin": "*", "cache-control": "max-age=2", "content-length": "\(body.count)",
                "content-encoding": isPlaylist ? "gzip" : "", "vary": "Accept-Encoding",
            ]
            for (name, value) in headers { fields[name] = value }
            fields.merge(more) { _, new in new }
            let observation = Observation(
                kind, url: url, range: range, sentAt: time, arrivedAt: time + delay,
                status: status ?? statuses[url] ?? 200,
                headers: fields.filter { !$0.value.isEmpty }.map { (name: $0.key, value: $0.value) },
                body: ByteChunk(body), acceptsGzip: isPlaylist)
            for violation in history.observe(observation) { broken.insert(violation.rule) }
            time += delay
        }
        observe(.multivariant, Self.root + "index.m3u8")
        func observeIFrames() {
            guard !iFrames.isEmpty else { return }
            observe(.initialization, Self.video + "init1.mp4")
            observe(.playlist(.plain), Self.iFramePlaylist)
            for iFrame in iFrames {
                observe(
                    .iFrame, Self.video + iFrame.segment, range: iFrame.range, status: iFrame.status,
                    body: iFrame.bytes, fields: ["content-range": iFrame.contentRange])
            }
        }
        if iFramesFirst { observeIFrames() }
        for folder in [Self.video, Self.audio] {
            observe(.playlist(.plain), folder + "index.m3u8")
            for version in 1...2 where bodies[folder + "init\(version).mp4"] != nil {
                observe(.initialization, folder + "init\(version).mp4")
            }
            // The first segment's parts are not listed any more.
            for part in 4..<16 { observe(.part, folder + "p\(part).m4s") }
            for segment in 0..<4 { observe(.segment, folder + "s\(segment).m4s") }
        }
        if !iFramesFirst { observeIFrames() }
        observe(.multivariant, Self.root + "index.m3u8")
        if let (kind, status) = probe {
            observe(.probe(kind), Self.video + (kind == .unknownResource ? "none.m4s" : "index.m3u8"), status: status)
        }
        return (broken, history.unjudged)
    }
}

extension ByteChunk {
    var array: [UInt8] { withUnsafeBytes { Array($0) } }
}

extension [UInt8] {
    /// Where the type of the first box called `type` stands.
    func position(of type: String) -> Int {
        let name = Array(type.utf8)
        return indices.first { self[$0...].starts(with: name) } ?? 0
    }

    /// With the byte that stands so far behind a box's type changed.
    func changing(_ type: String, at offset: Int, _ change: (UInt8) -> UInt8) -> [UInt8] {
        var bytes = self
        let position = self.position(of: type) + 4 + offset
        bytes[position] = change(bytes[position])
        return bytes
    }

    /// With a box added at the end of the box `container`, whose parents stand before it.
    func adding(_ box: [UInt8], to containers: [String]) -> [UInt8] {
        var bytes = self
        let ends = containers.map { name -> Int in
            let start = position(of: name) - 4
            let size = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
            let grown = size + box.count
            for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: grown >> (24 - 8 * index)) }
            return start + size
        }
        bytes.insert(contentsOf: box, at: ends.last ?? bytes.count)
        return bytes
    }
}
