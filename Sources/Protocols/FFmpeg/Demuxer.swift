internal import Bytes
internal import CFFmpeg
internal import Glibc
public import Time

/// Reads a source of any format that libavformat knows, for one thread.
///
///     let demuxer = try Demuxer("file:///film.mp4", options, isWanted: { true })
///     while let packet = try demuxer.read() { … }
///
/// Every call ends within its limit, or soon after `isWanted` says no. Only the formats and protocols of the options are
/// used. libavformat connects again by itself to nothing.
public final class Demuxer {
    private let library: FFmpegLibrary
    private let watch: DemuxerWatch
    private let options: DemuxerOptions
    private var context: UnsafeMutablePointer<AVFormatContext>?
    private var packet: UnsafeMutablePointer<AVPacket>?
    /// The streams, as far as they have shown.
    public private(set) var streams: [DemuxedStream] = []

    /// Opens `url`, and finds out what streams there are. What is read comes from `input` where one is given, and then the
    /// rest of it, such as the segments of a playlist, from what `opener` opens; else libavformat opens `url` itself, and
    /// nothing beside it.
    public init(
        _ url: String, _ options: DemuxerOptions, input: (any DemuxerInput)? = nil,
        opener: ((DemuxerReference) throws -> any DemuxerInput)? = nil, clock: any MonotonicClock = SystemClocks(),
        isWanted: @escaping () -> Bool
    ) throws(DemuxerError) {
        library = try FFmpegLibrary.shared()
        self.options = options
        watch = DemuxerWatch(library: library, clock: clock, isWanted: isWanted, opener: opener)
        packet = cffmpeg_packet(library.functions)
        watch.begin(options.openLimit)
        try open(url, input)
        let result = cffmpeg_find_streams(library.functions, context)
        if let reason = watch.reasonToEnd { throw reason }
        guard result >= 0 else { throw error(result) }
        readStreams()
        guard !streams.isEmpty else { throw .empty }
    }

    deinit {
        watch.forgetContext()
        cffmpeg_close(library.functions, &context)
        cffmpeg_packet_free(library.functions, &packet)
        withExtendedLifetime(watch) {}
    }

    private func open(_ url: String, _ input: (any DemuxerInput)?) throws(DemuxerError) {
        context = cffmpeg_alloc(library.functions)
        guard let opened = context else { throw .failed(cffmpeg_failed()) }
        let box = Unmanaged.passUnretained(watch).toOpaque()
        opened.pointee.interrupt_callback = AVIOInterruptCB(
            callback: { box in
                guard let box else { return 0 }
                return Unmanaged<DemuxerWatch>.fromOpaque(box).takeUnretainedValue().reasonToEnd == nil ? 0 : 1
            }, opaque: box)
        opened.pointee.probesize = Int64(options.probeSize)
        opened.pointee.max_analyze_duration = options.analysis.wholeNanoseconds / 1000
        opened.pointee.max_streams = 64
        if let input {
            opened.pointee.opaque = box
            opened.pointee.io_open = { context, input, url, _, options in
                guard let context, let input, let url else { return cffmpeg_failed() }
                let reference = DemuxerReference(
                    url: String(cString: url), offset: Demuxer.number("offset", in: options?.pointee, of: context) ?? 0,
                    end: Demuxer.number("end_offset", in: options?.pointee, of: context))
                return Demuxer.watch(of: context)?.open(reference, as: &input.pointee) ?? cffmpeg_failed()
            }
            opened.pointee.io_close2 = { context, input in
                if let context, let input { Demuxer.watch(of: context)?.close(input) }
                return 0
            }
            opened.pointee.pb = watch.attach(input, isFirst: true)
        } else {
            watch.guardAddress(url, of: opened)
        }
        var settings: OpaquePointer?
        let separator = ","
        cffmpeg_set(library.functions, &settings, "format_whitelist", options.formats.joined(separator: separator))
        cffmpeg_set(library.functions, &settings, "protocol_whitelist", options.protocols.joined(separator: separator))
        for option in options.options { cffmpeg_set(library.functions, &settings, option.name, option.value) }
        defer { cffmpeg_free_options(library.functions, &settings) }
        // Where it fails it frees the context itself.
        let result = cffmpeg_open(library.functions, &context, url, &settings)
        if result < 0 {
            context = nil
            watch.forgetContext()
        }
        if let reason = watch.reasonToEnd { throw reason }
        guard result >= 0 else { throw error(result) }
    }

    /// The next packet; nothing at the end.
    public func read() throws(DemuxerError) -> DemuxedPacket? {
        watch.begin(options.readLimit)
        while true {
            let result = cffmpeg_read(library.functions, context, packet)
            if let reason = watch.reasonToEnd { throw reason }
            if result == cffmpeg_end() { return nil }
            // There is more to come, but not for this call.
            if result == cffmpeg_again() {
                usleep(5000)
                continue
            }
            guard result >= 0, let packet else { throw error(result) }
            defer { cffmpeg_packet_clear(library.functions, packet) }
            if Int(context?.pointee.nb_streams ?? 0) != streams.count { readStreams() }
            return DemuxedPacket(packet.pointee)
        }
    }

    /// Goes back to the beginning; false where that cannot be done.
    public func rewind() -> Bool {
        watch.begin(options.openLimit)
        guard let context, let format = context.pointee.iformat else { return false }
        // Formats whose times may jump have no other order than that of their bytes.
        let byBytes = format.pointee.flags & AVFMT_TS_DISCONT != 0 && format.pointee.flags & AVFMT_NO_BYTE_SEEK == 0
        let start = context.pointee.start_time
        let time = byBytes || start == cffmpeg_no_time() ? 0 : start
        let flags = byBytes ? AVSEEK_FLAG_BYTE : AVSEEK_FLAG_BACKWARD
        return cffmpeg_seek(library.functions, context, time, flags) >= 0
    }

