internal import Media
internal import Time

extension MediaPlaylist {
    /// The playlist as it goes over the wire: UTF-8, one tag or URI a line.
    ///
    /// A segment's KEY, MAP, DISCONTINUITY and PROGRAM-DATE-TIME come before its first part (§4.4.4.9).
    public func rendered() -> [UInt8] {
        var text = PlaylistText(capacity: 512 + segments.count * 320)
        text.line("#EXTM3U")
        // Version 6 is what EXT-X-MAP outside an I-frame playlist needs (§8); low-latency tags need none.
        text.line("#EXT-X-VERSION:6")
        text.line("#EXT-X-TARGETDURATION:", targetDuration)
        renderServerControl(into: &text)
        if let partTarget { text.line("#EXT-X-PART-INF:PART-TARGET=", seconds: partTarget) }
        text.line("#EXT-X-MEDIA-SEQUENCE:", mediaSequence)
        text.line("#EXT-X-DISCONTINUITY-SEQUENCE:", discontinuitySequence)
        var initializationURI: String?
        for segment in segments {
            if segment.isDiscontinuous { text.line("#EXT-X-DISCONTINUITY") }
            if segment.initializationURI != initializationURI {
                text.line("#EXT-X-MAP:URI=\"", segment.initializationURI, "\"")
                initializationURI = segment.initializationURI
            }
            text.line("#EXT-X-PROGRAM-DATE-TIME:", segment.programDateTime.rfc3339)
            render(segment, into: &text)
        }
        if isEnded {
            text.line("#EXT-X-ENDLIST")
        } else if let preloadHint {
            text.line("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"", preloadHint, "\"")
        }
        return text.bytes
    }

    private func renderServerControl(into text: inout PlaylistText) {
        text.append("#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK=")
        text.append(seconds: serverControl.holdBack)
        if let partHoldBack = serverControl.partHoldBack {
            text.append(",PART-HOLD-BACK=")
            text.append(seconds: partHoldBack)
        }
        text.endLine()
    }

    private func render(_ segment: Segment, into text: inout PlaylistText) {
        var partStart = segment.start
        for part in segment.parts {
            let partEnd = partStart + part.duration
            text.append("#EXT-X-PART:DURATION=")
            text.append(secondsFrom: partStart, to: partEnd)
            text.append(",URI=\"")
            text.append(part.uri)
            text.append("\"")
            if part.isIndependent { text.append(",INDEPENDENT=YES") }
            if part.isGap { text.append(",GAP=YES") }
            text.endLine()
            partStart = partEnd
        }
        guard segment.isComplete else { return }
        if segment.isGap { text.line("#EXT-X-GAP") }
        text.append("#EXTINF:")
        text.append(secondsFrom: segment.start, to: segment.end)
        text.append(",")
        text.endLine()
        text.line(segment.uri)
    }
}
