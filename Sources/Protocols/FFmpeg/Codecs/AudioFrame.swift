internal import CFFmpeg
public import Media

/// A stretch of sound that is not coded, with the time at which it begins.
///
/// Copies share it, also between threads: nobody writes to it.
public struct AudioFrame: Sendable {
    /// When its first sample is heard.
    public var presentationTime: MediaTime
    let storage: FrameStorage

    init(_ storage: FrameStorage, at presentationTime: MediaTime) {
        (self.storage, self.presentationTime) = (storage, presentationTime)
    }

    /// How many samples each channel has.
    public var sampleCount: Int { Int(storage.raw.pointee.nb_samples) }
    /// Samples in one second.
    public var sampleRate: UInt32 { UInt32(clamping: storage.raw.pointee.sample_rate) }
    /// How many channels there are.
    public var channelCount: Int { Int(storage.raw.pointee.ch_layout.nb_channels) }

    /// True where each channel has memory of its own, with samples from -1 to 1: what `AudioFilter` makes.
    var isPlanarFloat: Bool { storage.raw.pointee.format == AV_SAMPLE_FMT_FLTP.rawValue }

    /// The samples of a channel, from -1 to 1; nothing where there is no such channel, or they lie in another form than
    /// `AudioFilter` makes.
    public func samples(ofChannel channel: Int) -> [Float] {
        guard isPlanarFloat, (0..<channelCount).contains(channel),
            let plane = storage.raw.pointee.extended_data?[channel]
        else { return [] }
        return plane.withMemoryRebound(to: Float.self, capacity: sampleCount) {
            [Float](UnsafeBufferPointer(start: $0, count: sampleCount))
        }
    }
}
