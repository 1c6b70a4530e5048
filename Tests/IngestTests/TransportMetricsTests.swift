import Ingest
import SRT
import Telemetry
import Testing
import Time

@Suite(.serialized, .timeLimit(.minutes(30))) struct TransportMetricsTests {
    let bench = ListenerBench()

    @Test func aConnectionIsSeenInFigures() throws {
        var clip = try TransportClip.plain.get()
        let packets = clip.count / 188
        // One packet of the picture is lost: the first that does not begin anything.
        let lost = try #require(
            (0..<packets).first { clip[188 * $0 + 1] == 0x01 && clip[188 * $0 + 2] == 0 && $0 > 20 })
        clip.removeSubrange(188 * lost..<188 * (lost + 1))
        try bench.runSRT { port, _ in
            for round in 1...2 {
                let caller = try SRTSocket.call(port)
                // Two reports tell of it, the second of which has the first in its totals.
                let half = clip.count / 1316 / 2 * 1316
                caller.send(Array(clip[..<half]))
                #expect(bench.eventually { bench.receivedBytes == clip.count * (round - 1) + half })
                bench.clock.advance(by: .seconds(1))
                let told = Double((packets - 1) * (round - 1))
                #expect(bench.eventually { (figure("ts_packets_total", "kind", "received") ?? 0) > told })
                caller.send(Array(clip[half...]))
                #expect(bench.eventually { bench.receivedBytes == clip.count * round })
                #expect(bench.eventually { bench.gate.kinds.count { $0 == "V" } >= round })
                bench.clock.advance(by: .seconds(1))
                let messages = (clip.count + 1315) / 1316
                #expect(
                    bench.eventually { figure("srt_packets_total", "kind", "unique") == Double(messages * round) })
                #expect(bench.eventually { bench.figure("headwater_srt_latency_seconds{channel=\"news\"}") == 0.12 })
                #expect(bench.eventually { (gauge("available_bytes") ?? 0) > 0 })
                caller.close()
                #expect(bench.eventually { bench.lines.count("ingest.closed") == round })
                // Totals go on from one connection to the next.
                #expect(figure("ts_errors_total", "error", "Continuity_count_error") == Double(round))
                #expect(figure("ts_errors_total", "error", "Transport_error") == 0)
                #expect(figure("ts_packets_total", "kind", "received") == Double((packets - 1) * round))
                #expect(figure("ts_packets_total", "kind", "lost") == Double(round))
                #expect(figure("srt_packets_total", "kind", "received").map { $0 >= Double(messages * round) } == true)
                #expect(figure("srt_packets_total", "kind", "undecrypted") == 0)
                for name in ["latency_seconds", "available_bytes", "round_trip_seconds", "buffered_packets"] {
                    #expect(gauge(name) == 0, "\(name)")
                }
            }
        }
        #expect((bench.figure("headwater_ts_dropped_units_total{channel=\"news\"}") ?? 0) >= 2)
    }

    @Test func theLastSecondIsCounted() throws {
        let clip = try TransportClip.plain.get()
        try bench.runSRT { port, _ in
            let caller = try SRTSocket.call(port)
            caller.send(clip)
            #expect(bench.eventually { bench.receivedBytes == clip.count })
            // No second has passed, so that nothing was told before the end.
            #expect(figure("srt_packets_total", "kind", "unique") ?? 0 == 0)
            caller.close()
            #expect(bench.eventually { bench.lines.count("ingest.closed") == 1 })
            #expect(figure("srt_packets_total", "kind", "unique") == Double((clip.count + 1315) / 1316))
            #expect(gauge("latency_seconds") == 0)
        }
    }

    @Test func countersAreLookedUpOnce() throws {
        let clip = try TransportClip.plain.get()
        let families = [
            bench.registry.counters("headwater_ts_packets_total", help: "", labels: "channel", "kind"),
            bench.registry.counters("headwater_srt_packets_total", help: "", labels: "channel", "kind"),
        ]
        try bench.runSRT { port, _ in
            let caller = try SRTSocket.call(port)
            #expect(bench.eventually { figure("srt_packets_total", "kind", "unique") == 0 })
            // Looked up again, it would be there again.
            for family in families { family.remove("news", "received") }
            caller.send(clip)
            #expect(bench.eventually { bench.receivedBytes == clip.count })
            bench.clock.advance(by: .seconds(1))
            #expect(bench.eventually { (figure("srt_packets_total", "kind", "unique") ?? 0) > 0 })
            caller.close()
            #expect(bench.eventually { bench.lines.count("ingest.closed") == 1 })
            #expect(figure("ts_packets_total", "kind", "null") != nil)
            for name in ["ts", "srt"] { #expect(figure("\(name)_packets_total", "kind", "received") == nil) }
        }
    }

    private func figure(_ name: String, _ label: String, _ value: String) -> Double? {
        bench.figure("headwater_\(name){channel=\"news\",\(label)=\"\(value)\"}")
    }

    private func gauge(_ name: String) -> Double? { bench.figure("headwater_srt_\(name){channel=\"news\"}") }
}
