"""Drivers for real browsers, headless: Chromium over its DevTools protocol, Firefox over WebDriver BiDi."""

import base64
import itertools
import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.request

import websocket


class Browser:
    """One page of one browser, started with `flags`. `evaluate` runs an expression in it, `requests` has the URLs that it
    asked for."""

    def __init__(self, *flags):
        self.flags = flags
        self.profile = pathlib.Path(tempfile.mkdtemp(prefix="headwater-browser-"))
        self.requests, self.console = [], []
        self.ids = itertools.count(1)
        self.start()

    def connect(self, url):
        self.socket = websocket.create_connection(url, timeout=60, suppress_origin=True)

    def call(self, method, **params):
        number = next(self.ids)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == number:
                if "error" in message:
                    raise AssertionError(f"{method}: {message['error']} {message.get('message', '')}")
                return message.get("result", {})
            self.take(message)

    def close(self):
        self.socket.close()
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def wait(self, expression, seconds=60):
        """Waits until the expression is true in the page; returns its value."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = self.evaluate(expression)
            if value:
                return value
            time.sleep(0.1)
        raise AssertionError(f"{expression} did not become true within {seconds} s; the console says {self.console}")


class Chromium(Browser):
    """`protocols` has the protocol of each answer, by URL."""

    name = "chromium"

    def start(self):
        self.protocols = {}
        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync", "--mute-audio",
             "--autoplay-policy=no-user-gesture-required", "--remote-debugging-port=0", "--remote-allow-origins=*",
             f"--user-data-dir={self.profile}", *self.flags, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port_file = self.profile / "DevToolsActivePort"
        end = time.monotonic() + 60
        while not (port_file.exists() and port_file.read_text().strip()):
            assert time.monotonic() < end, "chromium did not start"
            time.sleep(0.05)
        port = port_file.read_text().split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=60) as answer:
            page = next(target for target in json.load(answer) if target["type"] == "page")
        self.connect(page["webSocketDebuggerUrl"])
        for domain in ["Network", "Page", "Runtime", "Log"]:
            self.call(f"{domain}.enable")

    def take(self, message):
        if message.get("method") == "Network.requestWillBeSent":
            self.requests.append(message["params"]["request"]["url"])
        elif message.get("method") == "Network.responseReceived":
            answer = message["params"]["response"]
            self.protocols[answer["url"]] = answer.get("protocol")
        elif message.get("method") == "Log.entryAdded":
            self.console.append(message["params"]["entry"]["text"])
        elif message.get("method") == "Runtime.exceptionThrown":
            self.console.append(str(message["params"]["exceptionDetails"])[:500])

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def open(self, url):
        self.call("Page.navigate", url=url)

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


class Firefox(Browser):
    name = "firefox"
    preferences = {
        "media.autoplay.default": 0, "media.volume_scale": "0.0", "app.update.enabled": False,
        "browser.shell.checkDefaultBrowser": False, "datareporting.policy.dataSubmissionEnabled": False,
        "toolkit.telemetry.enabled": False, "browser.startup.page": 0, "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False, "services.settings.server": "http://127.0.0.1:9/",
        "extensions.update.enabled": False,
    }

    def start(self):
        (self.profile / "user.js").write_text(
            "".join(f"user_pref({json.dumps(key)}, {json.dumps(value)});\n" for key, value in self.preferences.items()))
        self.process = subprocess.Popen(
            ["firefox-esr", "--headless", "--no-remote", "--profile", str(self.profile), "--remote-debugging-port", "0",
             *self.flags],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port_file = self.profile / "WebDriverBiDiServer.json"
        end = time.monotonic() + 60
        while not (port_file.exists() and port_file.read_text().strip()):
            assert time.monotonic() < end, "firefox did not start"
            time.sleep(0.05)
        port = json.loads(port_file.read_text())["ws_port"]
        self.connect(f"ws://127.0.0.1:{port}/session")
        self.call("session.new", capabilities={})
        self.call("session.subscribe", events=["network.beforeRequestSent", "log.entryAdded"])
        self.context = self.call("browsingContext.getTree")["contexts"][0]["context"]

    def take(self, message):
        if message.get("method") == "network.beforeRequestSent":
            self.requests.append(message["params"]["request"]["url"])
        elif message.get("method") == "log.entryAdded" and message["params"]["level"] in ("error", "warn"):
            self.console.append(message["params"]["text"])

    def resize(self, width, height):
        self.call("browsingContext.setViewport", context=self.context, viewport={"width": width, "height": height})

    def open(self, url):
        self.call("browsingContext.navigate", context=self.context, url=url, wait="interactive")

    def evaluate(self, expression):
        wrapped = f"(async () => JSON.stringify(await ({expression})))()"
        result = self.call(
            "script.evaluate", expression=wrapped, target={"context": self.context}, awaitPromise=True)
        assert result["type"] == "success", result
        text = result["result"].get("value")
        return None if text is None else json.loads(text)

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self.call("browsingContext.captureScreenshot", context=self.context)["data"]))