    /// libavformat's name of the format.
    public var format: String { context?.pointee.iformat.pointee.name.map { String(cString: $0) } ?? "" }

    /// How long the source is, where it is known: one that goes on for ever is not.
    public var duration: Duration? {
        guard let time = context?.pointee.duration, time != cffmpeg_no_time(), time > 0 else { return nil }
        return .microseconds(time)
    }

    private func error(_ code: Int32) -> DemuxerError {
        switch code {
        case cffmpeg_protocol_missing(): .refused
        case cffmpeg_invalid(), cffmpeg_end(): .unreadable
        case -ECONNREFUSED, -EHOSTUNREACH, -ENETUNREACH, -ETIMEDOUT: .unreachable(-code)
        default: .failed(code)
        }
    }

    // MARK: Callbacks

    private static func watch(of context: UnsafeMutablePointer<AVFormatContext>) -> DemuxerWatch? {
        context.pointee.opaque.map { Unmanaged<DemuxerWatch>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func number(
        _ name: String, in options: OpaquePointer?, of context: UnsafeMutablePointer<AVFormatContext>
    ) -> Int64? {
        guard let options, let library = try? FFmpegLibrary.shared(),
            let text = cffmpeg_get(library.functions, options, name)
        else { return nil }
        return Int64(String(cString: text))
    }
}

// MARK: - Streams

extension Demuxer {
    /// The programs, or variants, that the streams belong to.
    public var programs: [DemuxedProgram] {
        guard let context, let list = context.pointee.programs else { return [] }
        return (0..<Int(context.pointee.nb_programs)).compactMap { index in
            guard let program = list[index] else { return nil }
            let streams = (0..<Int(program.pointee.nb_stream_indexes)).compactMap { place in
                program.pointee.stream_index.map { Int($0[place]) }
            }
            return DemuxedProgram(
                number: Int(program.pointee.id),
                bitrate: tag("variant_bitrate", of: program.pointee.metadata).flatMap { Int($0) },
                streams: streams)
        }
    }

    /// Reads only streams in those places from now on; the others are not even fetched, where that is possible.
    public func select(_ places: Set<Int>) {
        guard let context, let list = context.pointee.streams else { return }
        for index in 0..<Int(context.pointee.nb_streams) {
            list[index]?.pointee.discard = places.contains(index) ? AVDISCARD_DEFAULT : AVDISCARD_ALL
        }
    }

    fileprivate func readStreams() {
        guard let context, let list = context.pointee.streams else { return }
        streams = (0..<Int(context.pointee.nb_streams)).compactMap { index in
            guard let stream = list[index], let parameters = stream.pointee.codecpar else { return nil }
            return describe(stream.pointee, parameters.pointee, index)
        }
    }

    private func describe(_ stream: AVStream, _ parameters: AVCodecParameters, _ index: Int) -> DemuxedStream {
        let medium: DemuxedStream.Medium =
            switch parameters.codec_type {
            case AVMEDIA_TYPE_VIDEO: stream.disposition & AV_DISPOSITION_ATTACHED_PIC == 0 ? .video : .other
            case AVMEDIA_TYPE_AUDIO: .audio
            default: .other
            }
        return DemuxedStream(
            index: index, medium: medium, codec: codec(parameters.codec_id),
            configuration: ByteChunk(parameters.extradata, count: Int(parameters.extradata_size)),
            timeBase: TimeBase(stream.time_base.num, stream.time_base.den),
            language: tag("language", of: stream.metadata), channelCount: Int(parameters.ch_layout.nb_channels))
    }

    private func tag(_ name: String, of metadata: OpaquePointer?) -> String? {
        cffmpeg_get(library.functions, metadata, name).map { String(cString: $0) }
    }

    private func codec(_ id: AVCodecID) -> DemuxedStream.Codec {
        switch id {
        case AV_CODEC_ID_H264: .h264
        case AV_CODEC_ID_HEVC: .hevc
        case AV_CODEC_ID_AAC: .aac
        case AV_CODEC_ID_AAC_LATM: .aacLATM
        case AV_CODEC_ID_AC3: .ac3
        case AV_CODEC_ID_EAC3: .eac3
        case AV_CODEC_ID_OPUS: .opus
        case AV_CODEC_ID_MP2: .mp2
        default: .other(String(cString: cffmpeg_codec_name(library.functions, id)))
        }
    }
}

extension DemuxedPacket {
    fileprivate init(_ packet: AVPacket) {
        func time(_ value: Int64) -> Int64? { value == cffmpeg_no_time() ? nil : value }
        var configuration: ByteChunk?
        for index in 0..<Int(packet.side_data_elems) {
            guard let item = packet.side_data?[index], item.type == AV_PKT_DATA_NEW_EXTRADATA else { continue }
            configuration = ByteChunk(item.data, count: Int(item.size))
        }
        self.init(
            stream: Int(packet.stream_index), data: ByteChunk(packet.data, count: Int(packet.size)),
            presentation: time(packet.pts), decode: time(packet.dts), duration: max(packet.duration, 0),
            isKey: packet.flags & AV_PKT_FLAG_KEY != 0, configuration: configuration)
    }
}

extension ByteChunk {
    /// A copy of what libavformat has there.
    fileprivate init(_ bytes: UnsafeMutablePointer<UInt8>?, count: Int) {
        self.init(count: bytes == nil ? 0 : max(count, 0)) { target in
            if let bytes { target.copyMemory(from: UnsafeRawBufferPointer(start: bytes, count: target.count)) }
        }
    }
}
