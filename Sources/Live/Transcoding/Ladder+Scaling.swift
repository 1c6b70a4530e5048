public import FFmpeg

extension Ladder.Rung {
    /// How its pictures are made of larger ones, for an encoder with those options.
    ///
    /// The filter is the one that libswscale calls bicubic, in zimg too, which is quicker; and as there, samples of colour
    /// are taken to lie amid those of brightness in what comes and in what is made, so that they stay where they are said
    /// to be.
    public func scalerOptions(
        for encoder: VideoEncoderOptions, by library: VideoScalerOptions.Library = .quickest
    ) -> VideoScalerOptions {
        var options = VideoScalerOptions(size: size, pixelFormat: encoder.pixelFormat)
        options.sampleAspectRatio = encoder.sampleAspectRatio
        options.library = library
        options.algorithm = "bicubic"
        if library == .zimg {
            options.options = [("param_a", "0"), ("param_b", "0.6"), ("cin", "center"), ("c", "center")]
        }
        return options
    }
}
