internal import HLSLoadModel

/// What viewers ask for, and what they do with answers.
extension Worker {
    /// Sends a request on a connection that is free.
    func request(_ resource: Resource, _ purpose: Connection.Purpose, on connection: Connection) {
        if connection.begin(resource, purpose, at: now) {
            drive(connection)
        } else {
            if connection.wasClosed { figures.reconnects += 1 }
            connect(connection)
        }
    }

    /// Opens a connection for the request that was prepared on it.
    func connect(_ connection: Connection) {
        guard let server = connection.resource?.server else { return }
        guard let address = plan.addresses.address(of: server) else { return fail(connection, .unreachable(0)) }
        do {
            try connection.open(to: address, of: server, plan.client, poller)
        } catch {
            fail(connection, error)
        }
    }

    /// Reads an answer. Returns what is wrong with it.
    func receive(_ body: Span<UInt8>, _ head: ResponseHead, on connection: Connection) -> FailureKind? {
        guard head.status == 200 || head.status == 206 else { return .status(head.status) }
        let viewer = connection.viewer
        let now = now
        do throws(MalformedResponse) {
            switch connection.purpose {
            case .presentation:
                figures.playlists += 1
                viewer.choose(try presentation.renditions(of: body, isCompressed: head.isCompressed))
            case .playlist(let rendition, let awaited):
                figures.playlists += 1
                let view = try viewer.playlists[rendition].view(of: body, isCompressed: head.isCompressed)
                if let awaited, view.reaches(awaited) {
                    log.arrived(Publication(rendition: rendition, place: awaited), at: now)
                }
                viewer.receive(view, of: rendition)
            case .media(let rendition, let fetch):
                if case .item = fetch { figures.delivery.record(nanoseconds: now - connection.requestedAt) }
                viewer.receive(fetch, of: rendition, at: now)
            }
            return nil
        } catch {
            return .malformed(error)
        }
    }

    /// Sends what follows from an answer that was read.
    func act(on connection: Connection) {
        let viewer = connection.viewer
        switch connection.purpose {
        case .presentation:
            for (rendition, playlist) in viewer.playlists.enumerated() {
                if rendition > 0 { viewer.playlistConnections.append(makeConnection(for: viewer)) }
                if !plan.options.isPlaylistsOnly { viewer.mediaConnections.append(makeConnection(for: viewer)) }
                request(
                    playlist.resource, .playlist(rendition: rendition, awaited: nil),
                    on: viewer.playlistConnections[rendition])
            }
        case .playlist(let rendition, _):
            if let next = viewer.reloads[rendition] {
                if next.delay > 0 {
                    pause(connection, seconds: next.delay)
                } else {
                    reload(next.reload, of: rendition, on: connection)
                }
            }
            fetch(rendition, for: viewer)
        case .media(let rendition, _): fetch(rendition, for: viewer)
        }
    }

    /// Gets the next media of a rendition, unless some are on their way.
    private func fetch(_ rendition: Int, for viewer: Viewer) {
        guard viewer.mediaConnections.indices.contains(rendition) else { return }
        let connection = viewer.mediaConnections[rendition]
        guard connection.isFree, let next = viewer.nextFetch(of: rendition, at: now) else { return }
        request(next.resource, .media(rendition: rendition, next), on: connection)
    }

    private func reload(_ reload: MediaView.Reload, of rendition: Int, on connection: Connection) {
        request(reload.resource, .playlist(rendition: rendition, awaited: reload.awaited), on: connection)
    }

    /// Counts a failed request, and tries again in a second, as players do.
    func fail(_ connection: Connection, _ kind: FailureKind, isUsable: Bool = false) {
        figures.fail(kind)
        if !isUsable { connection.close() }
        switch connection.purpose {
        case .media(let rendition, let fetch): connection.viewer.progress[rendition].failed(fetch)
        case .playlist(let rendition, _): connection.viewer.reloads[rendition] = nil
        case .presentation: break
        }
        pause(connection, seconds: 1)
    }

    private func pause(_ connection: Connection, seconds: Double) {
        connection.isWaiting = true
        timers.add(.resume(connection.index), due: now + Int64(min(seconds, 3600) * 1e9))
    }

    /// Goes on behind a pause.
    func resume(_ connection: Connection) {
        connection.isWaiting = false
        let viewer = connection.viewer
        switch connection.purpose {
        case .presentation: request(presentation.resource, .presentation, on: connection)
        case .playlist(let rendition, _):
            if let next = viewer.reloads[rendition] {
                reload(next.reload, of: rendition, on: connection)
            } else {
                let resource = viewer.playlists[rendition].resource
                request(resource, .playlist(rendition: rendition, awaited: nil), on: connection)
            }
        case .media(let rendition, _): fetch(rendition, for: viewer)
        }
    }
}
