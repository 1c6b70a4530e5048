import FFmpeg
import Glibc
import Locks
import Media
import Runtime
import SRT
import Sockets
import Telemetry
import Testing

@Suite(.timeLimit(.minutes(30))) struct LibrariesTests {
    private static var isLoaded: Bool { dlopen("libavformat.so.59", RTLD_NOW | RTLD_NOLOAD) != nil }

    /// libavformat brings a libsrt of its own. Both are used, and the process ends well.
    @Test func bothLibsrtsLiveInOneProcessThatEndsWell() async {
        await #expect(processExitsWith: .success) {
            // A server without inputs does not pay for it.
            try #require(!Self.isLoaded)
            let listener = try SRTListener(SocketAddress(host: "127.0.0.1", port: 0)) { _ in .accept() }
            try FFmpeg.load(logger: Logger())
            try #require(Self.isLoaded)
            // Nobody else sees its names.
            try #require(dlsym(nil, "avformat_open_input") == nil)
            var address = SRTAddress(host: "127.0.0.1", port: listener.address.port)
            address.timeout = .seconds(20)
            let connection = Mutex<SRTSocket?>(nil)
            let thread = NamedThread("accept") { connection.withLock { $0 = listener.accept() } }
            let caller = try SRTSocket.connect(to: address)
            thread.join()
            let socket = connection.withLock { $0 }
            let accepted = try #require(socket)
            // Its own is started by asking it for something.
            #expect(throws: DemuxerError.self) {
                try Demuxer(
                    "srt://127.0.0.1:1?connect_timeout=100",
                    DemuxerOptions(formats: ["mpegts"], protocols: ["srt"]), isWanted: { true })
            }
            caller.close()
            accepted.close()
            listener.shutDown()
        }
    }

    /// Whoever asks for all gets them, and not what reads inputs.
    @Test func allThatTranscodingNeedsIsLoadedAtOnce() async {
        await #expect(processExitsWith: .success) {
            try FFmpeg.loadCodecs()
            try #require(Self.isLoaded("libavcodec.so.59") && Self.isLoaded("libswscale.so.6"))
            try #require(Self.isLoaded("libavfilter.so.8"))
        }
    }

    private static func isLoaded(_ name: String) -> Bool { dlopen(name, RTLD_NOW | RTLD_NOLOAD) != nil }

    /// Who only encodes pictures goes without the other libraries.
    @Test func eachLibraryIsLoadedWhenItIsNeeded() async {
        await #expect(processExitsWith: .success) {
            try #require(!Self.isLoaded("libavcodec.so.59"))
            _ = try FFmpeg.encoders(of: .h264)
            try #require(Self.isLoaded("libavcodec.so.59") && !Self.isLoaded("libswscale.so.6"))
            try #require(!Self.isLoaded && !Self.isLoaded("libavfilter.so.8"))
            _ = try VideoScaler(VideoScalerOptions(size: PictureSize(64, 36)))
            try #require(Self.isLoaded("libswscale.so.6") && !Self.isLoaded("libavfilter.so.8"))
            _ = try AudioFilter(AudioFilterOptions())
            try #require(Self.isLoaded("libavfilter.so.8"))
            try #require(dlsym(nil, "avcodec_open2") == nil && dlsym(nil, "avfilter_graph_alloc") == nil)
        }
    }
}
