"""What the origin answers: types, ranges, blocking reload, hints, refusals."""

import concurrent.futures
import gzip
import re
import socket

import pytest

from conftest import channel, wait_for

LIMIT = 9007199254740991


@pytest.fixture
def live(serve, publish):
    server = serve([channel("low"), channel("silent")])
    publish(server, "low")
    return server, server.renditions("low")


def edge(text):
    """The number of the segment that is growing, and how many parts it has."""
    first = int(re.search(r"MEDIA-SEQUENCE:(\d+)", text)[1])
    return first + text.count("#EXTINF"), text.rsplit("#EXTINF", 1)[-1].count("#EXT-X-PART:")


def complete_segments(text):
    """Segment URIs with their parts' URIs, for segments whose parts are listed."""
    parts, found = [], {}
    for line in text.splitlines():
        if line.startswith("#EXT-X-PART:"):
            parts.append(re.search(r'URI="([^"]+)"', line)[1])
        elif line and not line.startswith("#"):
            found[line] = parts
            parts = []
    return found


def test_types_and_cors_are_those_of_the_specification(live):
    server, renditions = live
    master = server.get("/live/low/index.m3u8")
    assert master.headers["Content-Type"] == "application/vnd.apple.mpegurl"
    playlist = server.get(renditions["video"] + "/index.m3u8")
    assert playlist.headers["Content-Type"] == "application/vnd.apple.mpegurl"
    part = re.search(r'PART:.*URI="([^"]+)"', playlist.text)[1]
    for rendition, kind in [("video", "video/mp4"), ("audio", "audio/mp4")]:
        assert server.get(renditions[rendition] + "/init1.mp4").headers["Content-Type"] == kind
    answers = [
        master, playlist, server.get(renditions["video"] + "/" + part), server.get("/live/low/nothing"),
        server.get("/live/nosuch/index.m3u8"), server.get("/live/silent/index.m3u8"),
        server.get(renditions["video"] + "/index.m3u8?_HLS_part=1"), server.get("/nothing"),
    ]
    assert [answer.status for answer in answers] == [200, 200, 200, 404, 404, 404, 400, 404]
    for answer in answers:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Date"] and not answer.headers["Age"]
        assert answer.headers["Cache-Control"]


def test_playlists_are_compressed_for_those_who_take_it(live):
    server, renditions = live
    answer = server.get(renditions["video"] + "/index.m3u8", {"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip" and answer.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(answer.body).startswith(b"#EXTM3U")
    assert server.get(renditions["video"] + "/index.m3u8").headers["Content-Encoding"] is None


def test_a_segment_is_its_parts_one_after_the_other(live):
    server, renditions = live
    for folder in renditions.values():
        segments = wait_for(
            lambda: (lambda found: len(found) >= 3 and found)(
                complete_segments(server.get(folder + "/index.m3u8").text)))
        for segment, parts in segments.items():
            joined = b"".join(server.get(f"{folder}/{part}").body for part in parts)
            assert joined == server.get(f"{folder}/{segment}").body and joined


def test_head_and_ranges(live):
    server, renditions = live
    url = renditions["video"] + "/init1.mp4"
    whole = server.get(url).body
    head = server.get(url, method="HEAD")
    assert head.body == b"" and int(head.headers["Content-Length"]) == len(whole)
    for value, expected in [("0-9", whole[:10]), ("10-", whole[10:]), ("-5", whole[-5:]), (f"4-{LIMIT}", whole[4:])]:
        answer = server.get(url, {"Range": f"bytes={value}"})
        assert (answer.status, answer.body) == (206, expected)
    assert server.get(url, {"Range": f"bytes={len(whole)}-"}).status == 416


def test_a_blocking_reload_waits_for_the_part_it_names(live):
    server, renditions = live
    playlist = renditions["video"] + "/index.m3u8"
    for _ in range(6):
        segment, parts = edge(server.get(playlist).text)
        answer = server.get(f"{playlist}?_HLS_msn={segment}&_HLS_part={parts}")
        assert answer.status == 200
        assert edge(answer.text) >= (segment, parts + 1)
    segment, _ = edge(server.get(playlist).text)
    assert edge(server.get(f"{playlist}?_HLS_msn={segment}").text)[0] > segment


def test_a_hinted_part_is_delivered_whole_when_it_is_there(live):
    server, renditions = live
    folder = renditions["video"]
    hint = re.search(r'PRELOAD-HINT:TYPE=PART,URI="([^"]+)"', server.get(folder + "/index.m3u8").text)[1]
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        bodies = set(pool.map(lambda _: server.get(f"{folder}/{hint}").body, range(50)))
    assert len(bodies) == 1
    assert f'URI="{hint}"' in server.get(folder + "/index.m3u8").text
    assert bodies == {server.get(f"{folder}/{hint}").body}


@pytest.mark.parametrize("query", [
    "_HLS_part=0", "_HLS_msn=x", "_HLS_msn=-1", "_HLS_msn=1&_HLS_part=1.5", "_HLS_msn=99999",
    "_HLS_msn=99999999999999999999"])
def test_directives_that_make_no_sense_are_refused(live, query):
    server, renditions = live
    assert server.get(f"{renditions['video']}/index.m3u8?{query}").status == 400


def test_old_directives_and_unknown_parameters_are_answered_at_once(live):
    server, renditions = live
    playlist = renditions["video"] + "/index.m3u8"
    assert server.get(playlist + "?_HLS_msn=0").status == 200
    assert server.get(playlist + "?token=abc&_HLS_msn=0&x").status == 200


@pytest.mark.parametrize("name", ["p99999.m4s", "s99999.m4s", "init9.mp4", "s01.m4s", "s-1.m4s", "../low", "p.m4s"])
def test_what_is_not_there_is_not_found(live, name):
    server, renditions = live
    assert server.get(f"{renditions['video']}/{name}").status == 404


def raw(server, request):
    with socket.create_connection(("127.0.0.1", server.http_port), timeout=60) as connection:
        connection.sendall(request)
        return connection.recv(65536)


def test_three_kibibytes_of_headers_are_taken_and_far_more_are_refused_aloud(live):
    server, _ = live

    def request(size):
        return b"GET /live/low/index.m3u8 HTTP/1.1\r\nHost: x\r\nCookie: " + b"c" * size + b"\r\n\r\n"

    assert raw(server, request(3072)).startswith(b"HTTP/1.1 200")
    assert raw(server, request(16384)).startswith(b"HTTP/1.1 431")
    assert server.get("/healthz").status == 200


def test_a_request_with_a_body_is_refused_before_it_is_sent(live):
    server, _ = live
    head = b"POST /live/low/index.m3u8 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"
    assert raw(server, head).startswith(b"HTTP/1.1 413")


def test_bounds_are_counted_and_logged_once_in_a_while(serve):
    server = serve([channel("low")], "--http-connections-per-address", "2")
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    kept = [socket.create_connection(("127.0.0.1", server.http_port), timeout=60) for _ in range(2)]
    for connection in kept:
        connection.sendall(request)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    for _ in range(3):
        answer = raw(server, request)
        assert answer.startswith(b"HTTP/1.1 503") and b"Retry-After: 1\r\n" in answer
    assert 'headwater_http_refused_total{bound="connectionsPerAddress"} 3\n' in server.metrics()
    events = wait_for(lambda: server.events("http.bound_reached"), what="the warning")
    assert [event["bound"] for event in events] == ["http.connectionsPerAddress"]
    for connection in kept:
        connection.close()
