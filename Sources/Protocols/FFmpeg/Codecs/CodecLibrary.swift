internal import CFFmpeg

/// libavcodec, libswscale and libavfilter, each loaded when it is first needed. Once loaded they stay.
enum CodecLibrary {
    // Each is written once, before anybody else sees it, and only read from then on.
    nonisolated(unsafe) private static let loadedCodecs = load(
        cffmpeg_codecs(), "libavcodec\(LIBAVCODEC_VERSION_MAJOR)"
    ) {
        cffmpeg_load_codecs($0)
    }
    nonisolated(unsafe) private static let loadedScaling = load(
        cffmpeg_scaling(), "libswscale\(LIBSWSCALE_VERSION_MAJOR)"
    ) {
        cffmpeg_load_scaling($0)
    }
    nonisolated(unsafe) private static let loadedFilters = load(
        cffmpeg_filters(), "libavfilter\(LIBAVFILTER_VERSION_MAJOR)"
    ) {
        cffmpeg_load_filters($0)
    }

    /// The functions of libavcodec and libavutil.
    static func codecs() throws(CodecError) -> UnsafePointer<cffmpeg_codecs> { try loadedCodecs.get() }

    /// The functions of libswscale.
    static func scaling() throws(CodecError) -> UnsafePointer<cffmpeg_scaling> { try loadedScaling.get() }

    /// The functions of libavfilter.
    static func filters() throws(CodecError) -> UnsafePointer<cffmpeg_filters> { try loadedFilters.get() }

    private static func load<Functions>(
        _ empty: Functions, _ name: String, _ body: (UnsafeMutablePointer<Functions>) -> UnsafePointer<CChar>?
    ) -> Result<UnsafePointer<Functions>, CodecError> {
        let memory = UnsafeMutablePointer<Functions>.allocate(capacity: 1)
        memory.initialize(to: empty)
        if body(memory) != nil { return .failure(.libraryMissing(name)) }
        LibraryLog.attach()
        return .success(UnsafePointer(memory))
    }
}
