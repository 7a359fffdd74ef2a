"""The page in a headless Chromium: digits drawn by pointer events, and what the page says."""

import json
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from base64 import b64decode
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

# Strokes, in hundredths of the paper, as a hand draws them.
DIGITS = {
    0: [[(50, 15), (33, 22), (26, 45), (30, 70), (45, 84), (60, 80), (71, 60), (70, 36), (62, 20), (50, 15)]],
    1: [[(52, 14), (50, 50), (48, 86)]],
    2: [[(28, 30), (38, 18), (55, 16), (66, 28), (60, 48), (40, 68), (26, 84), (50, 82), (74, 82)]],
    3: [[(30, 20), (50, 14), (66, 24), (62, 40), (46, 48), (64, 54), (70, 70), (56, 84), (32, 82)]],
    4: [[(40, 14), (32, 36), (26, 54), (48, 56), (74, 52)], [(62, 16), (60, 50), (57, 88)]],
    7: [[(24, 20), (48, 18), (74, 17), (64, 40), (54, 62), (46, 87)]],
}


# Root has no sandbox, and a container little shared memory.
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--force-device-scale-factor=1"]


class Broken(Exception):
    """What the page or the browser did that it must not."""


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, and writes nothing."""

    def log_message(self, *_):
        pass


class Browser:
    """A session of chromedriver."""

    def __init__(self, port, width, height):
        self.root = f"http://127.0.0.1:{port}/session"
        options = {"args": [*ARGUMENTS, f"--window-size={width},{height}"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        self.root += "/" + self.call("", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def call(self, path, body=None):
        """GET without a body, else POST; the answer's value."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.root + path, data, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise Broken(f"{path}: {error.read().decode()[:500]}")

    def ask(self, script):
        """The value of a script."""
        return self.call("/execute/sync", {"script": f"return {script}", "args": []})

    def key(self, key):
        """Presses and releases a key."""
        presses = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        self.call("/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": presses}]})

    def draw(self, strokes):
        """Moves a pen along strokes on the paper."""
        box = self.ask("(({left, top, width, height}) => [left, top, width, height])"
                       "(document.getElementById('paper').getBoundingClientRect())")
        moves = []
        for stroke in strokes:
            for at, (x, y) in enumerate(stroke):
                place = {"x": round(box[0] + box[2] * x / 100), "y": round(box[1] + box[3] * y / 100)}
                moves.append({"type": "pointerMove", "duration": 20 if at else 0, **place})
                if at == 0:
                    moves.append({"type": "pointerDown", "button": 0})
            moves.append({"type": "pointerUp", "button": 0})
        pen = {"type": "pointer", "id": "pen", "parameters": {"pointerType": "pen"}, "actions": moves}
        self.call("/actions", {"actions": [pen]})


def check(folder, screenshot=None):
    """Draws each digit on the page in `folder`; what it says of them. A picture of the last goes to `screenshot`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    driver = subprocess.Popen([shutil.which("chromedriver"), "--port=0"], stdout=subprocess.PIPE, text=True)
    try:
        return visit(f"http://127.0.0.1:{server.server_port}/", port_of(driver), screenshot)
    finally:
        driver.terminate()
        server.shutdown()


def port_of(driver):
    """The port that chromedriver says it listens to."""
    for line in driver.stdout:
        if "successfully on port" in line:
            return int(line.rstrip(".\n ").rsplit(" ", 1)[1])
    raise Broken("chromedriver does not start")


def visit(page, port, screenshot):
    browser, said = Browser(port, 900, 900), {}
    try:
        browser.call("/url", {"url": page})
        for _ in range(100):
            if browser.ask("document.documentElement.dataset.ready") == "yes":
                break
            time.sleep(0.1)
        else:
            raise Broken(f"it does not get ready: {browser.call('/se/log', {'type': 'browser'})}")
        if browser.ask("document.getElementById('imports').textContent") != "0":
            raise Broken("the module has imports")
        for digit, strokes in DIGITS.items():
            browser.key("\ue00c")
            if browser.ask("document.getElementById('digit').textContent") != "?":
                raise Broken("Escape does not clear the paper")
            browser.draw(strokes)
            said[digit] = browser.ask("document.getElementById('digit').textContent")
        if screenshot:
            screenshot.write_bytes(b64decode(browser.call("/screenshot")))
        complaints = browser.call("/se/log", {"type": "browser"})
        if complaints:
            raise Broken(f"the browser complains: {complaints}")
        sources = browser.ask("performance.getEntriesByType('resource').map(entry => entry.name)")
        if foreign := [source for source in sources if not source.startswith((page, "data:"))]:
            raise Broken(f"it asks others: {foreign}")
    finally:
        request = urllib.request.Request(browser.root, method="DELETE")
        urllib.request.urlopen(request, timeout=60).close()
    return said
