// swift-tools-version: 6.3
import PackageDescription

/// A library target of one layer. Folders under `Sources/` are the layers, from the ground up.
/// What lies in the folder `assets` is compiled in.
func library(
    _ name: String, in layer: String, _ uses: [Target.Dependency] = [], assets: String? = nil,
    linking: [LinkerSetting] = []
) -> Target {
    .target(
        name: name, dependencies: uses, path: "Sources/\(layer)/\(name)",
        resources: assets.map { [.embedInCode($0)] } ?? [], linkerSettings: linking)
}

func system(_ name: String, pkgConfig: String? = nil, apt: [String]) -> Target {
    .systemLibrary(name: name, path: "Sources/C/\(name)", pkgConfig: pkgConfig, providers: [.apt(apt)])
}

func tests(_ name: String, _ uses: [Target.Dependency], linking: [LinkerSetting] = []) -> Target {
    .testTarget(name: name, dependencies: uses, linkerSettings: linking)
}

let package = Package(
    name: "headwater",
    products: [
        .executable(name: "headwater", targets: ["headwater"]),
        .executable(name: "hls-prober", targets: ["HLSProber"]),
        .executable(name: "hls-load", targets: ["HLSLoad"]),
    ],
    targets: [
        // C
        .systemLibrary(name: "CLinux", path: "Sources/C/CLinux"),
        system("COpenSSL", pkgConfig: "openssl", apt: ["libssl-dev"]),
        system("CMicroHTTPD", pkgConfig: "libmicrohttpd", apt: ["libmicrohttpd-dev"]),
        system("CZlib", pkgConfig: "zlib", apt: ["zlib1g-dev"]),
        system("CCurl", pkgConfig: "libcurl", apt: ["libcurl4-openssl-dev"]),
        system("CSRT", apt: ["libsrt-openssl-dev"]),  // pkg-config would link the shared library
        // It is loaded when it is needed, so that a server without such inputs goes without its 130 libraries.
        system("CFFmpeg", apt: ["libavformat-dev", "libswscale-dev", "libavfilter-dev"]),
        // Core
        library("Bytes", in: "Core"),
        library("Locks", in: "Core"),
        library("Time", in: "Core", ["Locks"]),
        library("Crypto", in: "Core", ["Bytes", "COpenSSL"]),
        library("Telemetry", in: "Core", ["Locks", "Bytes", "Crypto", "Time"]),
        library("Schema", in: "Core"),
        library("Configuration", in: "Core", ["Schema", "Telemetry"]),
        library("Runtime", in: "Core", ["CLinux"]),
        library("Media", in: "Core", ["Bytes"]),
        // Formats
        library("Bitstreams", in: "Formats", ["Bytes", "Media"]),
        library("ISOBMFF", in: "Formats", ["Bytes", "Media", "Bitstreams"]),
        library("HLS", in: "Formats", ["Bytes", "Media", "Time"]),
        library("MPEGTS", in: "Formats", ["Bytes", "Media", "Time", "Bitstreams"]),
        // Protocols
        library("Sockets", in: "Protocols", ["Locks", "CLinux", "Crypto"]),
        library("RTMP", in: "Protocols", ["Bytes"]),
        // Debian's libavformat brings a second libsrt into the process, with GnuTLS. This one is linked statically and
        // none of its names are visible, or each would run into the other's globals.
        library(
            "SRT", in: "Protocols", ["Bytes", "Locks", "CSRT", "Sockets", "Telemetry"],
            linking: [
                .linkedLibrary(":libsrt.a"), .linkedLibrary("crypto"), .linkedLibrary("stdc++"),
                .unsafeFlags(["-Xlinker", "--exclude-libs=libsrt.a"]),
            ]),
        library("FFmpeg", in: "Protocols", ["Bitstreams", "Bytes", "CFFmpeg", "Locks", "Media", "Telemetry", "Time"]),
        library("ObjectStore", in: "Protocols", ["Bytes", "Locks"]),
        library(
            "HTTP", in: "Protocols",
            ["Locks", "Bytes", "CCurl", "CMicroHTTPD", "CZlib", "Crypto", "Runtime", "Sockets", "Time"]),
        // Live
        library("Timeline", in: "Live", ["Media", "Time"]),
        library(
            "Ingest", in: "Live",
            [
                "Locks", "Bytes", "Bitstreams", "Crypto", "FFmpeg", "HTTP", "MPEGTS", "Media", "RTMP",
                "Runtime", "SRT", "Schema", "Sockets", "Telemetry", "Time", "Timeline",
            ]),
        library("Packaging", in: "Live", ["Bytes", "Media", "Time", "Bitstreams", "ISOBMFF", "HLS", "Timeline"]),
        library(
            "Transcoding", in: "Live",
            ["FFmpeg", "Locks", "Media", "Packaging", "Runtime", "Schema", "Telemetry", "Time"]),
        library(
            "Publishing", in: "Live",
            ["Bytes", "Locks", "HLS", "Media", "ObjectStore", "Packaging", "Runtime", "Telemetry", "Time"]),
        library(
            "Channels", in: "Live",
            [
                "Locks", "Bytes", "Crypto", "FFmpeg", "Ingest", "Media", "Packaging", "Publishing", "Runtime",
                "Telemetry", "Time", "Timeline", "Transcoding",
            ]),
        // Delivery
        library(
            "Origin", in: "Delivery",
            ["Locks", "Bytes", "Channels", "HLS", "HTTP", "Media", "ObjectStore", "Packaging", "Publishing", "Time"]),
        library(
            "FeedStatus", in: "Delivery",
            ["Bytes", "Channels", "HTTP", "Ingest", "Packaging", "Schema", "Telemetry"]),
        library("Site", in: "Delivery", ["Bytes", "HTTP"], assets: "Assets"),
        // Tools
        library("HLSRules", in: "Tools", ["Bytes"]),
        .executableTarget(
            name: "HLSProber", dependencies: ["Bytes", "CCurl", "HLSRules", "Runtime", "Time"],
            path: "Sources/Tools/HLSProber"),
        library("HLSLoadModel", in: "Tools", ["Locks", "Bytes", "CZlib", "HLSRules", "Time"]),
        .executableTarget(
            name: "HLSLoad",
            dependencies: ["Locks", "Crypto", "HLSLoadModel", "Runtime", "Sockets", "Time"],
            path: "Sources/Tools/HLSLoad"),
        // App
        library(
            "HeadwaterServer", in: "App",
            [
                "Locks",
                "Bytes", "Channels", "Configuration", "Crypto", "FFmpeg", "FeedStatus", "HLS", "HTTP", "Ingest",
                "Media",
                "ObjectStore", "Origin", "Packaging", "Publishing", "Runtime", "SRT", "Schema", "Site", "Sockets",
                "Telemetry", "Time", "Transcoding",
            ]),
        .executableTarget(
            name: "headwater",
            dependencies: ["Configuration", "HeadwaterServer", "Runtime", "Schema", "Sockets", "Telemetry", "Time"],
            path: "Sources/App/headwater"),
        // Tests
        .target(name: "SeededRandom", path: "Tests/SeededRandom"),
        .target(name: "TestFolder", path: "Tests/TestFolder"),
        .target(name: "TestTools", dependencies: ["TestFolder"], path: "Tests/TestTools"),
        .target(
            name: "Clips",
            dependencies: ["Bitstreams", "Bytes", "FFmpeg", "ISOBMFF", "Media", "TestFolder", "TestTools"],
            path: "Tests/Clips"),
        .target(
            name: "SampleFeed", dependencies: ["Bytes", "HLS", "Media", "Packaging", "Time"], path: "Tests/SampleFeed"),
        tests("BytesTests", ["Bytes"]),
        tests("TimeTests", ["Time"]),
        tests("CryptoTests", ["Bytes", "Crypto", "TestTools"]),
        tests("TelemetryTests", ["Locks", "Telemetry", "Time"]),
        tests("SchemaTests", ["Schema", "SeededRandom"]),
        tests("ConfigurationTests", ["Configuration", "Schema", "Telemetry"]),
        tests("MediaTests", ["Bytes", "Media"]),
        tests("BitstreamsTests", ["Bytes", "Media", "Bitstreams", "TestFolder", "TestTools"]),
        tests(
            "ISOBMFFTests",
            ["Bytes", "Media", "Bitstreams", "ISOBMFF", "SeededRandom", "TestFolder", "TestTools"]),
        tests(
            "MPEGTSTests",
            ["Bytes", "Media", "Time", "Bitstreams", "MPEGTS", "SeededRandom", "TestFolder", "TestTools"]),
        tests("HLSTests", ["Bytes", "HLS", "Media", "Time"]),
        tests("TimelineTests", ["Media", "SeededRandom", "Time", "Timeline"]),
        tests("HLSRulesTests", ["Bytes", "HLSRules", "ISOBMFF", "Media"]),
        tests("HLSLoadModelTests", ["CZlib", "HLSLoadModel", "Time"]),
        .target(name: "HTTPTestClient", dependencies: ["CZlib"], path: "Tests/HTTPTestClient"),
        .target(name: "RawAnswers", dependencies: ["Locks", "Runtime", "Sockets"], path: "Tests/RawAnswers"),
        tests(
            "HTTPTests",
            [
                "Locks", "Bytes", "Crypto", "HTTP", "HTTPTestClient", "RawAnswers", "Runtime", "Sockets",
                "TestTools", "Time",
            ]),
        tests(
            "FFmpegTests",
            [
                "Bitstreams", "Bytes", "Clips", "FFmpeg", "Locks", "Media", "Runtime", "SRT", "Sockets", "Telemetry",
                "TestFolder", "TestTools",
            ]),
        tests("ObjectStoreTests", ["Bytes", "ObjectStore", "TestFolder"]),
        tests("RTMPTests", ["Bytes", "RTMP", "SeededRandom", "TestTools"]),
        tests(
            "IngestTests",
            [
                "CSRT", "Crypto", "Locks", "Bytes", "FFmpeg", "Ingest", "Media", "MPEGTS", "RTMP", "RawAnswers",
                "Runtime", "SRT", "Sockets", "Telemetry", "TestFolder", "TestTools", "Time",
            ]),
        tests("RuntimeTests", ["Runtime"]),
        tests("SocketsTests", ["Crypto", "Runtime", "Sockets", "TestTools"]),
        // What can be visible is, as if a shared library asked for it: so the tests see that libsrt is not.
        tests(
            "SRTTests", ["CSRT", "Locks", "Runtime", "SRT", "Sockets", "Telemetry", "TestTools"],
            linking: [.unsafeFlags(["-Xlinker", "--export-dynamic"])]),
        tests(
            "PublishingTests",
            [
                "Bytes", "HLS", "HTTPTestClient", "Locks", "Media", "ObjectStore", "Packaging", "Publishing", "Runtime",
                "SampleFeed",
                "SeededRandom", "Telemetry", "TestFolder", "Time",
            ]),
        tests(
            "ChannelsTests",
            [
                "Locks", "Bytes", "Channels", "FFmpeg", "HTTPTestClient", "Ingest", "Media", "ObjectStore", "Packaging",
                "Publishing", "RawAnswers", "Telemetry", "TestFolder", "Time", "Transcoding",
            ]),
        tests(
            "HeadwaterServerTests",
            [
                "Configuration", "Crypto", "FFmpeg", "HeadwaterServer", "Locks", "Media", "Packaging", "Runtime",
                "Schema", "Telemetry", "TestFolder", "TestTools", "Time", "Transcoding",
            ]),
        tests(
            "FeedStatusTests",
            [
                "Bytes", "Channels", "FeedStatus", "HTTP", "HTTPTestClient", "Ingest", "Media", "Packaging",
                "Publishing",
                "Schema", "Sockets", "Telemetry", "Time",
            ]),
        tests(
            "OriginTests",
            [
                "Bytes", "Channels", "HLS", "HTTP", "HTTPTestClient", "Ingest", "Media", "ObjectStore", "Origin",
                "Packaging", "Publishing", "Runtime", "SampleFeed", "Sockets", "Telemetry", "TestFolder", "Time",
            ]),
        tests(
            "TranscodingTests",
            [
                "Bytes", "Clips", "FFmpeg", "Locks", "Media", "Packaging", "Runtime", "Schema", "SeededRandom",
                "Telemetry", "TestFolder", "TestTools", "Time", "Transcoding",
            ]),
        tests(
            "PackagingTests",
            ["Bytes", "Media", "Time", "HLS", "HLSRules", "ISOBMFF", "Packaging", "SampleFeed", "SeededRandom"]),
    ],
    swiftLanguageModes: [.v6])

