"""The edge: nginx as `Deploy/nginx` configures it, in front of the server. Players and the prober run through it, and
what many ask for the origin is asked for once."""

import asyncio
import concurrent.futures
import gzip
import http.server
import re
import signal
import socket
import ssl
import statistics
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from browsers import Chromium
from conftest import Server, channel, fetch, in_some_run, wait_for
from edge import Crowd, Edge, Site
from test_life import HOLD_BACK, WATCH
from test_origin import complete_segments, edge as live_edge
from test_page import STATE, TIME
from prober import Prober

CLIENTS = 1000


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("site"))
    yield site
    site.stop()


def test_the_prober_finds_no_rule_broken_through_the_edge(site):
    rules = Prober(site.edge.url("/live/low/index.m3u8"), 20, "--ca", site.edge.certificate).check()
    assert {"block.part", "hint.published"} <= set(rules)


def test_a_browser_plays_over_http_2(site):
    browser = Chromium("--ignore-certificate-errors")
    try:
        browser.open(site.edge.url("/watch/low"))
        browser.wait(f"{STATE} === 'live' && {TIME} > 0")
        browser.evaluate(WATCH)
        for _ in range(12):
            time.sleep(1)
            log = browser.evaluate("window.watched")
        kinds = {"/watch/low", "/player/hls.js", "/live/low/index.m3u8", site.playlist}
        seen = {urllib.parse.urlsplit(url).path: protocol for url, protocol in browser.protocols.items()}
        assert kinds <= set(seen) and set(seen.values()) == {"h2"}, seen
        assert sum("_HLS_msn=" in url for url in browser.protocols) > 10
        assert not [error for _, error in log["errors"] if ", fatal" in error], log["errors"]
        latencies = [latency for _, latency, *_ in log["samples"][2:]]
        assert latencies and statistics.median(latencies) <= HOLD_BACK["low"] + 1.5, latencies
        assert browser.console == []
    finally:
        browser.close()


@pytest.mark.parametrize("what", ["part", "playlist"])
def test_a_thousand_who_ask_for_what_is_coming_cost_the_origin_one_request(site, what):
    async def run():
        crowd = Crowd(site.edge, CLIENTS)
        await crowd.connect()
        before = site.origin_answers()
        # From the beginning of a part there is most time for all to ask before it comes. These two are answered, too.
        text = site.server.get(site.playlist).text
        segment, parts = live_edge(text)
        text = site.server.get(f"{site.playlist}?_HLS_msn={segment}&_HLS_part={parts}").text
        if what == "part":
            path = site.folder + "/" + re.search(r'PRELOAD-HINT:TYPE=PART,URI="([^"]+)"', text)[1]
        else:
            segment, parts = live_edge(text)
            path = f"{site.playlist}?_HLS_msn={segment}&_HLS_part={parts}"
        bodies = {body for body, _ in await crowd.ask(path)}
        crowd.close()
        return path, bodies, site.origin_answers() - before - 2

    path, bodies, requests = asyncio.run(run())
    assert len(bodies) == 1 and requests == 1
    if what == "part":
        assert bodies == {site.server.get(path).body}


def test_those_who_wait_together_are_served_together(site):
    async def run():
        crowd = Crowd(site.edge, 20)
        await crowd.connect()
        segment, parts = live_edge(site.server.get(site.playlist).text)
        late = []
        for _ in range(6):
            # In the middle of a part, so that what comes does so between two looks of somebody who looks every 500 ms.
            await asyncio.sleep(0.3)
            answers = await crowd.ask(f"{site.playlist}?_HLS_msn={segment}&_HLS_part={parts}")
            moments = sorted(moment for _, moment in answers)
            late += [moment - moments[0] for moment in moments[1:]]
            segment, parts = live_edge(answers[0][0].decode())
        crowd.close()
        return late

    # nginx's own lock would let them wait for up to half a second longer.
    assert statistics.median(asyncio.run(run())) < 0.15


def test_each_gets_the_encoding_he_takes_and_both_are_fetched_once(site):
    path = f"{site.playlist}?_HLS_msn=0"
    zipped = ["gzip", "gzip, deflate, br, zstd", "br;q=1, gzip;q=0.5", "GZIP"]
    plain = ["identity", "", "br", "gzip;q=0", "gzip; q=0.000, br", "x-gzipped"]
    answers, requests = site.cost(lambda: [site.get(path, Accept_Encoding=value) for value in zipped + plain])
    assert [answer.headers["Content-Encoding"] for answer in answers] == ["gzip"] * len(zipped) + [None] * len(plain)
    assert {gzip.decompress(answer.body)[:7] for answer in answers[:len(zipped)]} == {b"#EXTM3U"}
    assert {answer.body[:7] for answer in answers[len(zipped):]} == {b"#EXTM3U"}
    assert {answer.headers["Vary"] for answer in answers} == {"Accept-Encoding"}
    assert requests == 2


