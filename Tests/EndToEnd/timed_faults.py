"""Faults that come with time, or that depend on what is asked, each with the rule that must catch it."""

import datetime
import re
import time

from planting import plant


# Playlists

def in_playlists(edit, where=""):
    """Applies `edit` to the text of the media playlists, with the memory, which counts them."""

    def apply(request, forward, memory):
        answer = forward(request)
        if answer.status == 200 and b"#EXT-X-TARGETDURATION" in answer.body and where in request.path:
            memory.answers = getattr(memory, "answers", 0) + 1
            answer.body = edit(answer.body.decode(), memory).encode()
        return answer

    return apply


def plant_playlist(rule, seconds=5, where=""):
    def register(edit):
        plant(rule, seconds, edit.__name__.replace("_", "-"))(in_playlists(edit, where))

    return register


def plant_later(name, rule, pattern, replacement):
    """Plants a replacement that begins with the fifth answer."""

    def edit(text, memory):
        return re.sub(pattern, replacement, text, flags=re.MULTILINE) if memory.answers > 4 else text

    plant(rule, name=name)(in_playlists(edit))


for row in [
    ("target-changes", "target.constant", r"(TARGETDURATION:)\d+", r"\g<1>5"),
    ("part-target-changes", "part.target-constant", r"(PART-TARGET=)[\d.]+", r"\g<1>0.550000"),
    ("server-control-changes", "server-control.constant", r",HOLD-BACK=[\d.]+", ",HOLD-BACK=16.000000"),
    ("segment-renamed", "segment.identity", r"^(s\d+\.m4s)$", r"\1?copy=2"),
    ("segment-duration-corrected", "playlist.edits", r"(#EXTINF:\d\.\d\d)\d*", r"\g<1>1"),
]:
    plant_later(*row)


@plant_playlist("sequence.discontinuity")
def discontinuity_sequence_goes_back(text, memory):
    return re.sub("(DISCONTINUITY-SEQUENCE:)0", r"\g<1>3", text) if memory.answers < 5 else text


@plant_playlist("hint.published")
def hint_with_a_new_token_each_time(text, memory):
    return re.sub(r"(HINT:.*\.m4s)", rf"\1?token={memory.answers}", text)


def split(text):
    """The head of a playlist and its segments; the last one has the parts and the hint of the open segment."""
    return re.split("^(?=#EXT-X-PROGRAM-DATE-TIME)", text, flags=re.MULTILINE)


def first_number(text):
    """The number of the first segment that is listed: a delta update has left out some before it."""
    skipped = re.search(r"SKIPPED-SEGMENTS=(\d+)", text)
    return int(re.search(r"MEDIA-SEQUENCE:(\d+)", text)[1]) + (int(skipped[1]) if skipped else 0)


def next_number(text):
    """The number of the segment in progress."""
    return first_number(text) + text.count("#EXTINF")


def shortened(text, to):
    """The playlist with no more than `to` complete segments."""
    if "#EXT-X-SKIP" in text:
        return text
    head, *segments = split(text)
    removed = max(0, text.count("#EXTINF") - to)
    head = re.sub(r"(#EXT-X-MEDIA-SEQUENCE:)\d+", rf"\g<1>{first_number(text) + removed}", head)
    return head + "".join(segments[removed:])


@plant_playlist("delta.unasked")
def delta_update_for_everyone(text, _):
    head, *segments = split(text)
    head = head.replace("VERSION:6", "VERSION:9") + "#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n"
    return head + "".join(segments[1:])


@plant_playlist("window.minimum")
def window_too_short(text, _):
    return shortened(text, 4)


@plant_playlist("playlist.type")
def event_that_forgets(text, _):
    return shortened(text, 7).replace("#EXT-X-MEDIA-SEQ", "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-MEDIA-SEQ")


@plant_playlist("sequence.media")
def media_sequence_reset(text, memory):
    """A packager that starts anew counts from zero."""
    text = shortened(text, 4)
    if memory.answers < 5:
        return text
    hold_up()
    return re.sub(r"(#EXT-X-MEDIA-SEQUENCE:)\d+", r"\g<1>0", text)


def hold_up():
    """Keeps a client whose blocking reloads no longer block from asking as fast as it can."""
    time.sleep(0.1)


# Segments

def in_new_segments(edit, where=""):
    """Applies `edit` to the text of each segment from the newest of the first playlist on, and its index from there."""

    def edit_text(text, memory):
        head, *segments = split(text)
        first = first_number(text)
        memory.start = getattr(memory, "start", first + len(segments) - 1)
        indices = range(first - memory.start, first - memory.start + len(segments))
        return head + "".join(edit(s, index) if index >= 0 else s for index, s in zip(indices, segments))

    return in_playlists(edit_text, where)


def moved(segment, seconds):
    tag, date, rest = re.match(r"(#EXT-X-PROGRAM-DATE-TIME:)(\S+)Z(.*)", segment, re.DOTALL).groups()
    date = datetime.datetime.fromisoformat(date) + datetime.timedelta(seconds=seconds)
    return f"{tag}{date.isoformat(timespec='milliseconds')}Z{rest}"


def break_continuity(segment, index):
    return "#EXT-X-DISCONTINUITY\n" * (index == 0) + segment


for name, rule, edit, where in [
    ("dates-end", "date.present", lambda segment, _: segment.split("\n", 1)[1], ""),
    ("date-jumps-back", "date.forward", lambda segment, _: moved(segment, -5), ""),
    ("dates-drift", "date.mapping", lambda segment, index: moved(segment, 0.02 * (index + 1)), ""),
    ("dates-differ", "date.shared", lambda segment, _: moved(segment, 0.04), "/audio/"),
    ("discontinuity-of-video-alone", "discontinuity.aligned", break_continuity, "/video/"),
]:
    plant(rule, name=name)(in_new_segments(edit, where))


