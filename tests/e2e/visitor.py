"""Somebody's browser on a page that attacks the local cloud, and the server of that page.

The page tries what it is told to try, by all ways that a page has, and tells its server what came of it.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import queue
import signal
import subprocess
import threading
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from browser import FLAGS, binary

REBOUND = "rebound.example"
"""A name that stands for the page's server at first, and for the local cloud from then on."""
ELSEWHERE = "evil.example"
_OWN = "/page-of-its-own/"

# Whatever kind of attempt: `read` is what the page could see of an answer.
SCRIPT = """
const late = (ms) => new Promise(done => setTimeout(() => done({late: true}), ms));
const put = (element) => document.body.appendChild(element);
const element = (name, set) => new Promise(done => {
  const made = document.createElement(name);
  made.onload = made.oncanplay = () => done({loaded: true, seen: textOf(made)});
  made.onerror = () => done({});
  set(made); put(made);
});
const textOf = (made) => {
  try { return made.contentDocument ? made.contentDocument.documentElement.innerText : null; }
  catch { return null; }
};
const answer = async (response) => response.type === "opaque" || response.type === "opaqueredirect"
  ? {} : {read: response.ok, seen: await response.text()};
const form = (a) => new Promise(done => {
  const frame = document.createElement("iframe");
  frame.name = "f" + Math.random();
  put(frame);
  const made = document.createElement("form");
  Object.assign(made, {action: a.url, method: a.method, enctype: a.type || "text/plain", target: frame.name});
  for (const [name, value] of Object.entries(a.fields)) {
    const input = document.createElement("input");
    Object.assign(input, {type: "hidden", name, value});
    made.appendChild(input);
  }
  put(made);
  frame.onload = () => done({seen: textOf(frame)});
  made.submit();
});
const kinds = {
  fetch: async (a) => answer(await fetch(a.url, {
    method: a.method, mode: a.mode, headers: a.headers, body: a.body ?? undefined,
    credentials: "include", referrerPolicy: "no-referrer", keepalive: !!a.keepalive})),
  redirect: async (a) => answer(await fetch(OWN + "redirect?to=" + encodeURIComponent(a.url), {
    method: a.method, mode: a.mode, body: a.body ?? undefined, credentials: "include"})),
  beacon: async (a) => { navigator.sendBeacon(a.url, new Blob([a.body ?? ""], {type: a.type})); return {}; },
  img: (a) => element("img", e => { e.referrerPolicy = "no-referrer"; e.src = a.url; }),
  script: (a) => element("script", e => { e.src = a.url; }),
  style: (a) => element("link", e => { e.rel = "stylesheet"; e.href = a.url; }),
  video: (a) => element("video", e => { e.src = a.url; }),
  frame: async (a) => ({...await element("iframe", e => { e.src = a.url; }), loaded: false}),
  form,
  socket: (a) => new Promise(done => {
    const socket = new WebSocket(a.url.replace(/^http/, "ws"));
    socket.onopen = () => done({loaded: true}); socket.onerror = () => done({});
  }),
  events: (a) => new Promise(done => {
    const source = new EventSource(a.url, {withCredentials: true});
    source.onopen = () => { source.close(); done({loaded: true}); };
    source.onerror = () => { source.close(); done({}); };
  }),
};
const OWN = "/page-of-its-own/";
(async () => {
  const attempts = await (await fetch(OWN + "attempts")).json(), found = [];
  const next = async () => {
    for (let a; (a = attempts.pop()); ) {
      let came;
      try { came = await Promise.race([kinds[a.kind](a), late(15000)]); } catch (error) { came = {}; }
      found.push({...a, ...came});
    }
  };
  await Promise.all(Array.from({length: 8}, next));
  await late(500);
  await fetch(OWN + "report", {method: "POST", body: JSON.stringify(found)});
})();
"""


@dataclass
class Attempt:
    """What the page tries once. `fields`: of a form; `type`: of a form or a beacon."""

    kind: str
    url: str
    method: str = "GET"
    mode: str = "no-cors"
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    type: str | None = None
    fields: dict[str, str] = field(default_factory=dict)
    keepalive: bool = False


class Pages:
    """Serves the page under any name; what is asked of it as `rebound.example` reaches the local cloud."""

    def __init__(self, cloud_port: int) -> None:
        self.attempts: list[Attempt] = []
        self.passed_on = 0
        self._reports: queue.Queue[list[dict[str, Any]]] = queue.Queue()
        pages = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                if not self.path.startswith(_OWN):
                    return self.pass_on(body)
                at = urlsplit(self.path)
                if at.path == f"{_OWN}attempts":
                    return self.answer(200, json.dumps([asdict(each) for each in pages.attempts]))
                if at.path == f"{_OWN}redirect":
                    return self.answer(307, "", Location=parse_qs(at.query)["to"][0])
                if at.path == f"{_OWN}report":
                    pages._reports.put(json.loads(body))
                    return self.answer(200, "")
                page = f"<!doctype html><body><script>{SCRIPT}</script>"
                return self.answer(200, page, **{"Content-Type": "text/html"})

            do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_HEAD = handle_any

            def answer(self, status: int, text: str, **headers: str) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def pass_on(self, body: bytes) -> None:
                """As a browser does that has come to believe that the name stands for this machine."""
                if not self.headers["Host"].startswith(REBOUND):
                    return self.answer(404, "")
                pages.passed_on += 1
                connection = http.client.HTTPConnection("127.0.0.1", cloud_port, timeout=30)
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() not in ("connection", "upgrade"):
                        connection.putheader(name, value)
                connection.endheaders(body or None)
                answer = connection.getresponse()
                text = answer.read().decode(errors="replace")
                connection.close()
                kind = answer.headers["Content-Type"] or "text/plain"
                return self.answer(answer.status, text, **{"Content-Type": kind})

            def log_message(self, *_: Any) -> None: ...

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                """A browser that is killed closes nothing in good order."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def visit(self, host: str, attempts: list[Attempt], profile: Path) -> list[dict[str, Any]]:
        """What came of the attempts of the page under this name, by its own report."""
        self.attempts = attempts
        command = binary()
        assert command, "no Chromium is installed: on Debian the package chromium"
        arguments = [
            command,
            *FLAGS,
            # Each name is this machine's, and those elsewhere are none.
            "--host-resolver-rules=MAP *.example 127.0.0.1, MAP *.localstack.cloud 127.0.0.1, "
            "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
            f"--user-data-dir={profile}",
            f"http://{host}:{self.port}{_OWN}",
        ]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        browser = subprocess.Popen(arguments, start_new_session=True, **quiet)  # type: ignore[call-overload]
        try:
            return self._reports.get(timeout=300)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(browser.pid, signal.SIGKILL)
            browser.wait()

    def sending_on_to(self, url: str) -> str:
        """An address of the page's server that sends a browser on."""
        return f"http://127.0.0.1:{self.port}{_OWN}redirect?to={quote(url, safe='')}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
