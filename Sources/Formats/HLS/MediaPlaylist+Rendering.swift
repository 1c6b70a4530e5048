internal import Media
internal import Time

extension MediaPlaylist {
    /// The playlist as it goes over the wire: UTF-8, one tag or URI a line. With `skip` it is a delta update, where there
    /// is anything to leave out (§6.2.5.1).
    ///
    /// A segment's KEY, MAP, DISCONTINUITY and PROGRAM-DATE-TIME come before its first part (§4.4.4.9).
    public func rendered(skip: SkipDirective? = nil) -> [UInt8] {
        let skipped = skip == nil || isEnded ? 0 : skippableCount
        let skipsDateRanges = skipped > 0 && skip == .segmentsAndDateRanges
        var text = PlaylistText(capacity: 512 + (segments.count - skipped) * 320, queryParameters: queryParameters)
        text.line("#EXTM3U")
        text.line("#EXT-X-VERSION:", version(skips: skipped > 0, skipsDateRanges: skipsDateRanges))
        text.defineQueryParameters()
        text.line("#EXT-X-TARGETDURATION:", targetDuration)
        if isIFramesOnly { text.line("#EXT-X-I-FRAMES-ONLY") }
        renderServerControl(into: &text)
        if let partTarget { text.line("#EXT-X-PART-INF:PART-TARGET=", seconds: partTarget) }
        text.line("#EXT-X-MEDIA-SEQUENCE:", mediaSequence)
        text.line("#EXT-X-DISCONTINUITY-SEQUENCE:", discontinuitySequence)
        if skipped > 0 { renderSkip(of: skipped, skipsDateRanges, into: &text) }
        // What the last skipped segment needs is still in force for the client, who has it.
        var initializationURI = skipped > 0 ? segments[skipped - 1].initializationURI : nil
        for segment in segments.dropFirst(skipped) {
            if segment.isDiscontinuous { text.line("#EXT-X-DISCONTINUITY") }
            if segment.initializationURI != initializationURI {
                text.line("#EXT-X-MAP:URI=\"", uri: segment.initializationURI, "\"")
                initializationURI = segment.initializationURI
            }
            text.line("#EXT-X-PROGRAM-DATE-TIME:", segment.programDateTime.rfc3339)
            render(segment, into: &text)
        }
        for range in dateRanges.listed.dropFirst(skipsDateRanges ? dateRanges.oldCount : 0) {
            range.render(into: &text)
        }
        renderEnd(into: &text)
        return text.bytes
    }

    /// How many segments lie further from the end of the last complete one than the Skip Boundary.
    var skippableCount: Int {
        guard let end = segments.last(where: \.isComplete)?.end else { return 0 }
        let boundary = end - serverControl.canSkipUntil
        return segments.prefix { $0.isComplete && $0.end <= boundary }.count
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

    private func render(_ segment: Segment, into text: inout PlaylistText) {
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
