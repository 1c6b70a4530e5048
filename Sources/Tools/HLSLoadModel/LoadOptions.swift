/// What the command line asks for.
public struct LoadOptions: Equatable, Sendable {
    /// A wrong command line, as one sentence.
    public struct Fault: Error, Equatable, Sendable {
        /// What is wrong.
        public let text: String
    }

    /// A fixed address for a name, as `curl --resolve` has it.
    public struct Resolution: Equatable, Sendable {
        /// The name and the port that are meant.
        public var host: String
        /// The port.
        public var port: UInt16
        /// The numeric address to connect to.
        public var address: String
    }

    /// How to call the tool.
    public static let usage = """
        hls-load URL [--viewers 100] [--seconds 60] [--ramp SECONDS] [--threads N] [--playlists-only] [--variant 0]
            [--addresses N] [--resolve HOST:PORT:ADDRESS] [--insecure] [--json]
        """

    /// The multivariant or media playlist.
    public var url = ""
    /// How many viewers watch.
    public var viewers = 100
    /// For how long, ramp included.
    public var seconds = 60
    /// Seconds in which they join, evenly; nothing for one second per thousand.
    public var ramp: Double?
    /// How many threads; nothing for one per core.
    public var threads: Int?
    /// True when no media are fetched.
    public var isPlaylistsOnly = false
    /// The variant to play, counted from 0.
    public var variant = 0
    /// Over how many loopback addresses viewers are spread; nothing for as few as have ports enough.
    public var addresses: Int?
    /// Fixed addresses.
    public var resolutions: [Resolution] = []
    /// True when any certificate will do.
    public var isInsecure = false
    /// True for a report for machines.
    public var isJSON = false

    /// Reads the arguments behind the program's name.
    public init(_ arguments: [String]) throws(Fault) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--playlists-only": isPlaylistsOnly = true
            case "--insecure": isInsecure = true
            case "--json": isJSON = true
            case "--viewers": viewers = try Self.integer(argument, rest.popFirst(), in: 1...100_000)
            case "--seconds": seconds = try Self.integer(argument, rest.popFirst(), in: 1...86_400)
            case "--threads": threads = try Self.integer(argument, rest.popFirst(), in: 1...64)
            case "--variant": variant = try Self.integer(argument, rest.popFirst(), in: 0...999)
            case "--addresses": addresses = try Self.integer(argument, rest.popFirst(), in: 1...254)
            case "--ramp":
                guard let value = rest.popFirst().flatMap(Double.init), (0...86_400).contains(value) else {
                    throw Fault(text: "--ramp takes 0 to 86400 seconds")
                }
                ramp = value
            case "--resolve": resolutions.append(try Self.resolution(rest.popFirst() ?? ""))
            case _ where argument.hasPrefix("-"): throw Fault(text: "There is no flag \(argument)")
            case _ where !url.isEmpty: throw Fault(text: "There are two URLs")
            default: url = argument
            }
        }
        guard !url.isEmpty else { throw Fault(text: "A URL is missing") }
        guard Resource(url) != nil else { throw Fault(text: "\(url) is no http or https URL") }
        guard (ramp ?? 0) < Double(seconds) else { throw Fault(text: "The ramp takes no less than all the time") }
    }

    /// Seconds in which viewers join.
    public var rampSeconds: Double { ramp ?? min(Double(viewers) / 1000, Double(seconds) / 2) }

    private static func integer(
        _ flag: String, _ text: String?, in range: ClosedRange<Int>
    ) throws(Fault) -> Int {
        guard let value = text.flatMap({ Int($0) }), range.contains(value) else {
            throw Fault(text: "\(flag) takes \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    private static func resolution(_ text: String) throws(Fault) -> Resolution {
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, let port = UInt16(parts[1]), !parts[2].isEmpty else {
            throw Fault(text: "--resolve takes HOST:PORT:ADDRESS")
        }
        return Resolution(
            host: String(parts[0]), port: port, address: String(parts[2].filter { $0 != "[" && $0 != "]" }))
    }
}
