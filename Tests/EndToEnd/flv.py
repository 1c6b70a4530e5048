"""FLV files put one behind the other, so that a publisher changes its pictures and sound within one connection."""

import subprocess


def make(path, seconds, size="320x180", rate=48000, fps=30, gop=30):
    """A clip of `seconds` with a test picture and a tone."""
    subprocess.run(
        ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate={fps}",
         "-f", "lavfi", "-i", f"sine=frequency=440:sample_rate={rate}", "-t", str(seconds), "-c:v", "libx264",
         "-preset", "ultrafast", "-g", str(gop), "-keyint_min", str(gop), "-sc_threshold", "0", "-pix_fmt", "yuv420p",
         "-c:a", "aac", "-f", "flv", str(path)], check=True)
    return path


def tags(data):
    """The tags of a file: type, timestamp and payload. Script data are left out."""
    position = 9 + 4
    while position + 11 <= len(data):
        kind, size = data[position], int.from_bytes(data[position + 1:position + 4], "big")
        time = int.from_bytes(data[position + 4:position + 7], "big") | data[position + 7] << 24
        if kind in (8, 9):
            yield kind, time, data[position + 11:position + 11 + size]
        position += 11 + size + 4


def is_configuration(kind, payload):
    return payload[1:2] == b"\0" and (kind == 9 or payload[0] >> 4 == 10)


def join(path, clips):
    """Writes the clips, each as often as it says, one behind the other; a configuration stands where it changes.

    `clips` has (file, seconds of it, how often). What a clip has beyond its seconds is left out.
    """
    known, offset = {}, 0
    with open(path, "wb") as out:
        out.write(b"FLV\1\5\0\0\0\11\0\0\0\0")
        for source, seconds, count in clips:
            content = list(tags(source.read_bytes()))
            for _ in range(count):
                for kind, time, payload in content:
                    if time >= seconds * 1000:
                        continue
                    if is_configuration(kind, payload):
                        if known.get(kind) == payload:
                            continue
                        known[kind] = payload
                    time += offset
                    header = bytes([kind]) + len(payload).to_bytes(3, "big")
                    header += (time & 0xFFFFFF).to_bytes(3, "big") + bytes([time >> 24 & 255]) + b"\0\0\0"
                    out.write(header + payload + (11 + len(payload)).to_bytes(4, "big"))
                offset += seconds * 1000
    return path
