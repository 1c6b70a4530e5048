internal import CFFmpeg
public import Telemetry

/// libavformat and what it brings with it, loaded when it is first needed: it is 130 libraries, and most servers need none.
///
/// None of their names are visible to anyone else. Once loaded they stay.
final class FFmpegLibrary: Sendable {
    // Written once, before anybody else sees it, and only read from then on.
    nonisolated(unsafe) private let memory: UnsafeMutablePointer<cffmpeg_library>

    /// What to call them through.
    var functions: UnsafePointer<cffmpeg_library> { UnsafePointer(memory) }

    private static let loaded = Result<FFmpegLibrary, DemuxerError> { () throws(DemuxerError) in try FFmpegLibrary() }

    private init() throws(DemuxerError) {
        memory = .allocate(capacity: 1)
        memory.initialize(to: cffmpeg_library())
        if let reason = cffmpeg_load(memory) { throw .libraryMissing(String(cString: reason)) }
        LibraryLog.attach()
    }

    /// The library.
    static func shared() throws(DemuxerError) -> FFmpegLibrary { try loaded.get() }
}

/// What ffmpeg's libraries can do, and where they complain.
public enum FFmpeg {
    /// What any of them complains of goes to `logger` from now on. None is loaded for that.
    public static func tell(_ logger: Logger) { LibraryLog.tell(logger) }

    /// Loads libavformat, which from then on tells `logger` what it complains of.
    public static func load(logger: Logger) throws(DemuxerError) {
        LibraryLog.tell(logger)
        _ = try FFmpegLibrary.shared()
    }
}