def test_ranges_and_whatever_else_is_asked_are_served_from_what_is_cached(site):
    path = site.media()
    whole, requests = site.cost(lambda: site.get(path, Range="bytes=2-5"))
    assert (whole.status, len(whole.body), requests) == (206, 4, 1)
    expected = site.server.get(path).body

    def ask():
        assert site.get(path).body == expected
        assert site.get(path + "?CMCD=bl%3D2100%2Csid%3D%22x%22").body == expected
        assert site.get(path + "?session=17&_HLS_msn=3", CMCD_Session="sid=x", Cookie="a=b").body == expected
        for value, body in [("0-9", expected[:10]), ("-5", expected[-5:]), ("7-9007199254740991", expected[7:])]:
            answer = site.get(path, Range=f"bytes={value}")
            assert (answer.status, answer.body) == (206, body)
            assert answer.headers.get_all("Access-Control-Allow-Origin") == ["*"]
        assert site.get(path, Range=f"bytes={len(expected)}-").status == 416
        assert site.edge.get(path, method="HEAD").headers["Content-Length"] == str(len(expected))

    _, requests = site.cost(ask)
    assert requests == 0


def test_a_viewer_s_own_headers_stay_at_the_edge(site):
    # As many bytes as the origin would refuse.
    assert site.get(site.media(), Cookie="c" * 7500, CMCD_Session="s" * 7500).status == 200


def test_connections_to_the_origin_are_kept(site):
    for _ in range(2):
        assert site.get(site.media()).status == 200
    assert re.search(r"^headwater_http_connections [1-9]", site.server.metrics(), re.MULTILINE)


# Over HTTP/2 nginx gives up what the leaver had asked for, and one of those who wait has to ask again.
@pytest.mark.parametrize("version, most", [("--http1.1", 1), ("--http2", 2)])
def test_who_leaves_does_not_take_the_answer_with_him(site, version, most):
    def run():
        before = site.origin_answers()
        segment, _ = live_edge(site.server.get(site.playlist).text)
        path = f"{site.playlist}?_HLS_msn={segment + 1}"
        leaver = subprocess.Popen(
            ["curl", version, "--silent", "--cacert", site.edge.certificate, "--max-time", "1", site.edge.url(path)],
            stdout=subprocess.DEVNULL)
        wait_for(lambda: "headwater_http_parked_requests 1\n" in site.server.metrics() or leaver.poll() is not None,
                 what="the leaver's request")
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: site.get(path), range(20)))
        assert leaver.wait(timeout=60) == 28, "the leaver stayed until the answer came"
        return answers, site.origin_answers() - before - 1

    answers, requests = in_some_run(run)
    assert {answer.status for answer in answers} == {200} and len({answer.body for answer in answers}) == 1
    assert requests <= most


def test_directives_are_told_apart_and_other_parameters_are_not(site):
    def ask():
        queries = ["_HLS_msn=1", "_HLS_msn=1&_HLS_part=0", "_HLS_msn=1&_HLS_part=1", "_HLS_msn=2"]
        for query in [*(f"{query}&_HLS_skip=v2" for query in queries), "_HLS_msn=2&_HLS_skip=YES"]:
            for more in ["", "&x=1", "&CMCD=sid%3D1", "&_hls_part=9"]:
                assert site.get(f"{site.playlist}?{query}{more}").status == 200
            first, *rest = query.split("&")
            assert site.get(f"{site.playlist}?y=2&{'&'.join([*rest, first])}").status == 200

    _, requests = site.cost(ask)
    assert requests == 5


def test_a_token_is_handed_on_without_being_in_the_key(site):
    def ask():
        return [site.get(f"{site.playlist}?_HLS_msn=2{more}").text for more in ["", "&token=", "&token=a", "&token=b"]]

    (bare, empty, one, other), requests = site.cost(ask)
    assert 'EXT-X-DEFINE:QUERYPARAM="token"' in one and one == other
    assert "EXT-X-DEFINE" not in bare and bare == empty
    assert requests == 2
    media = site.media()
    assert site.cost(lambda: [site.get(f"{media}?token={who}").status for who in "abc"]) == ([200] * 3, 1)


