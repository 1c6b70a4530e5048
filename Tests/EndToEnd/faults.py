"""Faults of a packager and of a CDN that show in every answer of a kind, each with the rule that must catch it."""

import dataclasses
import re
import struct

from planting import plant


def plant_edit(name, rule, where, edit):
    """Plants an edit of all successful answers to paths that match `where`."""

    @plant(rule, name=name)
    def apply(request, forward, _):
        answer = forward(request)
        if answer.status == 200 and re.search(where, request.path):
            edit(answer)
        return answer


def plant_text(name, rule, pattern, replacement, where=r"\.m3u8$"):
    def edit(answer):
        answer.body = re.sub(pattern, replacement, answer.body.decode(), flags=re.MULTILINE).encode()

    plant_edit(name, rule, where, edit)


DURATION = r"(#EXT-X-PART:DURATION=)[\d.]+"
HINT = r"(#EXT-X-PRELOAD-HINT:TYPE=PART,.*\n)"
for row in [
    ("byte-order-mark", "playlist.encoding", r"\A", "\ufeff"),
    ("space-at-a-line-end", "playlist.whitespace", r"^(#EXTINF.*)", r"\1 "),
    ("duration-with-exponent", "playlist.decimal", r"#EXTINF:[\d.]+", "#EXTINF:2e0"),
    ("tag-twice", "playlist.tag-unique", r"(#EXT-X-TARGETDURATION.*\n)", r"\1\1"),
    ("attribute-twice", "playlist.attribute-unique", "(CAN-BLOCK-RELOAD=YES,)", r"\1\1"),
    ("version-too-low", "playlist.version", "(#EXT-X-VERSION:)6", r"\g<1>5"),
    ("version-too-high", "playlist.version-excess", "(#EXT-X-VERSION:)6", r"\g<1>9"),
    ("target-too-small", "target.respected", r"(TARGETDURATION:)\d+", r"\g<1>1"),
    ("target-differs", "target.shared", r"(TARGETDURATION:)\d+", r"\g<1>7", "/audio/index"),
    ("map-missing", "segment.map", "^#EXT-X-MAP:.*\n", ""),
    ("discontinuity-sequence-missing", "sequence.discontinuity-present", "^#EXT-X-DISCONTINUITY-SEQUENCE:.*\n", ""),
    ("part-too-long", "part.maximum", DURATION, r"\g<1>0.600000"),
    ("part-too-short", "part.minimum", DURATION, r"\g<1>0.300000"),
    ("part-dropped", "media.continuity", r'#EXT-X-PART:.*URI="p\d*[36]\.m4s".*\n', ""),
    ("part-names-wrap-around", "segment.identity", r'URI="p\d*(\d\.m4s")', r'URI="p\1'),
    ("parts-gone-from-the-edge", "part.removed", r"(#EXT-X-PART:.*\n)+(?=#EXTINF.*\n.*\n((?!#EXTINF).*\n)*\Z)", ""),
    ("parts-gone-too-early", "part.listed", r"(#EXT-X-PART:.*\n)+(?=#EXTINF)", ""),
    ("independent-missing", "part.independent", ",INDEPENDENT=YES", ""),
    ("independent-everywhere", "part.independent", r'^(#EXT-X-PART:.*")$', r"\1,INDEPENDENT=YES"),
    ("hold-back-too-small", "server-control.hold-back", r",HOLD-BACK=[\d.]+", ",HOLD-BACK=4.0"),
    ("hold-back-differs", "server-control.shared", r",HOLD-BACK=[\d.]+", ",HOLD-BACK=16.0", "/audio/index"),
    ("part-hold-back-too-small", "server-control.part-hold-back", r"PART-HOLD-BACK=[\d.]+", "PART-HOLD-BACK=1.0"),
    ("skip-boundary-too-near", "server-control.skip-until", r"CAN-SKIP-UNTIL=[\d.]+", "CAN-SKIP-UNTIL=6.0"),
    ("blocking-not-offered", "server-control.block-reload", "CAN-BLOCK-RELOAD=YES,", ""),
    ("start-at-the-edge", "start.offset", "^(#EXT-X-MEDIA-SEQ)", "#EXT-X-START:TIME-OFFSET=-2.0\n\\1"),
    ("date-in-whole-seconds", "date.precision", r"(DATE-TIME:.*)\.\d+Z", r"\1Z"),
    ("duration-rounded", "segment.duration", r"#EXTINF:[\d.]+", "#EXTINF:1.9"),
    ("hint-missing", "hint.present", HINT, ""),
    ("hint-twice", "hint.unique", HINT, r"\1\1"),
    ("hint-of-another-part", "hint.next", '(HINT:TYPE=PART,URI=")', r"\1next-"),
    ("codecs-wrong", "multivariant.codecs", r"avc1\.\w+", "avc1.640028"),
    ("resolution-wrong", "multivariant.resolution", r"RESOLUTION=\d+x\d+", "RESOLUTION=640x360"),
    ("resolution-missing", "multivariant.stream", r"RESOLUTION=\d+x\d+,", ""),
    ("frame-rate-wrong", "multivariant.frame-rate", r"FRAME-RATE=[\d.]+", "FRAME-RATE=25.000"),
    ("bandwidth-too-low", "multivariant.bandwidth", r":BANDWIDTH=\d+", ":BANDWIDTH=100000"),
    ("average-above-the-peak", "multivariant.average-bandwidth", r"(AVERAGE-BANDWIDTH=)\d+", r"\g<1>99999999"),
    ("codec-too-many", "multivariant.codecs-excess", '(CODECS="[^"]+)', r"\1,ac-3"),
    ("channels-wrong", "multivariant.channels", r'CHANNELS="\d+"', 'CHANNELS="6"'),
    ("audio-group-missing", "multivariant.group", ',AUDIO="audio"', ',AUDIO="sound"'),
    ("language-missing", "multivariant.media", r'LANGUAGE="\w+",', ""),
]:
    plant_text(*row)