@plant("discontinuity.marked")
def header_replaced(request, forward, memory):
    """An encoder with new settings gets a header of its own, but no discontinuity."""
    answer = name_another_header(request, forward, memory)
    if request.query == "second":
        answer.body = answer.body.replace(b"cfsd", b"cmf2")
    return answer


name_another_header = in_new_segments(
    lambda segment, index: '#EXT-X-MAP:URI="init1.mp4?second"\n' * (index == 0) + segment)


# What was there before

def plant_removal(name, rule, pattern, edit=lambda text: text):
    """Plants a server that lets go of what it does not list any more."""

    @plant(rule, 18, name)
    def apply(request, forward, memory):
        gone, listed = memory.__dict__.setdefault("gone", set()), memory.__dict__.setdefault("listed", set())
        answer = forward(request)
        if request.name == "index.m3u8" and b"#EXTINF" in answer.body:
            answer.body = edit(answer.body.decode()).encode()
            names = set(re.findall(pattern, answer.body.decode()))
            gone |= listed - names
            gone -= names
            listed.clear()
            listed |= names
        return answer.refuse(404) if request.name in gone else answer


plant_removal("parts-gone-at-once", "part.available", r'EXT-X-PART:.*URI="(p\d+\.m4s)"')
plant_removal("segments-gone-at-once", "segment.available", r"(?m)^(s\d+\.m4s)$", lambda text: shortened(text, 7))


def plant_rewriting(name, pattern, seconds):
    """Plants a packager that writes a file again, with other bytes."""

    @plant("resource.immutable", seconds, name)
    def apply(request, forward, memory):
        answer, seen = forward(request), memory.__dict__.setdefault("seen", set())
        if answer.status == 200 and re.match(pattern, request.name):
            if request.name in seen:
                answer.body = answer.body[:-1] + bytes([answer.body[-1] ^ 1])
            seen.add(request.name)
        return answer


plant_rewriting("header-rewritten", "init", 8)
plant_rewriting("parts-rewritten", "p", 18)


# What is asked

@plant("block.part")
def directives_ignored(request, forward, _):
    if "_HLS_" in request.query:
        hold_up()
    return forward(request.asking(""))


@plant("block.ahead", 18)
def two_ahead_refused(request, forward, _):
    """A server that has waiters for the next segment only."""
    asked = re.fullmatch(r"_HLS_msn=(\d+)", request.query)
    if asked and int(asked[1]) >= next_number(forward(request.asking("")).body.decode()) + 1:
        return forward(request.asking("")).refuse(400)
    return forward(request)


@plant("block.part", 10)
def part_beyond_the_last_not_waited_for(request, forward, _):
    """A server to which a complete segment has every part that anyone may ask for."""
    asked = re.match(r"_HLS_msn=(\d+)&_HLS_part=", request.query)
    answer = forward(request.asking("") if asked else request)
    return forward(request) if asked and int(asked[1]) >= next_number(answer.body.decode()) else answer


@plant("block.part")
def one_answer_for_ten_seconds(request, forward, memory):
    """A cache that leaves the query out of its key."""
    if request.name != "index.m3u8":
        return forward(request)
    if getattr(memory, "until", 0) < time.monotonic():
        memory.until, memory.answer = time.monotonic() + 10, forward(request.asking(""))
    hold_up()
    return memory.answer


@plant("playlist.fresh", 10)
def old_answer_without_directives(request, forward, memory):
    """A cache with the query in its key that keeps a live playlist for long."""
    if request.name != "index.m3u8" or request.query:
        return forward(request)
    memory.answer = getattr(memory, "answer", None) or forward(request)
    return memory.answer


@plant("rendition.together")
def audio_lags(request, forward, memory):
    if not request.path.endswith("/audio/index.m3u8"):
        return forward(request)
    answer, now = forward(request.asking("")), time.monotonic()
    memory.past = [past for past in getattr(memory, "past", []) if past[0] > now - 2] + [(now, answer)]
    hold_up()
    return memory.past[0][1]


@plant("block.old")
def old_number_waits(request, forward, _):
    if re.search(r"^_HLS_msn=\d+$", request.query):
        time.sleep(0.6)
    return forward(request)


@plant("hint.waits")
def hinted_part_not_found(request, forward, memory):
    """An edge that knows no part before it is listed."""
    known = memory.__dict__.setdefault("known", set())
    if re.match(r"p\d+\.m4s$", request.name) and request.name not in known:
        return forward(request.asking("", "no-such.m4s"))
    answer = forward(request)
    if request.name == "index.m3u8":
        known.update(re.findall(r'EXT-X-PART:.*URI="(p\d+\.m4s)"', answer.body.decode()))
    return answer


@plant("cadence.part")
def every_fourth_answer_late(request, forward, memory):
    answer = forward(request)
    if "_HLS_part=" in request.query and "_HLS_msn=" in request.query:
        memory.answers = getattr(memory, "answers", 0) + 1
        time.sleep(1 if memory.answers % 4 == 0 else 0)
    return answer


@plant("cadence.segment", 10)
def silence_of_seven_seconds(request, forward, memory):
    """An origin that stands still and then catches up."""
    memory.begin = getattr(memory, "begin", None) or time.monotonic()
    if request.name.endswith(".m3u8") and time.monotonic() - memory.begin > 2:
        # Who waits for news is the first to get them.
        time.sleep(max(0, memory.begin + (9 if request.query else 9.5) - time.monotonic()))
    return forward(request)
