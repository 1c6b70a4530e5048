internal import Crypto
internal import Glibc
internal import HLSLoadModel
internal import Locks
internal import Runtime
internal import Sockets
internal import Time

/// `hls-load URL --viewers 2000 --seconds 300`: watches a presentation as so many players do, and says how it was.
///
/// Exit codes: 0 when there were neither errors nor stalls, 1 when there were, 2 for a wrong command line.
@main struct HLSLoad {
    /// What one source address can hold open to one server, with the system's usual range of ports.
    private static let portsPerAddress = 25_000

    static func main() {
        let options: LoadOptions
        do {
            options = try LoadOptions(Array(CommandLine.arguments.dropFirst()))
        } catch {
            complain("\(error.text).\n\(LoadOptions.usage)")
        }
        let addresses = AddressBook(options.resolutions)
        guard let server = ServerAddress(url: options.url), let address = addresses.address(of: server) else {
            complain("\(options.url) leads nowhere: its host has no address.")
        }
        guard let client = TLSClient(verifies: !options.isInsecure) else { complain("TLS cannot be set up.") }
        // Two renditions, and for each a connection for playlists and one for media.
        let connections = options.viewers * (options.isPlaylistsOnly ? 2 : 4)
        let threads = min(options.threads ?? UsableCores.count, options.viewers)
        let limit = OpenFileLimit.raise()
        guard connections + threads + 32 <= limit else {
            complain(
                "\(options.viewers) viewers need up to \(connections + threads + 32) open files, and the limit is "
                    + "\(limit): raise it (ulimit -Hn, LimitNOFILE=), or take fewer viewers.")
        }
        let isLoopback = address.host.hasPrefix("127.")
        guard isLoopback || (options.addresses ?? 1) == 1 else {
            complain("--addresses needs a server on 127.0.0.1: another one would see none of them.")
        }
        let needed = isLoopback ? (connections + portsPerAddress - 1) / portsPerAddress : 1
        let plan = Worker.Plan(
            options: options, addresses: addresses, client: client, arrivals: FirstArrivals(),
            sources: options.addresses ?? needed, start: SystemClocks().now + .milliseconds(50), threads: threads)
        signal(SIGPIPE, SIG_IGN)
        say("\(options.viewers) viewers on \(threads) threads for \(options.seconds) s\n")
        let report = run(plan)
        print(options.isJSON ? report.json : report.text)
        exit(report.isClean ? 0 : 1)
    }

    private static func run(_ plan: Worker.Plan) -> LoadReport {
        let results = Results()
        let threads = (0..<plan.threads).map { number in
            NamedThread("load-\(number)") {
                if let worker = Worker(plan, number: number) { results.add(worker.run()) }
            }
        }
        for thread in threads { thread.join() }
        let all = results.all
        guard all.count == plan.threads else { complain("A thread found no file descriptor left.") }
        var figures = LoadFigures()
        for result in all { figures.add(result.figures) }
        let options = plan.options
        return LoadReport(
            figures: figures, lastServed: PublicationLog.spreads(of: all.map(\.log), viewers: options.viewers),
            viewers: options.viewers, seconds: Double(options.seconds), isPlaylistsOnly: options.isPlaylistsOnly)
    }

    /// What the threads hand back.
    private final class Results: Sendable {
        private let list = Mutex<[(figures: LoadFigures, log: PublicationLog)]>([])

        func add(_ result: (figures: LoadFigures, log: PublicationLog)) { list.withLock { $0.append(result) } }

        var all: [(figures: LoadFigures, log: PublicationLog)] { list.withLock { $0 } }
    }

    /// Writes progress and faults beside the report.
    private static func say(_ text: String) {
        let bytes = [UInt8](text.utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    private static func complain(_ fault: String) -> Never {
        say("\(fault)\n")
        exit(2)
    }
}
