"""Who may publish: stream keys and tokens, the secrets of which are exchanged; an operator's service that is asked; addresses
that are wrong again and again."""

import contextlib
import datetime
import json
import re
import subprocess
import time

import pytest

from conftest import BINARY, channel, wait_for
from ports import free_port
from srt import SRTSender
from test_srt import clip, plays, running, streaming
from webhook import SECRET, Webhook, answer, endless, slow

TODAY, TOMORROW = "the token secret of today", "the token secret of tomorrow"


def token(server_or_folder, *arguments, channel="news", valid="1h", secret=TODAY):
    """What `headwater token` prints."""
    folder = getattr(server_or_folder, "folder", server_or_folder)
    configuration = folder / "server.json5"
    made = subprocess.run(
        [BINARY, "token", "--channel", channel, "--valid", valid, "--config", configuration, *arguments],
        env={"HEADWATER_PUBLISH_TOKENS_SECRET": secret}, capture_output=True, text=True, timeout=60)
    assert made.returncode == 0 and made.stderr == "", made.stderr
    return made.stdout.strip()


def refusals(server):
    return [(event["protocol"], event["reason"]) for event in server.events("ingest.refused")]


def refused(server, *expected):
    """Those were refused, and nobody else. The log comes a moment after the answer."""
    wait_for(lambda: len(refusals(server)) >= len(expected), what="ingest.refused")
    assert refusals(server) == list(expected)


def says_no_secret(server, *more):
    text = json.dumps(server.log) + "".join(server.said)
    keys = [one for one in server.keys.values() if one]
    assert not [word for word in [*keys, TODAY, TOMORROW, SECRET, "hw1.", "127.0.0.1", *more] if word in text]


def accepted(server, count=1):
    wait_for(lambda: len(server.events("ingest.accepted")) >= count, what="ingest.accepted")


def tells(server, reason, count=1):
    assert f'headwater_ingest_refused_total{{reason="{reason}"}} {count}\n' in server.metrics()


# Keys and tokens


def test_the_old_key_and_the_new_one_are_right_while_they_are_exchanged(serve, publish):
    news = channel("news", secondStreamKey="the-next-key-of-news")
    server = serve([news, channel("sport", streamKey=None, secondStreamKey="the-only-key-of-sport")])
    first = publish(server, "news")
    accepted(server)
    first.stop()
    wait_for(lambda: server.events("ingest.closed"), what="ingest.closed")
    second = publish(server, "news", path="news?key=the-next-key-of-news")
    publish(server, "sport", path="the-only-key-of-sport")
    accepted(server, 3)
    assert second.process.poll() is None and refusals(server) == []
    says_no_secret(server, "the-next-key-of-news", "the-only-key-of-sport")


def test_tokens_publish_over_both_protocols_in_every_form(serve, publish, tmp_path):
    channels = [channel(name) for name in ["news", "sport", "films", "music", "talk"]]
    server = serve(channels, settings={"publishTokens": {"secret": TODAY}})
    here = ["--from", "127.0.0.0/8"]
    publish(server, "news", path=f"news?token={token(server, *here)}")
    publish(server, "sport", path=token(server, channel="sport"))
    path = clip(tmp_path)
    begun = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    port = free_port()
    films = f"#!::r=films,m=publish,token={token(server, channel='films')}"
    music = f"publish:music:{token(server, '--not-before', begun, *here, channel='music')}"
    talk = token(server, channel="talk")
    base = f"srt://127.0.0.1:{server.srt_port}?mode=caller&streamid="
    with running(["srt-live-transmit", "-q", f"udp://127.0.0.1:{port}", base + films]), \
            streaming(path, f"udp://127.0.0.1:{port}?pkt_size=1316"), streaming(path, base + music), \
            streaming(path, base + talk):
        for name in ["news", "sport", "films", "music", "talk"]:
            plays(server, name, ["h264", "aac"])
    assert refusals(server) == []
    says_no_secret(server)


def test_a_token_that_is_over_ends_no_publication(serve, publish):
    server = serve([channel("news")], settings={"publishTokens": {"secret": TODAY}})
    short = token(server, valid="4s")
    publisher = publish(server, "news", path=f"news?token={short}")
    accepted(server)
    playlist = server.renditions("news")["video"] + "/index.m3u8"
    time.sleep(5)  # the token's own time
    before = server.get(playlist).text
    wait_for(lambda: server.get(playlist).text != before, what="the stream going on")
    assert publisher.process.poll() is None
    second = publish(server, "news", path=f"news?token={short}")
    assert "has expired" in second.wait()
    refused(server, ("rtmp", "token_expired"))


