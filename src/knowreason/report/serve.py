"""The same pages from a small server of one's own, for runs too large for one file.

It answers four kinds of request and reads nothing but the tables of one run; no path names a file. On another address
than the loopback one, every request must carry the token that stands in the printed address.
"""

from __future__ import annotations

import ipaddress
import json
import re
import secrets
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import polars as pl

from knowreason.errors import InputError, StoreError
from knowreason.report.index import index_rows, make_index
from knowreason.report.packing import BLOCK, inert, shown, trace_blocks
from knowreason.report.page import read_page, tab_title
from knowreason.report.shell import document

_NUMBER = re.compile(r"[0-9]{1,9}")
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Answer(NamedTuple):
    """What a request gets: a status, the kind of its content, and the content."""

    status: int
    kind: str
    content: bytes


class Served:
    """A run opened for reading: its page, its list of traces, and its traces a block at a time."""

    def __init__(self, run: Path) -> None:
        page = read_page(run, served=True)
        rows = index_rows(run)
        self._run = run
        self._ids: list[str] = rows["trace_id"].to_list()
        self._page = document(tab_title(page), inert(page), "", [], connects=True).encode()
        self._index = _encoded(make_index(rows, [place // BLOCK for place in range(rows.height)]))
        self.block = lru_cache(maxsize=64)(self._block)

    def answer(self, path: str, query: str) -> Answer:
        """The answer to a path below the address of the run; 404 for all but the four that there are."""
        if path == "":
            return Answer(200, "text/html; charset=utf-8", self._page)
        if path == "data/index":
            return _json(self._index)
        if path == "data/search":
            return _json(_encoded(self._found(parse_qs(query).get("text", [""])[0])))
        name, _, number = path.rpartition("/")
        if name == "data/block" and _NUMBER.fullmatch(number) and int(number) * BLOCK < len(self._ids):
            return _json(self.block(int(number)))
        return Answer(404, "text/plain; charset=utf-8", b"There is nothing here.\n")

    def _block(self, number: int) -> bytes:
        wanted = self._ids[number * BLOCK : (number + 1) * BLOCK]
        return _encoded([trace for block in trace_blocks(self._run, wanted) for trace in block])

    def _found(self, text: str) -> list[int]:
        """The places of the traces whose question or text holds `text`, whatever its case."""
        texts = pl.concat_str("question", pl.lit("\n"), "reasoning").str.to_lowercase()
        scan = pl.scan_parquet(self._run / "traces.parquet").filter(texts.str.contains(text.lower(), literal=True))
        found = set(scan.select("trace_id").collect()["trace_id"].to_list())
        return [place for place, one in enumerate(self._ids) if one in found]


class ReportServer(ThreadingHTTPServer):
    """Serves one run; `address` is where a browser finds it."""

    daemon_threads = True

    def __init__(self, run: Path, host: str, port: int) -> None:
        self.local = is_loopback(host)
        self.token = "" if self.local else secrets.token_urlsafe(24)
        self.served = Served(run)
        super().__init__((host, port), _Handler)
        shown_host = f"[{host}]" if ":" in host else host
        self.address = f"http://{shown_host}:{self.server_port}/{self.token + '/' if self.token else ''}"

    def asked(self, target: str, host: str) -> Answer:
        """The answer to a request's target; without the token, or under a name of another machine, there is none."""
        parts = urlsplit(target)
        path = parts.path.removeprefix("/")
        if self.token:
            given, slash, path = path.partition("/")
            if not slash or not secrets.compare_digest(given.encode(), self.token.encode()):
                return Answer(403, "text/plain; charset=utf-8", b"The address lacks its token.\n")
        elif not is_loopback(urlsplit(f"//{host}").hostname or ""):
            return Answer(403, "text/plain; charset=utf-8", b"This address is for this machine alone.\n")
        try:
            return self.served.answer(path, parts.query)
        except (OSError, pl.exceptions.PolarsError):
            return Answer(500, "text/plain; charset=utf-8", b"The tables of the run cannot be read any more.\n")


class _Handler(BaseHTTPRequestHandler):
    server: ReportServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        answer = self.server.asked(self.path, self.headers.get("Host", ""))
        self.send_response(answer.status)
        for name, value in {
            **_HEADERS,
            "Content-Type": answer.kind,
            "Content-Length": str(len(answer.content)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged: addresses of traces and what is searched for are the reader's own."""


def open_server(run: Path, *, host: str = "127.0.0.1", port: int = 8765) -> ReportServer:
    """A server of a finished run, not yet serving. Raises StoreError, and InputError where the address is not free."""
    try:
        return ReportServer(run, host, port)
    except pl.exceptions.PolarsError as error:
        why = str(error).partition("\n")[0]
        raise StoreError(f"the tables of {run} are damaged ({why}): audit again into another --out") from error
    except (OSError, OverflowError) as error:
        raise InputError(f"cannot serve at {host} port {port} ({error}): choose another --port or --host") from error


def is_loopback(host: str) -> bool:
    """Whether a name or an address is this machine's own."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _json(content: bytes) -> Answer:
    return Answer(200, "application/json; charset=utf-8", content)


def _encoded(value: object) -> bytes:
    return json.dumps(shown(value), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
