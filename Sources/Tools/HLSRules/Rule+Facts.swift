extension Rule {
    /// The rule's text and section, one line a rule.
    var fact: (text: String, section: String) {
        switch self {
        case .playlistEncoding: ("a playlist is UTF-8 without byte order mark and control characters", "B 4.1")
        case .playlistHeader: ("the first line is #EXTM3U", "B 4.4.1.1")
        case .playlistWhitespace: ("no line begins or ends with white space", "B 4.1")
        case .tagSyntax: ("every known tag has a value of its form", "B 4.2, 4.4")
        case .tagUnique: ("a tag that may stand once stands once", "B 4.4.1.2, 4.4.3")
        case .tagOrder:
            ("sequence tags come before the first segment, a segment's tags before its parts", "B 4.4.3.2-3, 4.4.4.9")
        case .tagRequired: ("required tags are there", "B 4.4.3")
        case .tagPlacement:
            ("media tags stand only in media playlists, multivariant tags only in multivariant ones", "B 4.1")
        case .attributeUnique: ("no attribute is repeated in a list", "B 4.2")
        case .attributeSyntax: ("attribute values have the form of their type", "B 4.2")
        case .attributeRequired: ("required attributes are there", "B 4.4")
        case .decimal: ("a decimal floating-point number is unsigned digits, never in exponent form", "B 4.2")
        case .variableDefined: ("a variable is defined once, before it is used", "B 4.3, 4.4.2.3")
        case .version: ("EXT-X-VERSION is no lower than the playlist's features need", "B 8")
        case .versionExcess: ("EXT-X-VERSION is no higher than the playlist's features need", "B 6.2.1")
        case .targetConstant: ("the target duration never changes", "B 4.4.3.1, 6.2.1")
        case .targetShared: ("every media playlist has the same target duration", "B 6.2.4")
        case .targetRespected: ("no segment's rounded duration exceeds the target duration", "B 4.4.3.1")
        case .segmentCadence: ("a segment is published within 1.5 target durations of the one before", "B 6.2.1")
        case .partCadence: ("a part is published within one part target of the one before", "B 6.2.1")
        case .windowMinimum: ("no segment is removed that leaves less than three target durations", "B 6.2.2")
        case .mediaSequence:
            ("the media sequence number grows by one for each removed segment and never decreases", "B 6.2.2")
        case .discontinuitySequence:
            ("the discontinuity sequence number grows with each removed discontinuity and never decreases", "B 6.2.2")
        case .discontinuitySequencePresent:
            ("a live playlist has EXT-X-DISCONTINUITY-SEQUENCE from the first", "B 6.2.2, A 8.17")
        case .segmentIdentity:
            ("a media sequence number names the same resource for ever, and no other does", "B 6.3.4")
        case .playlistEdits: ("a playlist is only appended to, and shortened at its head", "B 6.2.1")
        case .playlistFresh:
            ("no answer is older than one that was complete before it was asked for, less its Age", "B 6.2.1, App. C")
        case .playlistType: ("a playlist that loses segments has no EXT-X-PLAYLIST-TYPE", "B 6.2.2")
        case .segmentAvailable:
            ("a segment stays available for its duration and that of the longest playlist with it", "B 6.2.2")
        case .partAvailable: ("a part stays available for three target durations after it was removed", "B 6.2.2")
        case .resourceImmutable:
            ("the bytes of one URI never change", "B 6.2.1, 6.3.4")
        case .discontinuityAligned:
            ("all renditions have equal discontinuity sequence numbers at the same media sequence number", "B 6.2.4")
        case .discontinuityMarked: ("a change of the media initialization comes with a discontinuity", "B 4.4.4.3")
        case .segmentsAligned:
            ("segments of one number start within one frame of each other in all renditions", "A 8.22")
        case .renditionsTogether: ("no rendition runs more than one part ahead of another", "B App. B.1")
        case .datePresent: ("every segment has a program date and time", "B 4.4.4.6, H")
        case .datePrecision: ("program dates have milliseconds and a time zone", "A 8.4")
        case .dateMapping:
            (
                "within a continuity program dates follow media time to 1 ms, beside a drift of at most 500 ppm",
                "B 6.2.1"
            )
        case .dateForward: ("program dates never go back", "B 6.2.1")
        case .dateShared: ("the mapping of dates to media time is the same in every rendition", "B 6.2.4")
        case .dateRange: ("date ranges are well formed and stand with program dates", "B 4.4.5.1")
        case .dateRangeConstant: ("a date range keeps its attributes, and its ID is never used again", "B 4.4.5.1")
        case .dateRangeEnd: ("a date range's END-DATE is its START-DATE and its DURATION", "B 4.4.5.1")
        case .dateRangeRemoval: ("a date range stays until it ends before the window begins", "B 6.2.1")
        case .dateRangeSplice:
            ("SCTE35 attributes are 0x and the hexadecimal digits of whole bytes", "B 4.2, 4.4.5.1.1")
        case .dateRangeShared: ("all playlists that carry date ranges carry the same", "B 6.2.4")
        case .serverControlConstant: ("server control never changes", "B 6.2.1")
        case .serverControlShared: ("server control is the same in every media playlist", "B 6.2.4")
        case .blockReloadOffered: ("a playlist with parts offers blocking reload", "B App. B.1")
        case .holdBack: ("HOLD-BACK is at least three target durations", "B 4.4.3.8")
        case .partHoldBack: ("PART-HOLD-BACK is there and at least three part targets", "B 4.4.3.8, A 14.3")
        case .skipBoundary: ("CAN-SKIP-UNTIL is at least six target durations", "B 4.4.3.8")
        case .startOffset: ("EXT-X-START keeps three target durations from the live edge", "B 4.4.2.2")
        case .partTargetConstant: ("the part target never changes", "B 6.2.1")
        case .partMaximum: ("no part is longer than the part target", "B 4.4.4.9")
        case .partMinimum: ("a part has at least 85 % of the part target, but for the listed exceptions", "B 4.4.4.9")
        case .partIndependent:
            ("INDEPENDENT=YES stands exactly on parts whose first sample is a sync sample", "B 4.4.4.9")
        case .partConcatenation: ("a segment is its parts, one after the other", "B 3.2, H")
        case .partListed: ("parts are listed within three target durations of the playlist's end", "B 6.2.2, App. B.1")
        case .partRemoved: ("parts further than three target durations from the end are removed, in order", "B 6.2.2")
        case .partDuration: ("a part's DURATION is that of its media within 1 ms", "B 4.4.4.9")
        case .partLineRate:
            ("a hinted part is sent whole once all of it is there, never as it grows", "B 6.2.6")
        case .hintPresent: ("a live playlist with parts hints its next part", "B App. B.1")
        case .hintUnique: ("there is at most one hint of each type", "B 6.2.6")
        case .hintNext: ("the hinted resource is the next part", "B 4.4.5.3")
        case .hintPublished: ("a hinted part is published", "B 6.2.6")
        case .hintAfterEnd: ("an ended playlist has no hint", "B 4.4.5.3")
        case .hintMap: ("a hinted media initialization is that of the next segment", "B 4.4.5.3, App. B.1")
        case .hintWaits: ("a request for a hinted part waits and is answered with the part", "B 6.2.6")
        case .reportPresent:
            ("a playlist with parts reports on the other media playlists of its presentation", "B App. B.1")
        case .reportComplete: ("a playlist with rendition reports has one for each other rendition", "B App. B.1")
        case .reportFresh: ("a rendition report is as new as the playlist", "B 4.4.5.4, App. B.1")
        case .blockSegment: ("_HLS_msn alone waits for the complete segment", "B 6.2.5.2")
        case .blockPart: ("_HLS_msn with _HLS_part waits for that part", "B 6.2.5.2")
        case .blockAnswered:
            ("a blocking reload is answered with the playlist within three target durations", "B 6.2.5.2")
        case .blockPartAlone: ("_HLS_part without _HLS_msn is answered with 400", "B 6.2.5.2")
        case .blockFar: ("a media sequence number more than two beyond the last is answered with 400", "B 6.2.5.2")
        case .blockAhead:
            ("a media sequence number two beyond the last is waited for", "B 6.2.5.2")
        case .blockOld: ("an old media sequence number is answered at once", "B 6.2.5.2")
        case .blockMalformed: ("a malformed number is answered with 400", "H")
        case .blockUnknownParameter: ("an unknown query parameter is ignored", "B 6.2.5")
        case .unknownResource: ("a resource that neither exists nor is hinted is answered with 404", "B 6.2.6")
        case .deltaUnasked:
            ("a delta update is sent only when it was asked for and offered, by a playlist that goes on", "B 6.2.5.1")
        case .deltaAnswered:
            ("who asks for a delta update gets one when segments lie beyond the Skip Boundary", "B 6.2.5.1")
        case .deltaTags:
            ("EXT-X-SKIP stands once, before the first kept segment, with the version it needs", "B 4.4.5.2, 8")
        case .deltaMergeable: ("every skipped segment is known from the version before", "B 6.2.5.1, 6.3.7")
        case .deltaBoundary:
            ("a delta update skips all segments beyond the Skip Boundary and no other", "B 4.4.3.8, 6.2.5.1")
        case .deltaFull: ("a merged delta update is the full playlist of the same moment", "B 6.2.5.1")
        case .streamAttributes:
            ("a variant has BANDWIDTH, CODECS, and for video RESOLUTION and FRAME-RATE", "B 4.4.6.2, A 9")
        case .streamCodecs: ("CODECS names the codec of every sample entry of the variant", "B 4.4.6.2")
        case .streamCodecsExcess:
            ("CODECS names no codec that none of the variant's renditions has", "B 4.4.6.2")
        case .streamResolution: ("RESOLUTION is that of the video", "B 4.4.6.2")
        case .streamFrameRate:
            ("FRAME-RATE is the highest of the video, at least the average of what is there", "B 4.4.6.2")
        case .streamVideoRange: ("VIDEO-RANGE, or SDR without it, is that of the video", "B 4.4.6.2, A 9.16")
        case .streamBandwidth: ("the measured peak is at most 125 % of BANDWIDTH", "A 1.28, B 4.1")
        case .streamAverage:
            ("AVERAGE-BANDWIDTH is no greater than BANDWIDTH", "B 4.4.6.2")
        case .mediaAttributes: ("EXT-X-MEDIA attributes are consistent", "B 4.4.6.1")
        case .mediaChannels:
            ("CHANNELS is the audio's channel count", "B 4.4.6.1")
        case .mediaGroup: ("a variant's groups exist", "B 4.4.6.2")
        case .stableID:
            (
                "stable IDs are well formed, name one playlist each, and stand on all tags of a kind or none",
                "B 4.4.6.1-3"
            )
        case .score: ("SCORE stands on all variants or none", "B 4.4.6.2")
        case .steering: ("EXT-X-CONTENT-STEERING has a server, and a pathway that some variant is on", "B 4.4.6.6")
        case .iFrameAttributes:
            ("EXT-X-I-FRAME-STREAM-INF has BANDWIDTH, CODECS and RESOLUTION, and nothing of sound", "B 4.4.6.3, A 6")
        case .iFrameOnly: ("an I-frame playlist says EXT-X-I-FRAMES-ONLY and has neither parts nor hints", "B 4.4.3.6")
        case .iFrameRange:
            ("an I-frame is a byte range, and a request for it is answered with just that", "B 4.4.3.6, 4.4.4.2, H")
        case .iFrameMedia:
            (
                "an I-frame's range is a moof and the mdat up to its sync sample's end, as the segment has them",
                "B 3.1.2"
            )
        case .iFrameDuration: ("an I-frame's EXTINF is the time until the next I-frame", "B 4.4.3.6")
        case .contentType: ("an answer's Content-Type is that of its kind", "B 4, A 10.4")
        case .crossOrigin: ("every answer allows cross-origin reading", "B App. B.1, H")
        case .compression: ("playlists are sent compressed to whom accepts that", "B App. B.1, A 10.1")
        case .identityCoding:
            ("nothing is sent compressed to whom does not accept that", "B 6.2.1")
        case .vary: ("compressed answers say Vary: Accept-Encoding", "B 6.2.1")
        case .age: ("the origin sends no Age", "B App. C")
        case .freshness:
            (
                "the Age of what a cache sends is whole seconds, no more than Cache-Control permits",
                "RFC 9111 1.2.2, 4.2, 5.1"
            )
        case .cacheControl:
            (
                "every answer says how long it may be cached, one of a live playlist no more than six target durations",
                "B App. B.1"
            )
        case .errorLifetime:
            (
                "an error is cached for one target duration at most, of a blocking playlist request for four",
                "B App. B.1"
            )
        case .endedLifetime: ("an ended playlist may be cached for six target durations at least", "H")
        case .range:
            ("a request for a range of a segment is answered with just that", "B 4.4.4.9, H")
        case .whole: ("media is sent whole, with a Content-Length that is true", "B 6.2.6")
        case .redirect: ("nothing is redirected", "A 8.18")
        case .served: ("what a live playlist lists is served", "B 6.2.1")
        case .boxStructure: ("boxes have the structure and order of a CMAF header or chunk", "C 7.3")
        case .brands: ("the header's brands include iso6 or a later one", "B 3.1.2")
        case .oneTrack: ("one track a file, one traf a moof, one trun a traf", "C 7.3.1")
        case .emptyTables: ("a header has no samples and no durations of its own", "C 7.5")
        case .editList: ("there is no edit list", "C 9.2.1, H")
        case .defaultBase: ("tfhd says default-base-is-moof and has no base data offset", "C 7.5.16")
        case .decodeTimePresent: ("every traf has a tfdt of version 1", "C 7.3.2.2, H")
        case .continuity:
            (
                "a fragment's decode time is the sum of all durations before it, those of parts that are gaps included",
                "C 7.3.2.2, A 7.3, B 4.4.4.9"
            )
        case .sequenceNumber: ("the sequence numbers of movie fragments increase", "C 7.3.2")
        case .runVersion: ("track runs have version 1", "C 9.2.1, H")
        case .sampleData: ("a chunk's mdat holds exactly its samples", "C 7.3.2.3")
        case .sampleDuration: ("no sample has a duration of zero", "C 7.5.17")
        case .parameterSets: ("an avc1 or hvc1 track has no parameter sets in its samples", "C 9.4, A 1.37")
        case .syncFlags: ("sample flags tell sync samples from others as the bitstream does", "C 7.5")
        case .startsWithSync: ("segments start with a sync sample where that is claimed", "B 4.4.2.1, A 1.14")
        case .earliestPresentation: ("a segment's earliest presentation time is its decode time", "C 9.2.1, H")
        case .segmentMap: ("a segment of fragmented MP4 has an EXT-X-MAP", "B 3.1.2")
        case .segmentDuration:
            (
                "EXTINF is the duration of the segment's media, and of its parts that are gaps, within 1 ms",
                "B 4.4.4.1, 4.4.4.9"
            )
        }
    }
}
