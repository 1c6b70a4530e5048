internal import Media

/// What an encoder of libavcodec has to be told so that key frames are where they are asked for and nowhere else, groups of
/// pictures are closed, and nothing is written anywhere but into the stream.
struct EncoderRecipe {
    /// libavcodec's name.
    let name: String
    /// What comes out.
    let codec: Codec
    /// What it calls its presets.
    let preset: String
    /// Options of its own.
    var options: [(name: String, value: String)] = []
    /// What it calls the list of the library's own parameters, and what stands there in any case.
    let parameterList: String
    let parameters: [String]
    /// Parameters for one thread.
    var singleThread: [String] = []

    static func named(_ name: String) -> EncoderRecipe? { all.first { $0.name == name } }

    /// libsvtav1 is not among them: libavcodec 59 does not tell it which pictures are to be key frames.
    static let all = [
        EncoderRecipe(
            name: "libx264", codec: .h264, preset: "preset", options: [("forced-idr", "1")],
            parameterList: "x264-params",
            parameters: ["keyint=infinite", "min-keyint=1", "scenecut=0", "open-gop=0", "intra-refresh=0"]),
        EncoderRecipe(
            name: "libx265", codec: .hevc, preset: "preset", options: [("forced-idr", "1")],
            parameterList: "x265-params",
            parameters: [
                "keyint=-1", "min-keyint=1", "scenecut=0", "open-gop=0", "repeat-headers=0", "info=0", "log-level=none",
            ], singleThread: ["pools=none", "frame-threads=1"]),
        EncoderRecipe(
            name: "libaom-av1", codec: .av1, preset: "cpu-used",
            options: [("usage", "realtime"), ("lag-in-frames", "0")], parameterList: "aom-params", parameters: []),
    ]

    /// All options for `wanted`. Those of the recipe come last, so that they hold.
    func options(for wanted: VideoEncoderOptions) -> [(name: String, value: String)] {
        var list = (wanted.threads <= 1 ? singleThread : []) + grading(wanted)
        var result: [(name: String, value: String)] = []
        if let preset = wanted.preset { result.append((self.preset, preset)) }
        if let profile = wanted.profile { result.append(("profile", profile)) }
        if let tune = wanted.tune { result.append(("tune", tune)) }
        for option in wanted.options {
            if option.name == parameterList { list.append(option.value) } else { result.append(option) }
        }
        list += parameters
        let separator = ":"
        if !list.isEmpty { result.append((parameterList, list.joined(separator: separator))) }
        return result + options
    }

    /// What the pictures were graded on, for encoders that write it into the stream.
    private func grading(_ wanted: VideoEncoderOptions) -> [String] {
        guard let names = Self.gradingNames[name] else { return [] }
        var list: [String] = []
        if let display = wanted.mastering {
            func pair(_ letter: String, _ colour: MasteringDisplay.Chromaticity) -> String {
                "\(letter)(\(colour.x),\(colour.y))"
            }
            let colours =
                pair("G", display.green) + pair("B", display.blue) + pair("R", display.red) + pair("WP", display.white)
            list.append("\(names.display)=\(colours)L(\(display.maximumLuminance),\(display.minimumLuminance))")
        }
        if let light = wanted.light { list.append("\(names.light)=\(light.maximum),\(light.maximumAverage)") }
        return list
    }

    private static let gradingNames = [
        "libx264": (display: "mastering-display", light: "cll"),
        "libx265": (display: "master-display", light: "max-cll"),
    ]
}
