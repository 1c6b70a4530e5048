internal import Media
internal import Time

extension MediaPlaylist {
    /// The playlist as it goes over the wire: UTF-8, one tag or URI a line. With `skip` it is a delta update, where there
    /// is anything to leave out (§6.2.5.1).
    public func rendered(skip: SkipDirective? = nil) -> [UInt8] {
        let text = renderedInTwo(skip: skip)
        return text.head + text.body
    }

    /// The same in two pieces: what stands before the first segment, and the rest. The text of `earlier` belongs between
    /// them, unless it is skipped.
    public func renderedInTwo(skip: SkipDirective? = nil) -> (head: [UInt8], body: [UInt8], skipsEarlier: Bool) {
        let own = skip == nil || isEnded ? 0 : skippableCount
        let skipsEarlier = skip != nil && !isEnded && earlier != nil
        let skipped = own + (skipsEarlier ? earlier?.count ?? 0 : 0)
        let skipsDateRanges = skipped > 0 && skip == .segmentsAndDateRanges
        var head = PlaylistText(capacity: 512, queryParameters: queryParameters)
        head.line("#EXTM3U")
        head.line("#EXT-X-VERSION:", version(skips: skipped > 0, skipsDateRanges: skipsDateRanges))
        head.defineQueryParameters()
        head.line("#EXT-X-TARGETDURATION:", targetDuration)
        if isIFramesOnly { head.line("#EXT-X-I-FRAMES-ONLY") }
        renderServerControl(into: &head)
        if let partTarget { head.line("#EXT-X-PART-INF:PART-TARGET=", seconds: partTarget) }
        head.line("#EXT-X-MEDIA-SEQUENCE:", mediaSequence)
        head.line("#EXT-X-DISCONTINUITY-SEQUENCE:", discontinuitySequence)
        if skipped > 0 { renderSkip(of: skipped, skipsDateRanges, into: &head) }
        var body = PlaylistText(capacity: (segments.count - own) * 320, queryParameters: queryParameters)
        // What the last segment before needs is still in force.
        let initializationURI = own > 0 ? segments[own - 1].initializationURI : earlier?.initializationURI
        Self.render(segments.dropFirst(own), after: initializationURI, into: &body)
        for range in dateRanges.listed.dropFirst(skipsDateRanges ? dateRanges.oldCount : 0) {
            range.render(into: &body)
        }
        renderEnd(into: &body)
        return (head.bytes, body.bytes, skipsEarlier)
    }

    /// The text of segments that stand in a playlist somewhere.
    public static func text(of segments: [Segment], queryParameters: [String]) -> [UInt8] {
        var text = PlaylistText(capacity: segments.count * 160, queryParameters: queryParameters)
        render(segments[...], after: nil, into: &text)
        return text.bytes
    }

    /// A segment's KEY, MAP, DISCONTINUITY and PROGRAM-DATE-TIME come before its first part (§4.4.4.9).
    private static func render(
        _ segments: ArraySlice<Segment>, after initializationURI: String?, into text: inout PlaylistText
    ) {
        var initializationURI = initializationURI
        for segment in segments {
            if segment.isDiscontinuous { text.line("#EXT-X-DISCONTINUITY") }
            if segment.initializationURI != initializationURI {
                text.line("#EXT-X-MAP:URI=\"", uri: segment.initializationURI, "\"")
                initializationURI = segment.initializationURI
            }
            text.line("#EXT-X-PROGRAM-DATE-TIME:", segment.programDateTime.rfc3339)
            render(segment, into: &text)
        }
    }

    /// How many segments lie further from the end of the last complete one than the Skip Boundary.
    var skippableCount: Int {
        // Of media: a little time may have passed without any between two runs.
        var (count, reach) = ((segments.lastIndex(where: \.isComplete) ?? -1) + 1, MediaTime.zero)
        while count > 0, reach < serverControl.canSkipUntil {
            count -= 1
            reach += segments[count].end - segments[count].start
        }
        return count
    }

    /// The version that the tags need (§8); low-latency tags need none.
    private func version(skips: Bool, skipsDateRanges: Bool) -> Int {
        if !queryParameters.isEmpty { return 11 }
        if skips { return skipsDateRanges ? 10 : 9 }
        return isIFramesOnly ? 5 : 6
    }

    private func renderServerControl(into text: inout PlaylistText) {
        text.append("#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=")
        text.append(seconds: serverControl.canSkipUntil)
        text.append(",CAN-SKIP-DATERANGES=YES,HOLD-BACK=")
        text.append(seconds: serverControl.holdBack)
        if let partHoldBack = serverControl.partHoldBack {
            text.append(",PART-HOLD-BACK=")
            text.append(seconds: partHoldBack)
        }
        text.endLine()
    }

    private func renderSkip(of count: Int, _ skipsDateRanges: Bool, into text: inout PlaylistText) {
        text.append("#EXT-X-SKIP:SKIPPED-SEGMENTS=\(count)")
        if skipsDateRanges {
            text.append(",RECENTLY-REMOVED-DATERANGES=\"\(dateRanges.recentlyRemoved.joined(separator: "\t"))\"")
        }
        text.endLine()
    }

    private static func render(_ segment: Segment, into text: inout PlaylistText) {
        var partStart = segment.start
        for part in segment.parts {
            let partEnd = partStart + part.duration
            text.append("#EXT-X-PART:DURATION=")
            text.append(secondsFrom: partStart, to: partEnd)
            text.append(",URI=\"")
            text.append(uri: part.uri)
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
        if let range = segment.byteRange { text.line("#EXT-X-BYTERANGE:\(range.count)@", range.lowerBound) }
        text.line("", uri: segment.uri)
    }

    private func renderEnd(into text: inout PlaylistText) {
        if isEnded {
            text.line("#EXT-X-ENDLIST")
        } else {
            if let hintedInitialization {
                text.line("#EXT-X-PRELOAD-HINT:TYPE=MAP,URI=\"", uri: hintedInitialization, "\"")
            }
            if let preloadHint { text.line("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"", uri: preloadHint, "\"") }
        }
        for report in renditionReports {
            let lastPart = report.lastPart.map { ",LAST-PART=\($0)" } ?? ""
            text.line("#EXT-X-RENDITION-REPORT:URI=\"", uri: report.uri, "\",LAST-MSN=\(report.lastSegment)\(lastPart)")
        }
    }
}