def without(header):
    return lambda answer: answer.headers.__delitem__(header)


def redirect(answer):
    answer.set("Location", "elsewhere.m4s")
    answer.refuse(302)


def stale(answer):
    answer.set("Via", "1.1 cache")
    answer.set("Age", "100")


def keep_for(time):
    return lambda answer: answer.set("Cache-Control", time)


MEDIA, PART, SEGMENT, HEADER = r"/[ps]\d+\.m4s$", r"/p\d+\.m4s$", r"/s\d+\.m4s$", r"/init\d+\.mp4$"
for row in [
    ("not-compressed", "http.gzip", "", without("Content-Encoding")),
    ("vary-missing", "http.vary", "", without("Vary")),
    ("other-origins-shut-out", "http.cors", "", without("Access-Control-Allow-Origin")),
    ("lifetime-missing", "http.cache-control", "", without("Cache-Control")),
    ("age-of-a-cache", "http.age", "", lambda answer: answer.set("Age", "3")),
    ("stale-out-of-a-cache", "http.fresh", r"\.m3u8$", stale),
    ("plain-text", "http.content-type", r"\.m3u8$", lambda answer: answer.set("Content-Type", "text/plain")),
    ("playlist-kept-for-a-day", "http.cache-control", r"\.m3u8$", keep_for("max-age=86400")),
    ("playlist-kept-for-ever", "http.cache-control", r"\.m3u8$", keep_for("max-age=2, immutable")),
    ("sound-as-video", "http.content-type", "/audio/init", lambda answer: answer.set("Content-Type", "video/mp4")),
    ("compressed-unasked", "http.identity", r"\.m3u8$", lambda answer: answer.set("Content-Encoding", "gzip")),
    ("part-sent-as-it-grows", "part.line-rate", PART, lambda answer: setattr(answer, "pause", 0.4)),
    ("part-in-chunks", "http.whole", PART, lambda answer: setattr(answer, "is_chunked", True)),
    ("segment-elsewhere", "http.redirect", SEGMENT, redirect),
    ("segment-lost", "http.served", SEGMENT, lambda answer: answer.refuse(404)),
]:
    plant_edit(*row)


