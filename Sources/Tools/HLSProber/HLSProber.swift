internal import Bytes
internal import CCurl
internal import Glibc
internal import HLSRules
internal import Runtime

/// `hls-prober URL [--seconds 60] [--json] [--ca FILE]`: follows a presentation and says which rules it breaks.
///
/// Exit codes: 0 when no rule was broken, 1 when one was or nothing could be read, 2 for a wrong command line.
@main struct HLSProber {
    static func main() {
        var seconds = 60
        var isJSON = false
        var authorities: String?
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
            case "--ca":
                guard let file = arguments.popFirst() else { usage("--ca takes a file of certificates to trust") }
                authorities = file
            case let text where text.hasPrefix("-"): usage("There is no flag \(text)")
            case let text: url = text
            }
        }
        guard let url else { usage("A URL is missing") }
        curl_global_init(Int(CURL_GLOBAL_DEFAULT))
        let probe = Probe(seconds: seconds, authorities: authorities)
        exit(run(url, probe: probe, isJSON: isJSON))
    }

    private static func run(_ url: String, probe: Probe, isJSON: Bool) -> Int32 {
        guard let client = HTTPClient(timeout: 10, authorities: probe.authorities),
            let first = probe.observe(.multivariant, url, with: client)
        else {
            say("\(url) gives no answer: is the server running, and the URL right?\n")
            return 1
        }
        guard let playlist = read(first, url) else {
            say("\(url) answers \(first.status) and is no multivariant playlist: is the channel on air?\n")
            return 1
        }
        var followed: Set<String> = []
        var threads = follow(playlist, url, probe, &followed)
        say("Following \(followed.count) playlists for \(probe.seconds) s\n")
        while !probe.isOver {
            // A playlist may join a presentation that goes on already, and BANDWIDTH is held against what came before.
            probe.pause(.seconds(2))
            guard !probe.isOver, let next = probe.observe(.multivariant, url, with: client),
                let playlist = read(next, url)
            else { continue }
            threads += follow(playlist, url, probe, &followed)
        }
        for thread in threads { thread.join() }
        let report = probe.finish()
        print(report.text(asJSON: isJSON))
        return report.isClean ? 0 : 1
    }

    private static func read(_ answer: Observation, _ url: String) -> MultivariantPlaylist? {
        let reader = try? PlaylistReader(answer.body, query: URIReference.query(of: url))
        guard answer.status == 200, case .multivariant(let playlist)? = reader?.playlist else { return nil }
        return playlist
    }

    /// Follows each playlist that `playlist` lists and that is not followed yet.
    private static func follow(
        _ playlist: MultivariantPlaylist, _ url: String, _ probe: Probe, _ followed: inout Set<String>
    ) -> [NamedThread] {
        var threads: [NamedThread] = []
        for uri in playlist.playlistURIs {
            let media = URIReference.resolve(uri, against: url)
            guard followed.insert(media).inserted else { continue }
            threads += RenditionFollower(FollowedPlaylist(url: media, variables: playlist.variables, probe: probe))
                .start()
        }
        for uri in playlist.iFrameURIs {
            let iFrames = URIReference.resolve(uri, against: url)
            guard followed.insert(iFrames).inserted else { continue }
            threads.append(
                IFrameFollower(FollowedPlaylist(url: iFrames, variables: playlist.variables, probe: probe)).start())
        }
        return threads
    }

    /// Writes progress and faults beside the report.
    private static func say(_ text: String) {
        let bytes = [UInt8](text.utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    private static func usage(_ fault: String) -> Never {
        say("\(fault).\nhls-prober URL [--seconds 60] [--json] [--ca FILE]\n")
        exit(2)
    }
}
