"""A page opened in a browser that notes whatever a page must never do, and runs made to be looked at."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from knowreason.compare import compare_runs, write_comparison
from knowreason.frame import Audited, write_summary
from knowreason.report import write_report
from made_records import make_audited, make_tables, make_verification

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PAGES = ("#/", "#/map", "#/map?view=network", "#/find", "#/pair", "#/methods")


@contextmanager
def opened(browser: Browser, address: str, *, width: int = 1200, dark: bool = False) -> Generator[Page]:
    """The page at `address`; afterwards it must have made no error, no request but its own, and no dialog."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light", reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    wrong: list[str] = []
    own = address.partition("#")[0]
    page.on("console", lambda message: wrong.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("request", lambda request: request.url.startswith(own) or wrong.append(f"request: {request.url}"))
    page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.goto(address)
    page.locator("main h1").wait_for()
    yield page
    context.close()
    assert wrong == []


def go(page: Page, place: str) -> None:
    """Another place on the same page, once it is drawn."""
    again = "place => { document.querySelector('main').replaceChildren(); "
    moved = "if (location.hash === place) dispatchEvent(new Event('hashchange')); else location.hash = place; }"
    page.evaluate(again + moved, place)
    page.locator("main h1").wait_for()


def until(page: Page, true: str) -> None:
    """Waits until an expression holds; the page's own policy forbids the browser to poll it by itself."""
    for _ in range(200):
        if page.evaluate(true):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never true: {true}")


def address_of(run: Path, place: str = "#/") -> str:
    """The address of a run's page on this disk."""
    return f"file://{run / 'report.html'}{place}"


def made_run(folder: Path, audited: Sequence[Audited], *, baseline: str = "") -> Path:
    """A run with its page, and with a comparison where a baseline is named."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in make_tables(audited).items():
        table.write_parquet(folder / f"{name}.parquet")
    write_summary(folder, draws=200)
    if baseline:
        write_comparison(compare_runs([folder], baseline=baseline), folder / "comparison.json")
    write_report(folder)
    return folder


def two_models(questions: int = 30) -> list[Audited]:
    """A base model and its fine-tuned child on the same questions: the child is right more often, and drops a claim."""
    found = []
    for i in range(questions):
        asked = {"question_key": f"k{i}", "question": f"Question number {i}: which animal suckles its young?"}
        base = make_audited(
            2 * i,
            model="owl",
            grade="correct" if i % 5 == 0 else "incorrect",
            surprisals=(0.7, 0.6 - i % 5 / 100, 0.8, 0.3, 0.1),
            **asked,  # type: ignore[arg-type]
        )
        child = make_audited(
            2 * i + 1,
            model="owlet",
            variant="sft",
            lineage="owl",
            grade="correct" if i % 5 else "incorrect",
            verdicts=("supported",),
            surprisals=(0.7, 0.9 + i % 4 / 100, 1.4, 0.3, 0.05),
            **asked,  # type: ignore[arg-type]
        )
        found += [base, child._replace(verifications=tuple(make_verification(c, "supported") for c in child.claims))]
    return found