// Fuzzers are built only by Tools/fuzz, with the fuzzer's own main function.
if Context.environment["HEADWATER_FUZZ"] != nil {
    for (name, uses) in [
        ("RTMPSessionFuzz", ["Bytes", "Ingest", "RTMP"]),
        ("TransportStreamFuzz", ["Bytes", "MPEGTS", "Time"]),
        ("CodedPacketFuzz", ["Bitstreams", "Bytes", "ISOBMFF", "Media"]),
        ("TransportFeedFuzz", ["Bytes", "Ingest", "Media", "Time"]),
        ("SpliceInfoFuzz", ["Bytes", "MPEGTS"]),
        ("PresentationRecordFuzz", ["Bytes", "HLS", "Media", "Packaging", "Time"]),
        ("SRTStreamIDFuzz", ["SRT"]),
        ("PublishTokenFuzz", ["Crypto", "Ingest", "Sockets", "Telemetry", "Time"]),
    ] {
        package.targets.append(
            .executableTarget(
                name: name, dependencies: uses.map { .byName(name: $0) }, path: "Tests/Fuzz/\(name)",
                swiftSettings: [.unsafeFlags(["-parse-as-library"])]))
    }
}

// Benchmarks are built only by Tools/benchmark.
if Context.environment["HEADWATER_BENCHMARK"] != nil {
    package.targets.append(
        .executableTarget(
            name: "TransportStreamBenchmark", dependencies: ["Bytes", "Ingest", "Media", "Time"],
            path: "Tests/Benchmarks/TransportStreamBenchmark",
            swiftSettings: [.unsafeFlags(["-parse-as-library"])]))
}

let upcoming = [
    "ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault", "NonisolatedNonsendingByDefault",
    "InferIsolatedConformances",
]
let settings: [SwiftSetting] =
    [
        .treatAllWarnings(as: .error), .enableExperimentalFeature("Lifetimes"),
        .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
    ] + upcoming.map { .enableUpcomingFeature($0) }
    + (Context.environment["HEADWATER_THREAD_SANITIZER"] == nil ? [] : [.define("THREAD_SANITIZER")])
for target in package.targets where target.type != .system {
    target.swiftSettings = (target.swiftSettings ?? []) + settings
}
