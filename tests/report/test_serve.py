"""The served pages: the same as in the file, paged; nothing but four kinds of request is answered."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from opened import made_run, opened, two_models, until
from page_contents import index_of, overview_of, traces_of
from typer.testing import CliRunner

from knowreason.cli import app
from knowreason.errors import InputError, StoreError
from knowreason.report.serve import ReportServer, is_loopback, open_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_run(tmp_path_factory.mktemp("served"), two_models(), baseline="owl")


@contextmanager
def serving(run: Path, host: str = "127.0.0.1") -> Generator[ReportServer]:
    server = open_server(run, host=host, port=0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask(server: ReportServer, target: str, *, method: str = "GET", host: str | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    try:
        connection.putrequest(method, target, skip_host=host is not None)
        if host is not None:
            connection.putheader("Host", host)
        connection.endheaders()
        answer = connection.getresponse()
        assert answer.getheader("X-Content-Type-Options") == "nosniff" or answer.status == 501
        return answer.status, answer.read()
    finally:
        connection.close()


def test_the_served_data_is_that_of_the_file(run: Path) -> None:
    page = (run / "report.html").read_text("utf-8")
    with serving(run) as server:
        status, served = ask(server, "/")
        assert status == 200
        ours = overview_of(served.decode())
        assert {**ours, "served": False} == overview_of(page)
        index = json.loads(ask(server, "/data/index")[1])
        assert {**index, "block": []} == {**index_of(page), "block": []}
        blocks = [json.loads(ask(server, f"/data/block/{n}")[1]) for n in range(max(index["block"]) + 1)]
        assert [t["id"] for block in blocks for t in block] == index["id"]
        assert sorted((t for b in blocks for t in b), key=lambda t: t["id"]) == sorted(
            traces_of(page), key=lambda t: t["id"]
        )
        found = json.loads(ask(server, "/data/search?text=NUMBER+7%3A")[1])
        assert [index["questions"][index["question"][at]][:17] for at in found] == ["Question number 7"] * 2


@pytest.mark.parametrize(
    "target",
    ["/report.html", "/../../etc/passwd", "/data/../traces.parquet", "/data/block/..%2f..%2fx", "/data/block/99",
     "/data/block/-1", "/data/block/%C2%B2", "/data/block/+1", "/data/block/" + "9" * 5000, "//etc/passwd", "/data",
     "/data/index/", "*"],
)  # fmt: skip
def test_no_other_path_is_answered(run: Path, target: str) -> None:
    with serving(run) as server:
        assert ask(server, target)[0] in (400, 404, 414)


def test_only_get_is_answered(run: Path) -> None:
    with serving(run) as server:
        assert {ask(server, "/", method=method)[0] for method in ("POST", "PUT", "DELETE", "OPTIONS")} == {501}


def test_a_page_of_another_name_cannot_read_the_run_through_this_machine(run: Path) -> None:
    with serving(run) as server:
        assert ask(server, "/data/index", host="evil.example:80")[0] == 403
        assert ask(server, "/data/index", host="")[0] == 403
        assert ask(server, "/data/index", host=f"localhost:{server.server_port}")[0] == 200


def test_elsewhere_than_on_this_machine_every_request_needs_the_token(run: Path) -> None:
    with serving(run, host="0.0.0.0") as server:
        path = urlsplit(server.address).path
        assert len(path) > 30
        assert ask(server, "/")[0] == ask(server, "/data/index")[0] == ask(server, f"{path[:-2]}/data/index")[0] == 403
        assert ask(server, path)[0] == ask(server, f"{path}data/index")[0] == 200
        assert server.token not in ask(server, "/")[1].decode()
    with serving(run) as server:
        assert server.token == ""


@pytest.mark.parametrize(
    ("host", "ours"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("127.9.9.9", True), ("0.0.0.0", False),
     ("10.0.0.1", False), ("localhost.evil.example", False), ("", False)],
)  # fmt: skip
def test_which_addresses_are_this_machine_s_own(host: str, ours: bool) -> None:
    assert is_loopback(host) is ours


def test_the_served_pages_work_in_a_browser(run: Path, browser: Browser) -> None:
    with serving(run) as server, opened(browser, f"{server.address}#/find?text=number+7%3A") as page:
        assert page.locator("#found").inner_text() == "2 of 60 traces"
        page.locator("a.result").first.click()
        page.locator("li.step [role=button]").first.click()
        page.locator(".evidence blockquote").first.wait_for()
        page.locator(".beside a").first.click()
        until(page, "document.querySelectorAll('.two section').length === 2")


def test_a_port_that_is_taken_and_a_folder_that_is_no_run_are_one_clear_line(run: Path, tmp_path: Path) -> None:
    with serving(run) as server, pytest.raises(InputError, match="choose another --port"):
        open_server(run, port=server.server_port)
    with pytest.raises(StoreError, match="holds no finished audit"):
        open_server(tmp_path)


def test_the_command_says_where_it_serves_and_ends_quietly_when_interrupted(run: Path) -> None:
    program = [str(Path(sys.executable).parent / "knowreason"), "report", str(run), "--serve", "--port", "0"]
    with subprocess.Popen(program, stderr=subprocess.PIPE, text=True) as serving_run:
        assert serving_run.stderr is not None
        said = serving_run.stderr.readline()
        address = re.search(r"http://127\.0\.0\.1:(\d+)/", said)
        assert address is not None, said
        connection = http.client.HTTPConnection("127.0.0.1", int(address[1]), timeout=10)
        connection.request("GET", "/data/index")
        assert connection.getresponse().status == 200
        connection.close()
        serving_run.send_signal(signal.SIGINT)
        assert serving_run.wait(timeout=20) == 0
        assert serving_run.stderr.read() == ""


def test_serve_takes_one_run(run: Path) -> None:
    done = CliRunner().invoke(app, ["report", str(run), str(run), "--serve"])
    assert isinstance(done.exception, InputError)
    assert "--serve takes one run, not 2" in str(done.exception)