def test_a_check_of_tokens_holds_for_what_is_cached_too(site):
    check = "location = /allowed { internal; if ($request_uri ~ token=good) { return 204; } return 403; }\n"
    edge = Edge(site.server.http_port, [
        ("live.conf", "    proxy_cache live;\n", "    proxy_cache live;\n    auth_request /allowed;\n"),
        ("site.conf", "    # The pages", check + "    # The pages")])
    try:
        media = site.media()

        def ask():
            return [edge.get(f"{media}?token={token}") for token in ["bad", "good", "bad", "good"]]

        answers, requests = site.cost(ask)
        assert [answer.status for answer in answers] == [403, 200, 403, 200] and requests == 1
        assert answers[2].headers["Access-Control-Allow-Origin"] == "*"
    finally:
        edge.stop()


def test_every_answer_may_be_read_by_other_sites(site):
    media = site.media()
    paths = {
        "/live/low/index.m3u8": 200, media: 200, site.playlist: 200, f"{site.folder}/p99999.m4s": 404,
        f"{site.playlist}?_HLS_msn=99999": 400, f"{site.playlist}?_HLS_part=1": 400, "/live/nosuch/index.m3u8": 404,
        # This is the edge's own answer.
        "/live/low/not%20a%20name.m4s": 404,
    }
    for path, status in paths.items():
        for _ in range(2):
            answer = site.get(path)
            assert answer.status == status
            assert answer.headers.get_all("Access-Control-Allow-Origin") == ["*"]
            assert "Age" in answer.headers["Access-Control-Expose-Headers"]
            assert len(answer.headers.get_all("Cache-Control")) == 1
    preflight = site.edge.get(media, method="OPTIONS")
    assert preflight.status == 204 and preflight.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"


def test_an_error_is_kept_as_long_as_the_origin_says(site):
    answers, requests = site.cost(lambda: [site.get(f"{site.folder}/init0.mp4") for _ in range(3)])
    assert [answer.status for answer in answers] == [404] * 3 and requests == 1
    # What is yet to come may be there the next time.
    answers, requests = site.cost(lambda: [site.get(f"{site.folder}/p88888.m4s") for _ in range(3)])
    assert [answer.status for answer in answers] == [404] * 3 and requests == 3


def test_a_part_that_was_asked_for_too_early_is_there_when_it_comes(site):
    number = max(int(name[1:-4]) for name in site.parts()) + 12
    path = f"{site.folder}/p{number}.m4s"
    early = site.get(path)
    assert (early.status, early.headers["Cache-Control"]) == (404, "no-store")
    site.server.get(path.replace(f"p{number}", f"p{number - 1}"))
    wait_for(lambda: site.server.get(path).status == 200, what="the part")
    assert site.get(path).status == 200


def test_those_who_ask_too_early_together_are_told_together(site):
    async def run():
        crowd = Crowd(site.edge, 200)
        await crowd.connect()
        return await crowd.ask(f"{site.folder}/p77777.m4s", status=404)

    answers, requests = site.cost(lambda: asyncio.run(run()))
    assert len(answers) == 200 and requests < 100


def test_what_comes_out_of_the_cache_says_how_old_it_is(site):
    path = site.media()
    began = time.monotonic()
    fresh = site.get(path)
    assert fresh.headers["Age"] is None
    old = wait_for(lambda: (lambda answer: answer.headers["Age"] and answer)(site.get(path)), what="an age")
    assert old.headers["Date"] == fresh.headers["Date"]
    assert 1 <= int(old.headers["Age"]) <= time.monotonic() - began + 1


def test_a_path_written_otherwise_is_the_same_path(site):
    media = site.media()
    odd = media.replace("/live/", "/live/./").replace(".m4s", "%2Em4s")
    # The other way round, an answer to the odd path would be kept for all.
    assert site.cost(lambda: [site.get(odd).status, site.get(media).status]) == ([200, 200], 1)


@pytest.mark.parametrize("path", [
    "/live/low/index.m3u8%0A", "/live/low/x%0D%0AX:%201.m4s", "/player/hls.js%0D%0AX:%201"])
def test_a_line_break_does_not_get_into_a_request_to_the_origin(site, path):
    assert site.get(path).status == 404
    assert "headwater_http_rejected_total 0" in site.server.metrics()


