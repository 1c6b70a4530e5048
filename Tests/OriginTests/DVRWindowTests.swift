import Bytes
import Channels
import HLS
import HTTP
import HTTPTestClient
import Media
import ObjectStore
import Packaging
import Publishing
import Runtime
import TestFolder
import Testing
import Time

/// What viewers who go back get: the long playlist, and media from disk, over a real socket.
@Suite(.timeLimit(.minutes(30))) struct DVRWindowTests {
    /// A disk that opens nothing while its gate is shut.
    private struct Gated: ObjectStore {
        let folder = TemporaryFolder()
        let isShut = Monitor(false)
        var store: LocalObjectStore { LocalObjectStore(folder: folder.path) }

        func create(_ key: ObjectKey) throws(StoreError) -> any ObjectWriter { try store.create(key) }
        func resume(_ key: ObjectKey, at length: Int) throws(StoreError) -> any ObjectWriter {
            try store.resume(key, at: length)
        }
        func open(_ key: ObjectKey) throws(StoreError) -> StoredObject {
            isShut.wait(for: .seconds(120)) { !$0 }
            return try store.open(key)
        }
        func names(below key: ObjectKey) throws(StoreError) -> [String] { try store.names(below: key) }
        func remove(_ key: ObjectKey) throws(StoreError) { try store.remove(key) }
    }

    private static func profile(dvrSeconds: Int64?) -> LatencyProfile {
        var profile = LatencyProfile(.ultra)
        profile.dvrWindow = dvrSeconds.map { .milliseconds($0 * 1000) }
        return profile
    }

    /// A channel whose first segments are on a disk that has just been shut, and what comes before their names.
    private static func behindAShutDisk() throws -> (live: LiveChannel, store: Gated, base: String) {
        let store = Gated()
        let live = try LiveChannel(profile(dvrSeconds: 600), store: store)
        live.goOn(milliseconds: 30_000)
        store.isShut.signal { $0 = true }
        return (live, store, String(live.playlist.dropLast("index.m3u8".count)))
    }

    private func get(_ live: LiveChannel, _ target: String, _ fields: String = "") throws -> TestClient.Response {
        try TestClient(live.server.port).get(target, fields)
    }

    @Test func whatHasLeftMemoryIsTheSameFromDisk() throws {
        let folder = TemporaryFolder()
        let live = try LiveChannel(Self.profile(dvrSeconds: 600), store: LocalObjectStore(folder: folder.path))
        let base = live.playlist.dropLast("index.m3u8".count)
        let names = ["s0.m4s", "s3.m4s", "p2.m4s", "p7.m4s"]
        let before = try names.map { try get(live, base + $0).body }
        #expect(before.allSatisfy { !$0.isEmpty })
        live.goOn(milliseconds: 30_000)
        let snapshot = try #require(live.channel.output.snapshot?.rendition("video"))
        #expect(snapshot.segment(0)?.data == nil && snapshot.part(7)?.data == nil)
        for (name, bytes) in zip(names, before) {
            let answer = try get(live, "\(base)\(name)")
            #expect(answer.status == 200 && answer.body == bytes, "\(name)")
            #expect(answer["Content-Type"] == "video/mp4" && answer["Cache-Control"] == "max-age=600")
        }
        let range = try get(live, base + "s3.m4s", "Range: bytes=4-11\r\n")
        #expect(range.status == 206 && range.body == Array(before[1][4..<12]))
        // Those that have left the live window, too; of them only whole segments.
        live.goOn(milliseconds: 90_000)
        #expect(try get(live, base + "s3.m4s").body == before[1])
        #expect(try get(live, base + "p8.m4s").status == 404)
    }

    @Test func theLongPlaylistIsTheSameInBothForms() throws {
        let folder = TemporaryFolder()
        let live = try LiveChannel(Self.profile(dvrSeconds: 600), store: LocalObjectStore(folder: folder.path))
        live.goOn(milliseconds: 400_000)
        let target = live.playlist.replacing("index.m3u8", with: "dvr.m3u8")
        let plain = try get(live, target)
        let zipped = try get(live, target, "Accept-Encoding: gzip\r\n")
        #expect(plain.status == 200 && plain.text.contains("#EXT-X-MEDIA-SEQUENCE:0\n"))
        #expect(plain.text.split(separator: "#EXTINF").count > 350)
        #expect(zipped["Content-Encoding"] == "gzip" && zipped.body.count * 5 < plain.body.count)
        #expect(gunzip(zipped.body) == plain.body)
        let listed = plain.text.split(separator: "\n").filter { $0.hasSuffix(".m4s") }
        let base = live.playlist.dropLast("index.m3u8".count)
        for name in [listed[0], listed[200], listed[listed.count - 1]] {
            #expect(try get(live, "\(base)\(name)").status == 200, "\(name)")
        }
        let delta = try get(live, "\(target)?_HLS_skip=YES").text
        #expect(delta.contains("#EXT-X-SKIP:SKIPPED-SEGMENTS=") && !delta.contains("\ns0.m4s"))
        // The first row leaves little by little, while the others stay.
        for _ in 0..<3 {
            live.goOn(milliseconds: 150_000)
            let text = try get(live, target).text
            let numbers = text.split(separator: "\n").filter { $0.hasSuffix(".m4s") }.compactMap {
                Int64($0.dropFirst().dropLast(4))
            }
            let first = try #require(text.firstMatch(of: /MEDIA-SEQUENCE:(\d+)/).flatMap { Int64($0.1) })
            #expect(numbers == Array(first..<first + Int64(numbers.count)))
        }
        let index = try get(live, "/live/news/dvr.m3u8")
        #expect(index.status == 200 && index.text.contains("/video/dvr.m3u8") && !index.text.contains("index.m3u8"))
    }

    @Test func theLongPlaylistIsWaitedForLikeTheOther() throws {
        let folder = TemporaryFolder()
        let live = try LiveChannel(Self.profile(dvrSeconds: 600), store: LocalObjectStore(folder: folder.path))
        let target = live.playlist.replacing("index.m3u8", with: "dvr.m3u8")
        let client = try live.park("\(target)?_HLS_msn=\(live.edge.lastSegment + 2)")
        live.goOn(milliseconds: 3000)
        let answer = try client.receive()
        #expect(answer.status == 200 && answer.text.contains("\ns\(live.edge.lastSegment + 2).m4s"))
    }

    @Test func whereThereIsNoDVRWindowItIsNotFound() throws {
        let live = try LiveChannel(Self.profile(dvrSeconds: nil))
        #expect(try get(live, "/live/news/dvr.m3u8").status == 404)
        #expect(try get(live, live.playlist.replacing("index.m3u8", with: "dvr.m3u8")).status == 404)
    }

    @Test func aDiskThatIsSlowHoldsUpOnlyThoseWhoAskForWhatIsOnIt() throws {
        let (live, store, base) = try Self.behindAShutDisk()
        // More than there are threads of any kind.
        let waiting = try (0..<12).map { try live.park(base + "s\($0).m4s") }
        let next = try live.park(
            base + "p\(try #require(live.channel.output.snapshot?.rendition("video")).nextPartNumber).m4s")
        live.goOn(milliseconds: 3000)
        #expect(try next.receive().status == 200)
        #expect(try get(live, live.playlist).status == 200)
        store.isShut.signal { $0 = false }
        for client in waiting { #expect(try client.receive().status == 200) }
    }

    /// As long as for what is still to come.
    @Test func aDiskThatHangsIsWaitedForForThreeTargetDurations() throws {
        let (live, store, base) = try Self.behindAShutDisk()
        let waiting = try (0..<12).map { try live.park(base + "s\($0).m4s") }
        live.clock.advance(by: .milliseconds(5999))
        #expect(!waiting[11].isReadable(within: 500))
        live.clock.advance(by: .milliseconds(1))
        for client in waiting {
            let answer = try client.receive()
            #expect(answer.status == 503 && answer["Retry-After"] == "1" && answer["Cache-Control"] == "no-store")
        }
        // When the disk is back it is read from again.
        store.isShut.signal { $0 = false }
        #expect(try get(live, base + "s1.m4s").status == 200)
    }

    @Test func aDiskThatHangsDoesNotKeepAServerFromGoingDown() throws {
        let (live, store, base) = try Self.behindAShutDisk()
        let waiting = try (0..<6).map { try live.park(base + "s\($0).m4s") }
        live.reader?.stop()
        for client in waiting {
            let answer = try client.receive()
            #expect(answer.status == 503 && answer.text.contains("restarting"))
        }
        #expect(try get(live, base + "s1.m4s").status == 503)
        store.isShut.signal { $0 = false }
    }

    @Test func headersAndPartsOfSegmentsComeFromDiskToo() throws {
        let folder = TemporaryFolder()
        let live = try LiveChannel(Self.profile(dvrSeconds: 600), store: LocalObjectStore(folder: folder.path))
        let target = live.playlist.replacing("index.m3u8", with: "s3.m4s")
        let whole = try get(live, target).body
        live.goOn(milliseconds: 30_000)
        let head = try TestClient(live.server.port)
        head.send("HEAD \(target) HTTP/1.1\r\nHost: t\r\n\r\n")
        let answer = try head.receive(hasBody: false)
        #expect(answer.status == 200 && answer["Content-Length"] == String(whole.count))
        #expect(try get(live, target, "Range: bytes=-5\r\n").body == Array(whole.suffix(5)))
        #expect(try get(live, target, "Range: bytes=\(whole.count)-\r\n").status == 416)
        #expect(try get(live, target, "Range: bytes=1-2\r\nIf-Range: \"x\"\r\n").body == whole)
    }

    @Test func whatTheDiskHasLostIsNotThere() throws {
        let folder = TemporaryFolder()
        let live = try LiveChannel(Self.profile(dvrSeconds: 600), store: LocalObjectStore(folder: folder.path))
        live.goOn(milliseconds: 30_000)
        // The last parts may be written at this moment, into the folder that goes.
        let isLost = eventually {
            (try? LocalObjectStore(folder: folder.path).remove(#require(ObjectKey("live")))) != nil
        }
        #expect(isLost)
        let base = live.playlist.dropLast("index.m3u8".count)
        let answer = try get(live, base + "s1.m4s")
        #expect(answer.status == 404 && answer["Cache-Control"] == "max-age=1")
        #expect(try get(live, live.playlist).status == 200)
    }
}