def test_tokens_that_are_not_good_are_refused_by_name(serve, publish, tmp_path):
    server = serve([channel("news"), channel("sport")], settings={"publishTokens": {"secret": TODAY}})
    good = token(server)
    expired = token(server, "--not-before", "2026-01-01T00:00:00Z")
    early = token(server, "--not-before", "2099-01-01T00:00:00+01:00")
    elsewhere = token(server, "--from", "2001:db8::/32")
    forged = token(server, secret="somebody else's secret")
    cases = [
        ("token_expired", "has expired", expired), ("token_not_yet_valid", "is not valid yet", early),
        ("token_wrong_address", "must not be used from your address", elsewhere),
        ("token_bad_signature", "was not signed for this server", forged),
        ("token_bad_signature", "was not signed for this server", good[:-1]),
        ("token_other_channel", "is for another channel", token(server, channel="sport")),
    ]
    for reason, said, text in cases:
        before = len(refusals(server))
        assert said in publish(server, "news", path=f"news?token={text}", seconds=5).wait()
        wait_for(lambda: len(refusals(server)) == before + 1, what="the event")
        assert refusals(server)[-1] == ("rtmp", reason)
    tells(server, "token_bad_signature", 2)
    for reason, _, text in cases[:4]:
        # libsrt calls again where an answer is lost: so there may be more than one event.
        with pytest.raises(OSError):
            SRTSender(server.srt_port, f"#!::r=news,m=publish,token={text}")
        wait_for(lambda: ("srt", reason) in refusals(server), what=reason)
    assert server.events("ingest.accepted") == []
    says_no_secret(server)


def test_a_token_outlives_one_change_of_the_secret_and_not_two(serve, publish):
    made = []
    for number, (secrets, is_good) in enumerate([
            ({"secret": TODAY}, True), ({"secret": TOMORROW, "secondSecret": TODAY}, True),
            ({"secret": TOMORROW}, False)]):
        server = serve([channel("news")], name=f"server{number}", settings={"publishTokens": secrets})
        if not made:
            (server.folder / "server.json5").write_bytes((server.folder / "server0.json5").read_bytes())
            made.append(token(server))
        publisher = publish(server, "news", path=f"news?token={made[0]}", seconds=20)
        if is_good:
            accepted(server)
            publisher.stop()
        else:
            assert "was not signed for this server" in publisher.wait()
            refused(server, ("rtmp", "token_bad_signature"))


def test_the_command_says_all_that_is_wrong(tmp_path):
    (tmp_path / "server.json5").write_text(json.dumps({"channels": [channel("news")]}))

    def complaint(*arguments):
        made = subprocess.run([BINARY, "token", "--config", tmp_path / "server.json5", *arguments], capture_output=True,
                              text=True, timeout=60)
        assert made.returncode == 2 and made.stdout == ""
        return made.stderr

    text = complaint("--valid", "soon", "--not-before", "noon", "--from", "everywhere")
    assert all(f"--{name}:" in text for name in ["channel", "valid", "not-before", "from"])
    text = complaint("--channel", "films", "--valid", "1h")
    assert "no channel of that id" in text and "publishTokens.secret" in text


def test_the_configuration_is_printed_without_secrets(tmp_path):
    path = tmp_path / "server.json5"
    path.write_text(json.dumps({
        "channels": [channel("news", secondStreamKey="the-next-key-of-news")],
        "publishTokens": {"secret": TODAY, "secondSecret": TOMORROW},
        "publishWebhook": {"url": "http://user:word@127.0.0.1/hook", "secret": SECRET}}))
    shown = subprocess.run([BINARY, "config", "print", "--config", path], capture_output=True, text=True, timeout=60)
    assert shown.returncode == 0 and shown.stdout.count('"***"') == 6
    for secret in ["key-of-news", TODAY, TOMORROW, SECRET, "word"]:
        assert secret not in shown.stdout


# The operator's service


@contextlib.contextmanager
def asked(serve, behaviours, *channels, **settings):
    webhook = Webhook(behaviours)
    try:
        yield webhook, serve(
            [channel(name) for name in channels], settings={"publishWebhook": {**webhook.settings, **settings}})
    finally:
        webhook.close()


