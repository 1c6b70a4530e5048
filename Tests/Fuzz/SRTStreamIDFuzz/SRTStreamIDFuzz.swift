import SRT

/// What a stranger may send as the stream id of a call, and what an operator may paste as an address.
@c(LLVMFuzzerTestOneInput) public func fuzzSRTStreamID(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    if let id = try? SRTStreamID(input) {
        precondition(id.channel != nil || id.key != nil, "a stream id names something")
        precondition(id.channel?.isEmpty != true && id.user?.isEmpty != true, "no name is empty")
    }
    if let text = String(validating: input, as: UTF8.self) { _ = try? SRTAddress("srt://" + text) }
    return 0
}
