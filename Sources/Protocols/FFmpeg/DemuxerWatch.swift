internal import CFFmpeg
internal import Time

/// What a demuxer's callbacks find: whether it is to go on, and where its inputs come from. All on the demuxer's thread.
final class DemuxerWatch {
    typealias Opener = (DemuxerReference) throws -> any DemuxerInput

    private let clock: any MonotonicClock
    private let isWanted: () -> Bool
    private let opener: Opener?
    private let library: FFmpegLibrary
    /// Until when the call that is under way has to be done.
    private var deadline: Instant?
    /// What has made it impossible to go on.
    private(set) var fault: DemuxerError?
    /// The address that was asked for: libavformat writes down another one when it is sent there.
    private var address: String?
    private var context: UnsafeMutablePointer<AVFormatContext>?
    /// The inputs in use, by the address of their contexts.
    private var inputs: [UnsafeMutablePointer<AVIOContext>: InputBox] = [:]

    init(library: FFmpegLibrary, clock: any MonotonicClock, isWanted: @escaping () -> Bool, opener: Opener?) {
        (self.library, self.clock, self.isWanted, self.opener) = (library, clock, isWanted, opener)
    }

    deinit { for context in inputs.keys { free(context) } }

    /// The call that begins now has so long.
    func begin(_ limit: Duration) { deadline = clock.now + limit }

    /// From now on nothing may lead `context` away from `address`.
    func guardAddress(_ address: String, of context: UnsafeMutablePointer<AVFormatContext>?) {
        (self.address, self.context) = (address, context)
    }

    /// There is no context any more.
    func forgetContext() { context = nil }

    /// Why the call that is under way must end, if it must.
    var reasonToEnd: DemuxerError? {
        if let fault { return fault }
        if !isWanted() { return .stopped }
        if let deadline, clock.now >= deadline { return .timedOut }
        if let address, let url = context?.pointee.url, strcmp(url, address) != 0 { fault = .redirected }
        return fault
    }

    // MARK: Inputs

    /// Gives libavformat `input` to read from; nothing when there is no memory for it.
    func attach(_ input: any DemuxerInput, isFirst: Bool = false) -> UnsafeMutablePointer<AVIOContext>? {
        let box = InputBox(input: input, watch: self, isFirst: isFirst)
        guard
            let context = cffmpeg_io(
                library.functions, 65_536, Unmanaged.passUnretained(box).toOpaque(),
                { context, bytes, count in
                    guard let context, let bytes else { return cffmpeg_failed() }
                    return Unmanaged<InputBox>.fromOpaque(context).takeUnretainedValue()
                        .read(UnsafeMutableRawBufferPointer(start: bytes, count: Int(count)))
                },
                { context, offset, whence in
                    guard let context else { return -1 }
                    return Unmanaged<InputBox>.fromOpaque(context).takeUnretainedValue().seek(offset, whence)
                })
        else { return nil }
        context.pointee.seekable = input.isSeekable ? cffmpeg_seekable() : 0
        inputs[context] = box
        return context
    }

    /// Opens what a format wants beside its first input.
    func open(_ reference: DemuxerReference, as context: inout UnsafeMutablePointer<AVIOContext>?) -> Int32 {
        guard reasonToEnd == nil else { return cffmpeg_interrupted() }
        guard let opener else {
            fault = .refused
            return cffmpeg_refused()
        }
        do {
            context = attach(try opener(reference))
            return context == nil ? cffmpeg_failed() : 0
        } catch let error as DemuxerError {
            fault = error
            return cffmpeg_refused()
        } catch {
            // What is missing today may be there tomorrow: the format decides how to go on.
            return cffmpeg_not_found()
        }
    }

    func close(_ context: UnsafeMutablePointer<AVIOContext>) {
        if inputs.removeValue(forKey: context) != nil { free(context) }
    }

    fileprivate func note(_ error: any Error) { if fault == nil { fault = error as? DemuxerError ?? .input(error) } }

    private func free(_ context: UnsafeMutablePointer<AVIOContext>) {
        var context: UnsafeMutablePointer<AVIOContext>? = context
        cffmpeg_io_free(library.functions, &context)
    }
}

/// An input, as libavformat holds it.
private final class InputBox {
    private let input: any DemuxerInput
    private unowned let watch: DemuxerWatch
    /// True for the source itself, and not what belongs to it, which a format may go on without.
    private let isFirst: Bool

    init(input: any DemuxerInput, watch: DemuxerWatch, isFirst: Bool) {
        (self.input, self.watch, self.isFirst) = (input, watch, isFirst)
    }

    func read(_ buffer: UnsafeMutableRawBufferPointer) -> Int32 {
        guard watch.reasonToEnd == nil else { return cffmpeg_interrupted() }
        do {
            let count = try input.read(into: buffer)
            return count > 0 ? Int32(clamping: count) : cffmpeg_end()
        } catch {
            if isFirst || error is DemuxerError { watch.note(error) }
            return cffmpeg_failed()
        }
    }

    func seek(_ offset: Int64, _ whence: Int32) -> Int64 {
        if whence & AVSEEK_SIZE != 0 { return input.length ?? -1 }
        guard whence & ~AVSEEK_FORCE == SEEK_SET, watch.reasonToEnd == nil, input.seek(to: offset) else { return -1 }
        return offset
    }
}
