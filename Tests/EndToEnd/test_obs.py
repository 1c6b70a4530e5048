"""OBS Studio publishes over SRT and RTMP, where it is installed: Debian's obs-studio takes more room than all else that the
tests need, so that Tools/setup leaves it out."""

import contextlib
import json
import os
import shutil
import signal
import subprocess

import pytest

from conftest import channel, wait_for
from test_srt import PASSPHRASE, accepted, plays, says_no_secret

pytestmark = pytest.mark.skipif(
    not shutil.which("obs") or not shutil.which("Xvfb"), reason="obs-studio or xvfb is not installed")

GLOBAL = """[General]
FirstRun=true
EnableAutoUpdates=false
[Basic]
Profile=Test
ProfileDir=Test
SceneCollection=Test
SceneCollectionFile=Test
"""

PROFILE = """[General]
Name=Test
[Output]
Mode=Simple
Reconnect=false
[SimpleOutput]
StreamEncoder=x264
VBitrate=400
ABitrate=96
UseAdvanced=true
Preset=ultrafast
x264Settings=keyint=30 bframes=0
[Video]
BaseCX=320
BaseCY=180
OutputCX=320
OutputCY=180
FPSType=0
FPSCommon=30
[Audio]
SampleRate=48000
ChannelSetup=Stereo
"""

SCENES = {
    "name": "Test", "current_scene": "Scene", "current_program_scene": "Scene", "scene_order": [{"name": "Scene"}],
    "sources": [
        {"id": "color_source_v3", "versioned_id": "color_source_v3", "name": "Colour", "enabled": True,
         "settings": {"color": 0xFF2060C0, "width": 320, "height": 180}},
        {"id": "scene", "versioned_id": "scene", "name": "Scene",
         "settings": {"items": [{"name": "Colour", "visible": True, "id": 1}], "id_counter": 1}}]}


def settle(home, server, key):
    """The settings of a custom service, and of a scene of one colour without sound."""
    files = {
        "global.ini": GLOBAL, "basic/profiles/Test/basic.ini": PROFILE, "basic/scenes/Test.json": json.dumps(SCENES),
        "basic/profiles/Test/service.json": json.dumps(
            {"type": "rtmp_custom", "settings": {"server": server, "key": key, "use_auth": False}})}
    for name, text in files.items():
        path = home / ".config/obs-studio" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@contextlib.contextmanager
def display(folder):
    """An X server in memory, by the name of its display."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "640x480x24", "-nolisten", "tcp"], pass_fds=[write],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=(folder / "xvfb.log").open("w"))
    os.close(write)
    try:
        with os.fdopen(read) as number:
            yield f":{number.readline().strip()}"
    finally:
        server.terminate()
        server.wait(timeout=60)


@contextlib.contextmanager
def streaming(home, server, key=""):
    """OBS that streams until the end; where it says nothing of use, its log is in `home`."""
    settle(home, server, key)
    with display(home) as name, (home / "obs.log").open("w") as log:
        obs = subprocess.Popen(
            ["obs", "--startstreaming", "--minimize-to-tray", "--disable-shutdown-check", "--disable-updater", "--multi",
             "--profile", "Test", "--collection", "Test"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(home), "XDG_RUNTIME_DIR": str(home),
                 "DISPLAY": name, "LIBGL_ALWAYS_SOFTWARE": "1"})
        try:
            yield obs
        finally:
            obs.send_signal(signal.SIGKILL)
            obs.wait(timeout=60)


@pytest.mark.parametrize("scheme", ["srt", "rtmp"])
def test_obs_publishes(serve, tmp_path, scheme):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    server = serve([channel("news", srtPassphrase=PASSPHRASE)])
    if scheme == "srt":
        place, key = server.srt_url("news", passphrase=PASSPHRASE, pbkeylen=16), ""
    else:
        place, key = server.rtmp_url("news").rsplit("/", 1)
    with streaming(home, place, key):
        event = accepted(server)
        assert event["protocol"] == scheme and event.get("srt.key_bits", 128) == 128
        plays(server, "news", ["h264", "aac"])
    assert not server.events("ingest.refused")
    wait_for(lambda: server.events("ingest.closed"), what="ingest.closed")
    says_no_secret(server)