def test_the_service_is_asked_about_each_publisher_and_told_no_key(serve, publish, tmp_path):
    with asked(serve, {}, "news", "sport") as (webhook, server):
        publish(server, "news")
        with streaming(clip(tmp_path, 20), server.srt_url("sport")):
            accepted(server, 2)
        bodies = sorted((request["body"] for request in webhook.requests), key=lambda body: body["channel"])
        assert [(body["channel"], body["protocol"], body["address"]) for body in bodies] == [
            ("news", "rtmp", "127.0.0.1"), ("sport", "srt", "127.0.0.1")]
        assert all(request["is_signed"] and request["is_new"] for request in webhook.requests)
        assert not any(key.encode() in request["raw"] for key in server.keys.values() for request in webhook.requests)
        # The log calls the connection by the same name.
        names = {event["connection.id"] for event in server.events("ingest.accepted")}
        assert names == {body["connection"] for body in bodies}
        assert 'headwater_ingest_webhook_total{outcome="admitted"} 2\n' in server.metrics()
        says_no_secret(server)


def first_part(server, name):
    """When the first part of a channel is there."""
    pattern = re.compile(r'#EXT-X-PART:.*URI="')

    def has_part():
        answer = server.get(f"/live/{name}/index.m3u8")
        if answer.status != 200:
            return False
        folder = next(line for line in answer.text.splitlines() if line and not line.startswith("#")).rsplit("/", 1)[0]
        return pattern.search(server.get(f"/live/{name}/{folder}/index.m3u8").text)

    wait_for(has_part, what=f"a part of {name}")
    return time.monotonic()


FAULTS = {
    "slow": (slow(20), "webhook_timeout"),
    "silent": (lambda connection: connection.recv(1), "webhook_timeout"),
    "trickle": (lambda connection: [(connection.sendall(b"HTTP/1.1 200 OK\r\n"[place:place + 1]), time.sleep(0.5))
                                    for place in range(17)], "webhook_timeout"),
    "lying": (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok", "webhook_bad_answer"),
    "endless-head": (endless(b"HTTP/1.1 200 OK\r\n", b"X-Filler: " + b"x" * 1000 + b"\r\n"), "webhook_bad_answer"),
    "endless-body": (endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1000), "webhook_bad_answer"),
    "babble": (b"220 mail.example ESMTP\r\n", "webhook_bad_answer"),
    "failing": (answer("500 Oh"), "webhook_error"),
    "refusing": (answer("403 No", b"unpaid\nbill"), "webhook_refused"),
    "hanging-up": (b"", "webhook_unreachable"),
}


@pytest.mark.parametrize("scheme", ["rtmp", "srt"])
def test_a_service_at_fault_is_a_named_refusal_and_holds_up_nobody_else(serve, tmp_path, scheme):
    """All of them at once; and while they wait, the next one is on the air as soon as any other."""
    elsewhere = Webhook()
    redirect = answer("307 There", b"", f"Location: http://127.0.0.1:{elsewhere.port}/")
    faults = {**FAULTS, "redirecting": (redirect, "webhook_redirect")}
    behaviours = {name: behaviour for name, (behaviour, _) in faults.items()}
    with asked(serve, behaviours, "before", "during", *faults, timeout="6s") as (webhook, server):
        address = server.rtmp_url if scheme == "rtmp" else server.srt_url
        path = clip(tmp_path, 120)
        with contextlib.ExitStack() as publishers:
            def started(name):
                publishers.enter_context(streaming(path, address(name), "flv" if scheme == "rtmp" else "mpegts"))
                return time.monotonic()

            begun = started("before")
            usual = first_part(server, "before") - begun
            for name in faults:
                started(name)
            # Three of them are being asked about for six seconds.
            wait_for(lambda: len(webhook.requests) == 1 + len(faults), what="the questions")
            begun = started("during")
            held_up = first_part(server, "during") - begun
            waiting = {name for name, (_, reason) in faults.items() if reason == "webhook_timeout"}
            timeouts = [event for event in server.events("ingest.refused") if event["reason"] == "webhook_timeout"]
            print(f"first part after {usual:.2f} s alone, after {held_up:.2f} s while {len(waiting)} wait")
            assert len(timeouts) < len(waiting) and held_up < usual + 2
            wait_for(lambda: len(refusals(server)) >= len(faults), what="the refusals")
            assert sorted(refusals(server)) == sorted((scheme, reason) for _, reason in faults.values())
            refused = next(e for e in server.events("ingest.refused") if e["reason"] == "webhook_refused")
            assert refused["detail"] == "unpaid bill"
            assert elsewhere.requests == [] and len(server.events("ingest.accepted")) == 2
        elsewhere.close()
        says_no_secret(server, "may-publish")