def test_pages_move_to_https_and_media_do_not(site):
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    plain = f"http://localhost:{site.edge.http_port}"
    with pytest.raises(urllib.error.HTTPError) as moved:
        urllib.request.build_opener(Stay).open(f"{plain}/watch/low?x=1", timeout=10)
    assert (moved.value.code, moved.value.headers["Location"]) == (308, "https://localhost/watch/low?x=1")
    assert fetch(plain + site.playlist).status == 200
    page = site.edge.get("/", {"Accept-Encoding": "gzip"})
    assert page.status == 200 and page.headers["Content-Encoding"] == "gzip" and page.headers["Content-Security-Policy"]
    assert site.cost(lambda: [site.get("/player/hls.js").status for _ in range(2)]) == ([200, 200], 1)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_is_modern_and_resumed(site, version):
    context = ssl.create_default_context(cafile=str(site.edge.certificate))
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2", "http/1.1"])
    session = None
    for is_reused in [False, True]:
        with socket.create_connection(("127.0.0.1", site.edge.https_port), timeout=60) as connection:
            with context.wrap_socket(connection, server_hostname="localhost", session=session) as secured:
                assert secured.selected_alpn_protocol() == "h2" and secured.session_reused == is_reused
                secured.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
                secured.recv(4096)  # TLS 1.3 hands out its ticket behind the handshake.
                session = secured.session


def test_a_returning_viewer_s_first_request_comes_with_the_handshake(site, tmp_path):
    request = f"GET {site.playlist} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    (tmp_path / "request").write_bytes(request)
    client = ["openssl", "s_client", "-connect", f"127.0.0.1:{site.edge.https_port}", "-tls1_3", "-ign_eof"]
    subprocess.run(
        [*client, "-sess_out", tmp_path / "session"], input=request, check=True, capture_output=True, timeout=60)
    second = subprocess.run(
        [*client, "-sess_in", tmp_path / "session", "-early_data", tmp_path / "request"], stdin=subprocess.DEVNULL,
        capture_output=True, timeout=60)
    assert b"Early data was accepted" in second.stdout and b"HTTP/1.1 200 OK" in second.stdout, second


class Pause(http.server.BaseHTTPRequestHandler):
    """An origin that has nothing, after a while."""

    protocol_version = "HTTP/1.1"
    asked = []

    def do_GET(self):
        self.asked.append(self.path)
        time.sleep(4)
        self.send_response(503)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def test_a_failure_that_may_not_be_kept_is_one_for_all_who_waited():
    origin = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pause)
    threading.Thread(target=origin.serve_forever, daemon=True).start()
    edge = Edge(origin.server_port)
    try:
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: edge.get("/live/low/x/video/p1.m4s"), range(20)))
        assert {answer.status for answer in answers} == {503} and len(Pause.asked) == 1
        # It is not kept for longer.
        wait_for(
            lambda: edge.get("/live/low/x/video/p1.m4s").status == 503 and len(Pause.asked) == 2, what="another try")
    finally:
        edge.stop()
        origin.shutdown()


def test_without_the_origin_segments_come_playlists_fail_at_once_and_all_recovers(tmp_path, publish):
    channels = [channel("low")]
    server = Server(tmp_path, channels)
    edge = Edge(server.http_port, [("nginx.conf", "proxy_read_timeout 20s", "proxy_read_timeout 4s")])
    try:
        publish(server, "low")
        folder = server.renditions("low")["video"]
        playlist = edge.get(f"{folder}/index.m3u8")
        segment = f"{folder}/{wait_for(lambda: list(complete_segments(server.get(f'{folder}/index.m3u8').text)))[0]}"
        media = edge.get(segment).body
        assert playlist.status == 200 and media
        server.process.send_signal(signal.SIGSTOP)
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            hung = list(pool.map(lambda _: edge.get(f"{folder}/index.m3u8?_HLS_msn=2").status, range(20)))
        assert hung == [504] * 20 and edge.errors().count("upstream timed out") == 1
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        for path in [f"{folder}/index.m3u8", f"{folder}/index.m3u8?_HLS_msn=3&_HLS_part=1", "/live/low/index.m3u8"]:
            began = time.monotonic()
            refused = wait_for(lambda: (lambda answer: answer.status != 200 and answer)(edge.get(path)), what="a refusal")
            assert refused.status == 502 and refused.headers["Access-Control-Allow-Origin"] == "*"
            assert refused.headers["Cache-Control"] == "no-store"
            # Neither for a time-out of the edge, which is 4 s, nor for longer than a playlist is kept, which is 2 s.
            assert time.monotonic() - began < 10
        assert edge.get(segment).body == media
        server = Server(tmp_path, channels, http_port=server.http_port, rtmp_port=server.rtmp_port)
        publish(server, "low")
        wait_for(lambda: edge.get("/live/low/index.m3u8").status == 200, what="the channel through the edge")
        folder = server.renditions("low")["video"]
        assert edge.get(f"{folder}/index.m3u8").status == 200
    finally:
        edge.stop()
        assert server.stop() == 0
