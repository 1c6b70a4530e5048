extension MultivariantPlaylist {
    /// The playlist as it goes over the wire.
    public func rendered() -> [UInt8] {
        var text = PlaylistText(capacity: 1024, queryParameters: queryParameters)
        text.line("#EXTM3U")
        // Else nothing in here needs more than version 1 (§8).
        if !queryParameters.isEmpty { text.line("#EXT-X-VERSION:11") }
        text.defineQueryParameters()
        if hasIndependentSegments { text.line("#EXT-X-INDEPENDENT-SEGMENTS") }
        if let steering {
            text.line("#EXT-X-CONTENT-STEERING:SERVER-URI=\"\(steering.serverURI)\",PATHWAY-ID=\"\(steering.pathway)\"")
        }
        for (position, rendition) in audio.enumerated() {
            let isFirst = !audio[..<position].contains { $0.group == rendition.group }
            render(rendition, isDefault: isFirst, into: &text)
        }
        for variant in variants { render(variant, into: &text) }
        for variant in iFrameVariants { render(variant, into: &text) }
        return text.bytes
    }

    private func render(_ rendition: AudioRendition, isDefault: Bool, into text: inout PlaylistText) {
        text.append("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"\(rendition.group)\",NAME=\"\(quotable(rendition.name))\"")
        text.append(",DEFAULT=\(isDefault ? "YES" : "NO"),AUTOSELECT=YES,LANGUAGE=\"\(quotable(rendition.language))\"")
        text.append(",CHANNELS=\"\(rendition.channels)\",STABLE-RENDITION-ID=\"\(rendition.stableID)\"")
        text.line(",URI=\"", uri: rendition.uri, "\"")
    }

    private func render(_ variant: Variant, into text: inout PlaylistText) {
        text.append("#EXT-X-STREAM-INF:BANDWIDTH=\(variant.bandwidth),AVERAGE-BANDWIDTH=\(variant.averageBandwidth)")
        text.append(",SCORE=\(variant.score),CODECS=\"\(variant.codecs.joined(separator: ","))\"")
        if let resolution = variant.resolution { text.append(",RESOLUTION=\(resolution.width)x\(resolution.height)") }
        if let range = variant.videoRange { text.append(",VIDEO-RANGE=\(range.rawValue)") }
        if let frameRate = variant.frameRate { text.append(",FRAME-RATE=\(Self.threeDecimals(frameRate))") }
        if let audioGroup = variant.audioGroup { text.append(",AUDIO=\"\(audioGroup)\"") }
        renderIdentity(variant.stableID, into: &text)
        text.endLine()
        text.line("", uri: variant.uri)
    }

    private func render(_ variant: IFrameVariant, into text: inout PlaylistText) {
        text.append("#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=\(variant.bandwidth)")
        text.append(",AVERAGE-BANDWIDTH=\(variant.averageBandwidth),SCORE=\(variant.score)")
        text.append(",CODECS=\"\(variant.codecs.joined(separator: ","))\"")
        if let resolution = variant.resolution { text.append(",RESOLUTION=\(resolution.width)x\(resolution.height)") }
        if let range = variant.videoRange { text.append(",VIDEO-RANGE=\(range.rawValue)") }
        renderIdentity(variant.stableID, into: &text)
        text.line(",URI=\"", uri: variant.uri, "\"")
    }

    /// What a source calls its tracks, without what would end the string (§4.2).
    private func quotable(_ text: String) -> String {
        String(text.unicodeScalars.filter { $0 != "\"" && $0.properties.generalCategory != .control })
    }

    private func renderIdentity(_ stableID: String, into text: inout PlaylistText) {
        text.append(",STABLE-VARIANT-ID=\"\(stableID)\"")
        if let steering { text.append(",PATHWAY-ID=\"\(steering.pathway)\"") }
    }

    private static func threeDecimals(_ value: Double) -> String {
        let thousandths = Int((value * 1000).rounded())
        let fraction = String(thousandths % 1000)
        return "\(thousandths / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
    }
}