def test_what_srt_sends_while_the_service_is_asked_is_kept(serve, tmp_path):
    with asked(serve, {"news": slow(2.5)}, "news", timeout="10s") as (webhook, server):
        begun = time.monotonic()
        with streaming(clip(tmp_path, 20), server.srt_url("news")):
            accepted(server)
            assert time.monotonic() - begun > 2.5
            plays(server, "news", ["h264", "aac"])
            text = server.get(server.renditions("news")["video"] + "/index.m3u8").text
            # The dates are those of its coming, not of the answer.
            stamp, rest = re.search(r"PROGRAM-DATE-TIME:(\S+)\n(.*)", text, re.DOTALL).groups()
            lengths = re.findall(r"#EXTINF:([\d.]+)", rest)
            tail = re.findall(r"#EXT-X-PART:DURATION=([\d.]+)", rest.rsplit("#EXTINF", 1)[-1])
            end = datetime.datetime.fromisoformat(stamp).timestamp() + sum(map(float, lengths + tail))
            assert -0.5 < time.time() - end < 3
            assert "#EXT-X-DISCONTINUITY\n" not in text and "#EXT-X-GAP" not in text
        metrics = server.metrics()
        assert 'headwater_srt_packets_total{channel="news",kind="dropped"} 0\n' in metrics
        assert re.search(r'headwater_ts_errors_total{channel="news",error="Continuity_count_error"[^}]*} 0\n', metrics)


def test_a_publisher_that_leaves_and_a_server_that_stops_wait_for_nobody(serve, publish):
    with asked(serve, {"news": slow(60), "sport": slow(60)}, "news", "sport", timeout="30s") as (webhook, server):
        first = publish(server, "news")
        wait_for(lambda: len(webhook.requests) == 1, what="the question")
        first.process.kill()
        begun = time.monotonic()
        wait_for(lambda: server.events("ingest.closed"), what="ingest.closed")
        assert time.monotonic() - begun < 5
        publish(server, "sport")
        wait_for(lambda: len(webhook.requests) == 2, what="the question")
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 15
        assert refusals(server) == [] and server.events("server.stopped")


def test_a_service_that_is_gone_refuses_or_admits_as_the_operator_says(serve, publish):
    webhook = Webhook()
    webhook.close()
    for when_down in ["refuse", "admit"]:
        server = serve([channel("news")], name=f"server-{when_down}",
                       settings={"publishWebhook": {**webhook.settings, "whenDown": when_down}})
        publisher = publish(server, "news", seconds=20)
        if when_down == "refuse":
            assert "could not be found out" in publisher.wait()
            refused(server, ("rtmp", "webhook_unreachable"))
            tells(server, "webhook_unreachable")
        else:
            accepted(server)
            assert len(server.events("ingest.webhook_down")) == 1
            publisher.stop()
        says_no_secret(server, "may-publish")


def test_proxies_of_the_environment_are_not_used(serve, publish, monkeypatch):
    proxy = Webhook()
    for name in ["http_proxy", "ALL_PROXY"]:
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    with asked(serve, {}, "news") as (webhook, server):
        publish(server, "news")
        accepted(server)
        assert len(webhook.requests) == 1 and proxy.requests == []
    proxy.close()


# Addresses that are wrong again and again


def test_wrong_keys_hold_an_address_off_for_a_while(serve, publish):
    server = serve([channel("news")])

    def call(key):
        try:
            SRTSender(server.srt_port, key).close()
            return True
        except OSError:
            return False

    # One wrong key is one guess, however often it comes.
    assert not any(call("nonsense") for _ in range(20))
    assert not any(call(f"nonsense{guess}") for guess in range(40))
    held = wait_for(lambda: server.events("ingest.backoff"), what="ingest.backoff")
    assert len(held) == 1 and held[0]["seconds"] == 10
    # Each try that was looked at has its event; those that were not are counted.
    refused(server, *[("srt", "wrong_key")] * 29)
    assert int(re.search(r'refused_total{reason="too_many_failures"} (\d+)', server.metrics())[1]) >= 30
    # Over the other protocol too, and with the right key.
    assert "Too many wrong keys came from your address" in publish(server, "news", seconds=5).wait()
    wait_for(lambda: call(server.keys["news"]), 30, what="the end of it")
    wait_for(lambda: server.events("ingest.closed"), what="the end of the call")
    # That has cleared nothing.
    assert not call("nonsense")
    assert not server.events("ingest.backoff")[1:]
    assert not call("another") and not call(server.keys["news"])
    refused(server, *[("srt", "wrong_key")] * 31)
    assert [hold["seconds"] for hold in server.events("ingest.backoff")] == [10, 20]
    says_no_secret(server, "nonsense")
