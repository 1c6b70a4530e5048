internal import HLSRules
internal import Runtime

/// Follows one media playlist like a player, and fetches everything that it names.
final class RenditionFollower: Sendable {
    private static let timeout = 30

    private let followed: FollowedPlaylist
    private let questions: RenditionQuestions
    /// What the fetching threads have yet to get, and the hints that somebody waits for.
    private let hints = Monitor<[(kind: Observation.Kind, uri: String)]>([])

    init(_ followed: FollowedPlaylist) {
        self.followed = followed
        questions = RenditionQuestions(followed)
    }

    private var probe: Probe { followed.probe }

    /// Follows until the probe is over. Runs on threads of its own.
    func start() -> [NamedThread] {
        [NamedThread("follow") { self.follow() }, NamedThread("hints") { self.fetchHints() }] + questions.start()
    }

    private func follow() {
        guard let client = HTTPClient(timeout: Self.timeout, authorities: probe.authorities) else { return }
        var seen: Set<String> = []
        var plan = ReloadPlan()
        var reloads = 0
        while !probe.isOver {
            reloads += 1
            let reload = plan.next(at: probe.now)
            guard let (playlist, observation) = followed.reload(reload, with: client) else { continue }
            plan.received(playlist, sentAt: observation.sentAt)
            questions.received(playlist, at: observation.arrivedAt)
            // The length of a hinted range is not known yet: such a part is got when it is listed.
            for hint in playlist.hints where hint.start == nil { want(hint, &seen) }
            fetch(playlist, &seen, client)
            if reloads % 10 == 3 { probeRefusals(playlist, client) }
            if playlist.isEnded { return }
            if playlist.serverControl?.canBlockReload != true { followed.pause(after: playlist) }
        }
    }

    /// Gets each initialization, part and segment once; segments from the newest few, like a player that joined late.
    private func fetch(_ playlist: MediaPlaylist, _ seen: inout Set<String>, _ client: borrowing HTTPClient) {
        for segment in playlist.allSegments.suffix(4) {
            if let map = segment.map { get(.initialization, map.uri, map.range, &seen, client) }
            for part in segment.parts where !part.isGap { get(.part, part.uri, part.range, &seen, client) }
            if let uri = segment.uri, !segment.isGap { get(.segment, uri, segment.range, &seen, client) }
        }
    }

    private func get(
        _ kind: Observation.Kind, _ uri: String, _ range: MediaPlaylist.ByteRange?, _ seen: inout Set<String>,
        _ client: borrowing HTTPClient
    ) {
        guard seen.insert(uri + (range.map { " \($0.start)" } ?? "")).inserted else { return }
        followed.get(kind, uri, range: range, with: client)
    }

    private func probeRefusals(_ playlist: MediaPlaylist, _ client: borrowing HTTPClient) {
        var probes: [(Observation.Probe, String)] = [
            (.partAlone, "_HLS_part=0"), (.farNumber, "_HLS_msn=\(playlist.lastNumber + 1000)"),
            (.malformedNumber, "_HLS_msn=x"), (.unknownParameter, "unknown=1"),
        ]
        // Until the first segment is complete there is no old one.
        if !playlist.segments.isEmpty {
            probes.append((.oldNumber, "_HLS_msn=\(playlist.mediaSequence)"))
        }
        for (kind, directives) in probes { followed.ask(kind, directives, with: client) }
        followed.get(.probe(.unknownResource), "no-such-resource.m4s", with: client)
    }

    // MARK: Hints

    private func want(_ hint: MediaPlaylist.Hint, _ seen: inout Set<String>) {
        // An initialization is fetched once more when it is listed: it may not have changed.
        let isPart = hint.type == "PART"
        guard seen.insert(isPart ? hint.uri : "hinted \(hint.uri)").inserted else { return }
        hints.signal { $0.append((isPart ? .hintedPart : .hintedInitialization, hint.uri)) }
    }

    /// Waits for hinted resources on a connection of its own.
    private func fetchHints() {
        guard let client = HTTPClient(timeout: Self.timeout, authorities: probe.authorities) else { return }
        while !probe.isOver {
            hints.wait(for: .milliseconds(200)) { !$0.isEmpty }
            guard let (kind, uri) = hints.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { continue }
            followed.get(kind, uri, with: client)
        }
    }
}
