import Telemetry
import Testing

@Suite struct MetricsTests {
    let registry = MetricsRegistry()

    @Test func theTextIsWhatPrometheusReads() {
        let bytes = registry.counters("hw_bytes_total", help: "Bytes\nof \\media\".", labels: "channel", "track")
        bytes.child("b", "video").increment(by: 1500)
        bytes.child("a\"\\\n", "audio").increment()
        registry.gauge("hw_drift_seconds", help: "Drift.").set(-0.25)
        let histogram = registry.histogram("hw_wait_seconds", help: "Wait.", bounds: [0.1, 1])
        for value in [0.05, 0.1, 0.5, 30] { histogram.observe(value) }
        histogram.observe(.milliseconds(50))
        histogram.observe(.nan)
        #expect(
            registry.prometheusText() == #"""
                # HELP hw_bytes_total Bytes\nof \\media".
                # TYPE hw_bytes_total counter
                hw_bytes_total{channel="a\"\\\n",track="audio"} 1
                hw_bytes_total{channel="b",track="video"} 1500
                # HELP hw_drift_seconds Drift.
                # TYPE hw_drift_seconds gauge
                hw_drift_seconds -0.25
                # HELP hw_wait_seconds Wait.
                # TYPE hw_wait_seconds histogram
                hw_wait_seconds_bucket{le="0.1"} 3
                hw_wait_seconds_bucket{le="1"} 4
                hw_wait_seconds_bucket{le="+Inf"} 5
                hw_wait_seconds_sum 30.7
                hw_wait_seconds_count 5

                """#)
    }

    @Test func specialNumbersAreWrittenAsGoReadsThem() {
        let gauge = registry.gauge("g", help: "")
        for (value, text) in [
            (Double.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (1e-5, "1e-05"), (1e300, "1e+300"),
            (3, "3"),
        ] {
            gauge.set(value)
            #expect(registry.prometheusText().hasSuffix("g \(text)\n"))
        }
    }

    @Test func aMetricDeclaredAgainIsTheSame() {
        let first = registry.counters("c_total", help: "C.", labels: "channel").child("x")
        #expect(registry.counters("c_total", help: "C.", labels: "channel").child("x") === first)
        #expect(registry.gauge("g", help: "G.") === registry.gauge("g", help: "G."))
    }

    @Test func aRemovedChildIsGoneAndStartsAnew() {
        let family = registry.counters("c_total", help: "C.", labels: "channel")
        let old = family.child("x")
        old.increment()
        family.remove("x")
        old.increment()
        #expect(!registry.prometheusText().contains("c_total{"))
        #expect(family.child("x").value == 0)
    }

    @Test func pastTheLimitChildrenShareOne() {
        let family = registry.counters("c_total", help: "C.", labels: "a", "b", limit: 2)
        family.child("1", "1").increment()
        family.child("2", "2").increment()
        for index in 3..<100 { family.child("\(index)", "x").increment() }
        family.child("1", "1").increment()
        #expect(
            registry.prometheusText() == """
                # HELP c_total C.
                # TYPE c_total counter
                c_total{a="1",b="1"} 2
                c_total{a="2",b="2"} 1
                c_total{a="_other",b="_other"} 97

                """)
    }

    @Test func updatesFromManyThreadsAllCount() async {
        let counter = registry.counter("c_total", help: "C.")
        let gauge = registry.gauge("g", help: "G.")
        let histogram = registry.histogram("h", help: "H.", bounds: [1, 2])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<2000 {
                        counter.increment(by: 2)
                        gauge.add(1)
                        histogram.observe(2)
                    }
                }
            }
        }
        #expect(counter.value == 16_000)
        #expect(gauge.value == 8000)
        #expect(histogram.count == 8000)
    }
}
