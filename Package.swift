// swift-tools-version: 6.3
import PackageDescription

/// A library target of one layer. Folders under `Sources/` are the layers, from the ground up.
func library(_ name: String, in layer: String, _ uses: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: uses, path: "Sources/\(layer)/\(name)")
}

func system(_ name: String, pkgConfig: String? = nil, apt: [String]) -> Target {
    .systemLibrary(name: name, path: "Sources/C/\(name)", pkgConfig: pkgConfig, providers: [.apt(apt)])
}

func tests(_ name: String, _ uses: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: uses)
}

let package = Package(
    name: "headwater",
    targets: [
        // Core
        library("Bytes", in: "Core"),
        library("Media", in: "Core", ["Bytes"]),
        // Protocols
        library("RTMP", in: "Protocols", ["Bytes"]),
        // Tests
        tests("BytesTests", ["Bytes"]),
        tests("MediaTests", ["Bytes", "Media"]),
        tests("RTMPTests", ["Bytes", "RTMP"]),
    ],
    swiftLanguageModes: [.v6])

let upcoming = [
    "ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault", "NonisolatedNonsendingByDefault",
    "InferIsolatedConformances",
]
let settings: [SwiftSetting] =
    [
        .treatAllWarnings(as: .error), .enableExperimentalFeature("Lifetimes"),
        .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
    ] + upcoming.map { .enableUpcomingFeature($0) }
for target in package.targets where target.type != .system {
    target.swiftSettings = (target.swiftSettings ?? []) + settings
}
