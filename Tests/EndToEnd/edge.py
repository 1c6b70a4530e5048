"""The edge of `Deploy/nginx` in front of a server: its configuration as it is, but for addresses, ports and folders."""

import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile

from conftest import ROOT, fetch, wait_for


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Edge:
    """A running nginx. `changes` are further replacements in its files, each of which must find something."""

    def __init__(self, origin_port, changes=()):
        # Not the test's own folder: nginx leaves its workers no rights to look into that.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="headwater-edge-"))
        self.folder.chmod(0o755)
        self.certificate = self.folder / "headwater.crt"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
             self.folder / "headwater.key", "-out", self.certificate], check=True, capture_output=True)
        self.context = ssl.create_default_context(cafile=str(self.certificate))
        self.https_port, self.http_port = free_ports(2)
        shutil.copytree(ROOT / "Deploy/nginx", self.folder / "nginx")
        self.replace([
            ("site.conf", "127.0.0.1:8080", f"127.0.0.1:{origin_port}"),
            ("site.conf", "443 ssl", f"{self.https_port} ssl"),
            ("site.conf", "80 backlog", f"{self.http_port} backlog"),
            ("site.conf", "/etc/nginx/", f"{self.folder}/"), ("site.conf", "/var/log/nginx/", f"{self.folder}/"),
            ("site.conf", "/var/lib/nginx/headwater", f"{self.folder}/cache"), *changes])
        self.process = subprocess.Popen(
            ["nginx", "-e", self.folder / "error.log", "-c", self.folder / "nginx/nginx.conf",
             "-g", f"daemon off; pid {self.folder}/nginx.pid;"], stderr=subprocess.DEVNULL)
        wait_for(lambda: self.process.poll() is not None or self.is_listening(), what="nginx")
        assert self.process.poll() is None, self.errors()

    def replace(self, changes):
        for name, old, new in changes:
            file = self.folder / "nginx" / name
            text = file.read_text()
            assert old in text, f"{old} is not in {name}"
            file.write_text(text.replace(old, new))

    def is_listening(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.https_port)) == 0

    def errors(self):
        log = self.folder / "error.log"
        return log.read_text() if log.exists() else ""

    def url(self, path):
        return f"https://localhost:{self.https_port}{path}"

    def get(self, path, headers=None, method="GET", timeout=30):
        return fetch(self.url(path), headers, method, timeout, context=self.context)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)
        errors = self.errors()
        shutil.rmtree(self.folder)
        # Such as a fault in a script. That a container allows fewer files than the configuration asks for is none.
        assert not re.findall(r".*\[(?:alert|crit|emerg)\](?!.*RLIMIT_NOFILE).*|.*lua.*", errors), errors