# Faults of the media

def plant_box(name, rule, where, box, edit):
    """Plants an edit of each box of a type. `edit` gets the body and where the box's version is."""

    def edit_all(answer):
        body = bytearray(answer.body)
        for found in re.finditer(re.escape(box), answer.body):
            edit(body, found.end())
        answer.body = bytes(body)

    plant_edit(name, rule, where, edit_all)


def put(offset, format, change):
    """An edit that replaces the number `offset` bytes behind a box's version by what `change` makes of it."""

    def edit(body, place):
        struct.pack_into(format, body, place + offset, change(struct.unpack_from(format, body, place + offset)[0]))

    return edit


def hide_first_sync(body, place):
    if body[place + 3] & 4:
        body[place + 12:place + 16] = b"\x01\x01\0\0"


def age_brands(body, place):
    body[8:place] = b"iso5\0\0\0\0iso5avc1"


def rename(body, place):
    body[place - 4:place] = b"free"


for row in [
    ("decode-time-jumps", "media.continuity", r"/p\d*[36]\.m4s$", b"tfdt", put(4, ">Q", lambda time: time + 900)),
    ("audio-late", "segment.aligned", "/audio/[ps]", b"tfdt", put(4, ">Q", lambda time: time + 24000)),
    ("decode-time-missing", "media.decode-time", MEDIA, b"tfdt", rename),
    ("sequence-number-repeated", "media.sequence-number", MEDIA, b"mfhd", put(4, ">I", lambda _: 1)),
    ("base-not-the-moof", "media.default-base", MEDIA, b"tfhd", put(1, ">B", lambda _: 0)),
    ("run-of-version-0", "media.run-version", MEDIA, b"trun", put(0, ">B", lambda _: 0)),
    ("key-frame-not-marked", "media.sync-flags", "/video/[ps]", b"trun", hide_first_sync),
    ("header-without-mvex", "media.boxes", HEADER, b"mvex", rename),
    ("header-with-duration", "media.empty-tables", HEADER, b"mvhd", put(16, ">I", lambda _: 90000)),
    ("header-of-old-brands", "media.brands", HEADER, b"iso6cmfc", age_brands),
]:
    plant_box(*row)


def cut(answer):
    answer.body = answer.body[:-100]


def flip(answer):
    answer.body = answer.body[:-1] + bytes([answer.body[-1] ^ 1])


plant_edit("part-truncated", "media.boxes", PART, cut)
plant_edit("segment-not-its-parts", "part.concatenation", SEGMENT, flip)


# What is asked

@plant("http.range")
def range_ignored(request, forward, _):
    headers = {name: value for name, value in request.headers.items() if name.lower() != "range"}
    return forward(dataclasses.replace(request, headers=headers))


def plant_indulgence(name, rule, pattern):
    """Plants a server that does not see directives that match `pattern`."""

    @plant(rule, name=name)
    def apply(request, forward, _):
        return forward(request.asking("") if re.search(pattern, request.query) else request)


for row in [
    ("part-alone-accepted", "block.part-alone", "^_HLS_part="),
    ("far-number-accepted", "block.far", r"^_HLS_msn=\d+$"),
    ("malformed-number-accepted", "block.malformed", "^_HLS_msn=x"),
]:
    plant_indulgence(*row)


@plant("block.answered")
def blocking_refused(request, forward, _):
    answer = forward(request.asking(""))
    return answer.refuse(503) if "_HLS_part" in request.query else answer


@plant("block.unknown-parameter")
def unknown_parameter_refused(request, forward, _):
    answer = forward(request)
    return answer.refuse(400) if request.query.startswith("unknown=") else answer


@plant("http.unknown-resource")
def page_in_place_of_404(request, forward, _):
    answer = forward(request)
    if answer.status == 404:
        answer.status, answer.body = 200, b"<!DOCTYPE html><title>Welcome</title>"
    return answer
