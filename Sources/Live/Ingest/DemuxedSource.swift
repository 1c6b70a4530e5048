internal import FFmpeg
internal import Glibc
internal import HTTP
internal import Sockets
internal import Time

/// How a source that libavformat reads is opened: with which formats and protocols, and from which addresses.
struct DemuxedSource {
    let address: PullAddress
    /// Which addresses may be connected to.
    let permits: @Sendable (SocketAddress) -> Bool
    let clock: any MonotonicClock
    let isWanted: @Sendable () -> Bool

    /// Opens the source.
    func open() throws(PullFault) -> Demuxer {
        switch address.kind {
        case .file(let path):
            guard Self.isFile(path) else { throw PullFault("no_file", "there is no such file") }
            return try demuxer("file:" + path, Self.fileOptions)
        case .http(let url): return try openHTTP(url)
        case .session(let url): return try openSession(url)
        case .datagrams: throw PullFault("failed", "datagrams are read otherwise")
        }
    }

    private func demuxer(
        _ url: String, _ options: DemuxerOptions, input: (any DemuxerInput)? = nil,
        opener: ((DemuxerReference) throws -> any DemuxerInput)? = nil
    ) throws(PullFault) -> Demuxer {
        do throws(DemuxerError) {
            return try Demuxer(url, options, input: input, opener: opener, clock: clock, isWanted: isWanted)
        } catch {
            throw PullFault(error)
        }
    }

    // MARK: Files

    private static let fileOptions = DemuxerOptions(formats: DemuxerOptions.containers, protocols: ["file"])

    /// Opening anything else may wait for ever.
    private static func isFile(_ path: String) -> Bool {
        var facts = stat()
        return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
    }

    // MARK: HTTP

    /// How many things playlists may lead to before the source is open: all its variants, and what they begin with.
    private static let references = 512

    private static let httpOptions: DemuxerOptions = {
        var options = DemuxerOptions(formats: DemuxerOptions.containers + ["hls"], protocols: ["http", "https"])
        // Connections are made here, one for each thing that is fetched.
        options.options = [("http_persistent", "0"), ("http_multiple", "0")]
        options.openLimit = .seconds(30)
        // A playlist brings nothing new for as long as its segments are.
        options.readLimit = .seconds(30)
        return options
    }()

    private func openHTTP(_ url: HTTPURL) throws(PullFault) -> Demuxer {
        let download: HTTPDownload
        do throws(HTTPFault) {
            download = try fetch(url)
        } catch {
            throw PullFault(error)
        }
        var left = Self.references
        defer { left = .max }
        let memory = HTTPInput.Memory()
        return try demuxer(
            download.location, Self.httpOptions, input: HTTPInput(download, at: download.location, memory),
            opener: { reference in
                guard left > 0 else { throw DemuxerError.input(PullFault.endlessPlaylists) }
                left -= 1
                return try open(reference, beside: url, memory)
            })
    }

    private func fetch(_ url: HTTPURL, from offset: Int64 = 0, to end: Int64? = nil) throws(HTTPFault) -> HTTPDownload {
        try HTTPDownload(
            url, from: offset, to: end, HTTPPatience(clock: clock, while: isWanted), permits: permits)
    }

    /// What a playlist names. Where it must not lead ends the source; what is merely missing does not.
    private func open(
        _ reference: DemuxerReference, beside source: HTTPURL, _ memory: HTTPInput.Memory
    ) throws -> any DemuxerInput {
        guard let url = HTTPURL(reference.url)?.authorized(like: source) else { throw DemuxerError.refused }
        do throws(HTTPFault) {
            let download = try fetch(url, from: reference.offset, to: reference.end)
            return HTTPInput(download, at: reference.url, memory)
        } catch {
            switch error {
            case .forbiddenAddress: throw DemuxerError.input(HTTPFault.forbiddenAddress(isRedirect: true))
            case .badRedirect, .stopped: throw DemuxerError.input(error)
            default: throw error
            }
        }
    }

    // MARK: RTSP and RTMP

    /// libavformat connects to a numeric address, which was checked.
    private func openSession(_ url: SessionURL) throws(PullFault) -> Demuxer {
        let addresses = SocketAddress.addresses(of: url.host, port: url.port)
        guard !addresses.isEmpty else { throw .unknownHost }
        guard addresses.allSatisfy(permits) else { throw .forbiddenAddress }
        var fault = PullFault.unknownHost
        for address in addresses {
            do throws(PullFault) {
                return try demuxer(url.text(at: address), Self.options(of: url))
            } catch {
                fault = error
                if fault.code == "stopped" { break }
            }
        }
        throw fault
    }

    private static func options(of url: SessionURL) -> DemuxerOptions {
        let transport = url.scheme.hasSuffix("s") ? ["tls", "tcp"] : ["tcp"]
        guard url.scheme.hasPrefix("rtsp") else {
            var options = DemuxerOptions(formats: ["flv", "live_flv"], protocols: [url.scheme] + transport)
            options.options = url.rtmpOptions
            return options
        }
        var options = DemuxerOptions(formats: ["rtsp"], protocols: transport)
        // Media come over the connection that was checked, and from nowhere else.
        options.options = [("rtsp_transport", "tcp"), ("allowed_media_types", "video+audio")]
        return options
    }
}

/// What is fetched over HTTP, as a demuxer reads it.
private final class HTTPInput: DemuxerInput {
    /// Shared by all that one source names, which one thread reads.
    final class Memory {
        var playlists = PlaylistMemory()
    }

    private let download: HTTPDownload
    private let address: String
    private let memory: Memory
    private var targets: PlaylistTargets

    init(_ download: HTTPDownload, at address: String, _ memory: Memory) {
        (self.download, self.address, self.memory) = (download, address, memory)
        targets = PlaylistTargets(at: address)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try download.read(into: buffer)
        targets.read(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        memory.playlists.note(targets.weight, of: address)
        if targets.leadElsewhere { throw DemuxerError.refused }
        if targets.isTooLarge || memory.playlists.isFull { throw DemuxerError.input(PullFault.largePlaylist) }
        return count
    }

    func seek(to offset: Int64) -> Bool { download.seek(to: offset) }

    var length: Int64? { download.length }

    var isSeekable: Bool { download.sendsParts && download.length != nil }
}
