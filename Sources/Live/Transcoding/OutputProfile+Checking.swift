internal import Media
internal import Packaging
public import Schema

extension OutputProfile {
    /// Adds what cannot be, by the names that the configuration has for it under `path`, each with what to do.
    public func check(_ terms: OutputTerms, at path: FieldPath, into faults: inout FaultList) {
        guard encodes else { return }
        guard terms.hasVideo || !encodesPictures else {
            faults.add(
                path, nil, "the channel has sound alone, and no pictures to encode: leave all but audio out of output")
            return
        }
        if audio != nil, audio != AudioOutput(), !terms.hasAudio {
            faults.add(
                path["audio"], nil, "the channel has pictures alone: leave audio out, or let tracks be videoAndAudio")
        }
        checkKeyFrames(terms.latency, at: path, into: &faults)
        audio?.check(at: path["audio"], into: &faults)
        if renditions.count > Self.renditionLimit {
            faults.add(
                path["renditions"], nil, "\(renditions.count) renditions: \(Self.renditionLimit) can be encoded at most"
            )
        }
        let tuning = EncoderTuning(terms.latency.name)
        for (index, rendition) in renditions.enumerated() {
            let place = path["renditions"][index]
            rendition.check(tuning, terms.latency, at: place, into: &faults)
            let others = renditions[..<index].enumerated()
            if let (twin, _) = others.first(where: { $0.element.isLike(rendition) }) {
                faults.add(
                    place, nil,
                    "the same size, frame rate, codec and bitrate as \(path["renditions"][twin]): leave one out")
            }
            if let (odd, _) = others.first(where: { !$0.element.pace.shares(rendition.pace) }) {
                faults.add(
                    place["frameRateDivisor"], nil,
                    "has too few frames in common with that of \(path["renditions"][odd]): use 1, 2 and 4, or 1 and 3")
            }
        }
    }

    /// A segment ends with the first key frame after half of the target duration, and has to have one.
    private func checkKeyFrames(_ latency: LatencyProfile, at path: FieldPath, into faults: inout FaultList) {
        let place = path["gop"]
        if isMixed, frameDistance != nil {
            faults.add(
                path["frameRate"], nil,
                "in a mixed output the source's own pictures are shown at their times: leave frameRate out")
        }
        if isMixed {
            guard keyFrameInterval != nil else { return }
            faults.add(place, nil, "in a mixed output the source's key frames are those of all: leave gop out")
            return
        }
        let interval = keyFrameInterval(for: latency)
        let target = MediaTime.milliseconds(Int64(latency.targetDuration) * 1000)
        if interval > target {
            faults.add(
                place, nil,
                "\(interval.words) is longer than the target duration of \(target.words), and segments would begin without "
                    + "a key frame: \(target.words) or less, or a longer targetDuration")
        } else if interval < latency.partTarget {
            faults.add(
                place, nil,
                "\(interval.words) is too short for \(latency.name): \(latency.partTarget.words) or more"
            )
        }
        // A key frame waits for a frame that all rungs have.
        let slack = MediaTime.milliseconds(250)
        if renditions.contains(where: { $0.pace.isDivided }), interval <= target, interval + slack > target {
            faults.add(
                place, nil,
                "with a frameRateDivisor key frames can come a little late: \((target - slack).words) or less for the target "
                    + "duration of \(target.words)")
        }
    }

    /// Adds what needs an encoder that is not there.
    public func check(_ inventory: EncoderInventory, at path: FieldPath, into faults: inout FaultList) {
        let codings = inventory.codings.map(\.rawValue).joined(separator: ", ")
        for (index, rendition) in renditions.enumerated() where !inventory.has(rendition.coding.encoder) {
            faults.add(
                path["renditions"][index]["codec"], nil,
                "this machine's libavcodec has no encoder for \(rendition.coding.rawValue) (\(rendition.coding.encoder)): "
                    + (codings.isEmpty ? "install one that has" : "install one that has, or use \(codings)"))
        }
        if audio != nil, !inventory.has(AudioOutput.encoder) {
            faults.add(
                path["audio"], nil,
                "this machine's libavcodec has no encoder for AAC (\(AudioOutput.encoder)): install one that has")
        }
    }
}

extension Rendition {
    fileprivate func check(
        _ tuning: EncoderTuning, _ latency: LatencyProfile, at path: FieldPath, into faults: inout FaultList
    ) {
        if let maximumBitRate, maximumBitRate < bitRate {
            faults.add(
                path["maxrate"], nil,
                "\(maximumBitRate) is less than the bitrate of \(bitRate): \(bitRate) or more, or leave it out for "
                    + "\(bitRate.scaled(percent: 110))")
        }
        let buffers = Self.shortestBuffer...tuning.longestBuffer
        if let buffer, !buffers.contains(buffer) {
            let reason =
                buffer < buffers.lowerBound
                ? "a key frame would have no room" : "viewers would wait longer than \(latency.name) is meant for"
            faults.add(
                path["buffer"], nil,
                "\(buffer.words): \(reason); \(buffers.lowerBound.words) to \(buffers.upperBound.words), or leave it out for "
                    + tuning.buffer.words)
        }
        check(preset, "preset", among: coding.presets, at: path, into: &faults)
        check(profile, "profile", among: coding.profiles, at: path, into: &faults)
    }

    private func check(
        _ word: String?, _ name: String, among known: [String], at path: FieldPath, into faults: inout FaultList
    ) {
        guard let word, !known.contains(word) else { return }
        let meant = NearestName.find(word, among: known).map { "; did you mean \($0)?" } ?? ""
        faults.add(
            path[name], nil,
            "\(coding.rawValue) has no \(name) \(JSONValue(.string(word)).summary): one of "
                + known.joined(separator: ", ") + meant)
    }
}

extension Rendition.Pace {
    /// True where one of the two has all frames of the other.
    fileprivate func shares(_ other: Rendition.Pace) -> Bool {
        guard case .every(let left) = self, case .every(let right) = other, left > 0, right > 0 else { return true }
        return left % right == 0 || right % left == 0
    }

    fileprivate var isDivided: Bool { if case .every(let divisor) = self { divisor > 1 } else { false } }
}

extension AudioOutput {
    fileprivate func check(at path: FieldPath, into faults: inout FaultList) {
        let range = Self.bitRatesPerChannel
        let (least, most) = (
            BitRate(range.lowerBound.bitsPerSecond * channelCount),
            BitRate(range.upperBound.bitsPerSecond * channelCount)
        )
        if !(least...most).contains(bitRate) {
            faults.add(path["bitrate"], nil, "\(bitRate) for \(channelCount) channels: \(least) to \(most)")
        }
    }
}

extension MediaTime {
    /// Milliseconds, or seconds where they are whole.
    fileprivate var words: String {
        let milliseconds = ticks(in: .milliseconds)
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }
}
