public import FFmpeg

extension EncoderInventory {
    /// The encoders of this machine. Everything that transcoding needs is loaded for that, so that nothing of it turns out
    /// to be missing later.
    public static func installed() throws(CodecError) -> EncoderInventory {
        try FFmpeg.loadCodecs()
        var found: [String] = []
        for name in wanted where try FFmpeg.hasEncoder(name) { found.append(name) }
        return EncoderInventory(found)
    }
}
