"""The server as its operator meets it: probes, configuration, start-up faults, logs."""

import json
import os
import re
import resource
import socket
import subprocess
import urllib.request

from conftest import BINARY, Server, channel, wait_for


def run(*arguments, **options):
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=60, **options)


def test_probes_and_metrics(serve, publish):
    server = serve([channel("news")])
    assert (server.get("/healthz").status, server.get("/readyz").status) == (200, 200)
    publish(server, "news")
    server.renditions("news")
    url = f"http://127.0.0.1:{server.metrics_port}/metrics"
    with urllib.request.urlopen(url, timeout=60) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = answer.read().decode()
    assert 'headwater_channel_on_air{channel="news"} 1' in text
    assert 'headwater_channel_publish_delay_seconds_count{channel="news"}' in text
    assert server.get("/metrics").status == 404, "metrics stay off the public port"


def test_ipv4_and_ipv6_both_answer(serve):
    server = serve([])
    for host in ["127.0.0.1", "[::1]"]:
        with urllib.request.urlopen(server.url("/healthz", host), timeout=60) as answer:
            assert answer.status == 200


def test_stream_keys_and_addresses_never_reach_the_log(serve, publish):
    server = serve([channel("news")], "--log-level", "debug")
    publish(server, "news")
    server.renditions("news")
    publish(server, "news", path="a-wrong-key-1234", seconds=5).wait()
    wait_for(lambda: server.events("ingest.refused"), what="the refusal")
    text = json.dumps(server.log)
    assert server.keys["news"] not in text and "a-wrong-key" not in text and "127.0.0.1" not in text


def test_all_faults_of_a_configuration_are_told_at_once(tmp_path):
    file = tmp_path / "bad.json5"
    file.write_text(
        "{ http: { prot: 1, port: 70000 }, channels: [{ id: 'x', latency: 'fast' }, { id: 'y', streamKey: 'short' }] }")
    result = run("config", "check", "--config", file)
    assert result.returncode == 2
    for path in ["http.prot", "http.port", "channels[0].latency", "channels[0].streamKey", "channels[1].streamKey"]:
        assert path in result.stderr
    assert run("serve", "--config", file).returncode == 2
    assert run("config", "check", "--http-prot", "1").returncode == 2


def test_what_was_checked_is_named(tmp_path):
    nothing = run("config", "check", cwd=tmp_path)
    assert nothing.returncode == 2 and "headwater.json5: there is no such file" in nothing.stderr
    flags = run("config", "check", "--demo", cwd=tmp_path)
    assert flags.returncode == 0 and flags.stdout.startswith("There is no file;")
    (tmp_path / "headwater.json5").write_text("{}")
    result = run("config", "check", cwd=tmp_path)
    assert result.returncode == 0 and result.stdout == "headwater.json5 is right.\n"


def test_what_cannot_be_encoded_here_is_told_before_the_start(tmp_path):
    file = tmp_path / "headwater.json5"
    renditions = [{"height": 480, "bitrate": "1M", "codec": name} for name in ["h264", "hevc", "av1"]]

    def check(output, command="config check", **variables):
        file.write_text(json.dumps({"channels": [{"id": "a", "streamKey": "12345678", "output": output}]}))
        return run(*command.split(), cwd=tmp_path, env={**os.environ, **variables})

    assert check({"renditions": renditions}).returncode == 0
    (tmp_path / "libavcodec.so.59").write_text("no library")
    for command in ["config check", "serve"]:
        result = check("hd", command, LD_LIBRARY_PATH=str(tmp_path))
        assert result.returncode == 2
        assert re.search(r"headwater.json5:1:\d+: channels\[0\].output: libavcodec59, of FFmpeg 5.1, cannot be loaded",
                         result.stderr), result.stderr
    # It is not even loaded where nothing is to be encoded.
    assert check("passthrough", LD_LIBRARY_PATH=str(tmp_path)).returncode == 0


def test_help_and_version_are_there_for_whoever_asks():
    for words in [["--help"], ["serve", "--help"], ["config", "check", "--help"], ["token", "-h"]]:
        result = run(*words)
        assert result.returncode == 0 and "headwater config check" in result.stdout
    assert run("--version").stdout.startswith("headwater ")


def test_relative_paths_lead_from_the_folder_of_the_start(tmp_path):
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "hls.js").write_text("")
    (folder / "headwater.json5").write_text("{ data: 'state', player: { hls: 'hls.js' } }")
    result = run("serve", "--config", "etc/headwater.json5", cwd=tmp_path)
    assert result.returncode == 1 and "player.hls: hls.js: there is no such file" in result.stderr
    assert (tmp_path / "state").is_dir() and not (folder / "state").exists()


def test_the_printed_configuration_hides_secrets(tmp_path):
    file = tmp_path / "good.json5"
    file.write_text("{ channels: [{ id: 'x', streamKey: 'very-secret-key' }] }")
    result = run("config", "print", "--config", file)
    assert result.returncode == 0
    assert "very-secret-key" not in result.stdout and "***" in result.stdout


def test_a_taken_port_is_one_clear_message(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for flag, other in [("--http-port", "--rtmp-port"), ("--rtmp-port", "--http-port")]:
            result = run(
                "serve", "--data", tmp_path / "data", flag, port, other, 0, "--srt-port", 0, "--metrics-listen", "127.0.0.1:0",
                "--http-address", "127.0.0.1", "--rtmp-address", "127.0.0.1", cwd=tmp_path)
            assert result.returncode == 1
            assert str(port) in result.stderr and "taken" in result.stderr
            assert len(result.stderr.splitlines()) == 1


def test_a_data_folder_has_one_server(serve, tmp_path):
    serve([], name="first")
    result = run(
        "serve", "--data", tmp_path / "first-data", "--http-port", 0, "--rtmp-port", 0, "--srt-port", 0, "--metrics-listen",
        "127.0.0.1:0", cwd=tmp_path)
    assert result.returncode == 1 and "used by another server" in result.stderr


def test_more_connections_are_held_than_a_shell_allows_files(tmp_path):
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    server = Server(tmp_path, [channel("news")], "--http-connections-per-address", "0", limit_files=1024)
    connections = []
    try:
        for _ in range(1500):
            connections.append(socket.create_connection(("127.0.0.1", server.http_port), timeout=60))
        connections[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n")
        assert connections[-1].recv(100).startswith(b"HTTP/1.1 200")
        # Another worker may not have begun all of its own yet.
        wait_for(lambda: "headwater_http_connections 1500\n" in server.metrics(), what="all connections")
    finally:
        for connection in connections:
            connection.close()
        assert server.stop() == 0
