internal import Channels
internal import Ingest
internal import Packaging
internal import Schema

extension JSONValue {
    /// A report as broadcasters read it. Times are in seconds, rates in bits in a second; what is not known yet is null.
    init(_ report: FeedReport) {
        self = [
            "channel": .text(report.channel), "name": .text(report.name), "input": .text(report.input.rawValue),
            "state": .text(report.state.rawValue), "latency": .text(report.profile.name.rawValue),
            "seconds": .rounded(report.seconds, 1),
            "pictures": report.pictures.map(JSONValue.init) ?? nil,
            "sound": JSONValue(.array(report.sounds.map(JSONValue.init))),
            "arrival": report.state == .absent
                ? nil
                : [
                    "unevenness": .rounded(report.unevenness, 3), "lag": .rounded(report.lag, 3),
                    "soundDelay": report.pictures == nil || report.sounds.isEmpty
                        ? nil : .rounded(report.soundDelay, 3),
                ],
            "clock": [
                "driftPartsPerMillion": report.clockDrift.map { .rounded($0, 1) } ?? nil,
                "steps": JSONValue(.integer(Int64(report.clockSteps))),
            ],
            "advice": JSONValue(
                .array(
                    report.advice.map { advice in
                        [
                            "code": .text(advice.code.rawValue), "severity": .text(advice.severity.rawValue),
                            "text": .text(advice.text),
                        ]
                    })),
        ]
    }

    private init(_ pictures: FeedReport.Pictures) {
        self = [
            "codec": .text(pictures.codecString), "width": JSONValue(.integer(Int64(pictures.width))),
            "height": JSONValue(.integer(Int64(pictures.height))),
            "frameRate": pictures.frameRate.map { .rounded($0.average, 3) } ?? nil,
            "bitRate": pictures.bitRate.map(JSONValue.init) ?? nil,
            "keyFrameInterval": pictures.keyFrameInterval.map { interval in
                ["shortest": .rounded(interval.shortest, 3), "longest": .rounded(interval.longest, 3)]
            } ?? nil,
            "reorderDelay": .rounded(pictures.reorderDelay, 3),
        ]
    }

    private init(_ sound: FeedReport.Sound) {
        self = [
            "codec": .text(sound.codecString), "language": sound.language.map(JSONValue.text) ?? nil,
            "sampleRate": JSONValue(.integer(Int64(sound.sampleRate))),
            "channels": JSONValue(.integer(Int64(sound.channelCount))),
            "bitRate": sound.bitRate.map(JSONValue.init) ?? nil,
        ]
    }

    private init(_ rate: FeedReport.BitRate) {
        self = [
            "average": JSONValue(.integer(Int64(rate.average))), "peak": JSONValue(.integer(Int64(rate.peak))),
            "latest": JSONValue(.integer(Int64(rate.latest))),
        ]
    }

    private static func text(_ text: String) -> JSONValue { JSONValue(.string(text)) }

    private static func rounded(_ number: Double, _ places: Int) -> JSONValue {
        let factor = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
        return JSONValue(.number((number * factor).rounded() / factor))
    }
}
