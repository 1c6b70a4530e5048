internal import Bytes
internal import CCurl
internal import Glibc
internal import HLSRules
internal import Runtime

/// `hls-prober URL [--seconds 60] [--json]`: follows a presentation and says which rules it breaks.
///
/// Exit codes: 0 when no rule was broken, 1 when one was or nothing could be read, 2 for a wrong command line.
@main struct HLSProber {
    static func main() {
        var seconds = 60
        var isJSON = false
        var url: String?
        var arguments = CommandLine.arguments.dropFirst()
        while let argument = arguments.popFirst() {
            switch argument {
            case "--json": isJSON = true
            case "--seconds":
                guard let value = arguments.popFirst().flatMap({ Int($0) }), (1...86_400).contains(value) else {
                    usage("--seconds takes 1 to 86400")
                }
                seconds = value
            case let text where text.hasPrefix("-"): usage("There is no flag \(text)")
            case let text: url = text
            }
        }
        guard let url else { usage("A URL is missing") }
        curl_global_init(Int(CURL_GLOBAL_DEFAULT))
        exit(run(url, seconds: seconds, isJSON: isJSON))
    }

    private static func run(_ url: String, seconds: Int, isJSON: Bool) -> Int32 {
        let probe = Probe(seconds: seconds)
        guard let client = HTTPClient(timeout: 10), let first = probe.observe(.multivariant, url, with: client) else {
            say("\(url) gives no answer: is the server running, and the URL right?\n")
            return 1
        }
        guard first.status == 200, case .multivariant(let playlist)? = (try? PlaylistReader(first.body))?.playlist
        else {
            say("\(url) answers \(first.status) and is no multivariant playlist: is the channel on air?\n")
            return 1
        }
        let urls = Set(playlist.playlistURIs.map { URIReference.resolve($0, against: url) }).sorted()
        let iFrames = Set(playlist.iFrameURIs.map { URIReference.resolve($0, against: url) }).sorted()
        say("Following \(urls.count + iFrames.count) playlists for \(seconds) s\n")
        let threads =
            urls.flatMap { RenditionFollower(url: $0, variables: playlist.variables, probe: probe).start() }
            + iFrames.map { IFrameFollower(url: $0, variables: playlist.variables, probe: probe).start() }
        while !probe.isOver {
            probe.isStopped.wait(for: .seconds(5)) { $0 }
            if !probe.isOver { _ = probe.observe(.multivariant, url, with: client) }
        }
        for thread in threads { thread.join() }
        let (tallies, violations, faults) = probe.finish()
        print(Report(tallies: tallies, violations: violations, faults: faults).text(asJSON: isJSON))
        return violations.isEmpty && faults == 0 && !tallies.isEmpty ? 0 : 1
    }

    /// Writes progress and faults beside the report.
    private static func say(_ text: String) {
        let bytes = [UInt8](text.utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    private static func usage(_ fault: String) -> Never {
        say("\(fault).\nhls-prober URL [--seconds 60] [--json]\n")
        exit(2)
    }
}
