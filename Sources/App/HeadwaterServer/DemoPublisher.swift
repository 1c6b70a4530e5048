internal import Glibc
internal import Runtime
internal import Telemetry

/// A real encoder for the demo channel: ffmpeg with a test picture, a clock and a tone, publishing over RTMP. It is started
/// again when it ends.
final class DemoPublisher: Sendable {
    private struct State {
        var process: pid_t?
        var isStopping = false
    }

    private let state = Monitor(State())
    private let thread: NamedThread

    init(url: String, logger: Logger) {
        thread = NamedThread("demo-encoder") { [state] in
            while !state.withLock({ $0.isStopping }) {
                guard let process = Self.spawn(Self.arguments(url: url)) else {
                    logger.error("demo.ffmpeg_missing", ["hint": .public("install ffmpeg to feed the demo channel")])
                    return
                }
                let isUnwanted = state.withLock { state in
                    state.process = process
                    return state.isStopping
                }
                if isUnwanted { kill(process, SIGTERM) }
                var status: Int32 = 0
                while waitpid(process, &status, 0) < 0, errno == EINTR {}
                state.withLock { $0.process = nil }
                state.wait(for: .seconds(1)) { $0.isStopping }
            }
        }
    }

    func stop() {
        let process = state.signal { state in
            state.isStopping = true
            return state.process
        }
        if let process { kill(process, SIGTERM) }
        thread.join()
    }

    private static func arguments(url: String) -> [String] {
        // The time of day at which the picture is made, so that a player's distance from live can be read off it, and
        // a dot that crosses the picture once a second, so that a stall is seen.
        let time = "%{gmtime\\:%H\\\\\\:%M\\\\\\:%S}.%{eif\\:1000*mod(time(0)\\,1)\\:d\\:3}"
        let texts = [
            "text='\(time)':fontsize=132:fontcolor=white:x=(w-text_w)/2:y=h*0.30",
            "text='UTC when this picture was made':fontsize=30:fontcolor=0xbfe3ee:x=(w-text_w)/2:y=h*0.52",
            "text='Headwater demo':fontsize=34:fontcolor=0xbfe3ee:x=48:y=44",
            "text='●':fontsize=40:fontcolor=0x4cc3e0:x='48+(w-136)*abs(2*mod(t/2,1)-1)':y=h*0.62",
        ]
        let picture =
            "gradients=size=1280x720:rate=30:nb_colors=3:c0=0x0b1f2b:c1=0x0f5268:c2=0x10202e:x0=0:y0=0:x1=1280:y1=720"
            + ":speed=0.012"
        return [
            "ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-re", "-f", "lavfi", "-i", picture, "-f",
            "lavfi",
            "-i", "sine=frequency=440:sample_rate=48000:beep_factor=4", "-vf",
            texts.map { "drawtext=font='DejaVu Sans':" + $0 }.joined(separator: ","), "-c:v", "libx264", "-preset",
            "veryfast", "-tune", "zerolatency", "-b:v", "2500k", "-maxrate", "2500k", "-bufsize", "2500k", "-g", "60",
            "-keyint_min", "60", "-sc_threshold", "0", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "128k", "-ac", "2",
            "-f", "flv", url,
        ]
    }

    private static func spawn(_ arguments: [String]) -> pid_t? {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The server blocks SIGTERM in all its threads; a child inherits that unless told otherwise.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var pointers = arguments.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        var process: pid_t = 0
        guard posix_spawnp(&process, "ffmpeg", nil, &attributes, pointers, environ) == 0 else { return nil }
        return process
    }
}
