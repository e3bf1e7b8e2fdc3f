"""The page in a real browser: every page opens and acts as a reader expects, by mouse, by keyboard and on paper."""

from __future__ import annotations

import gzip
import json
import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from opened import PAGES, address_of, go, made_run, opened, two_models, until
from typer.testing import CliRunner

from knowreason.cli import app
from made_records import make_audited

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NO_WIDER = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A small audit of real traces where they are, of the example otherwise."""
    folder = tmp_path_factory.mktemp("audited")
    try:
        traces, notes = _sample(request.getfixturevalue("data_dir"), folder)
    except pytest.skip.Exception:
        example: Path = request.getfixturevalue("example_dir")
        traces, notes = [example / "traces.jsonl"], example / "notes.jsonl"
    run = folder / "run"
    command = ["audit", *map(str, traces), "--knowledge", str(notes), "--limit", "12", "--out", str(run)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    return run


def _sample(data: Path, folder: Path) -> tuple[list[Path], Path]:
    """The first answers of two models to real questions, and a corpus to check them against."""
    found = []
    for name in ("mistral-7b_base", "mathstral-7b_math-tuned"):
        with gzip.open(data / "traces" / f"mmlu_pro_{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            (folder / f"{name}.jsonl").write_text("".join(islice(lines, 14)), "utf-8")
        found.append(folder / f"{name}.jsonl")
    return found, data / "corpus" / "disease_ontology.jsonl.gz"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two invented models with a comparison, whose figures are known."""
    return made_run(tmp_path_factory.mktemp("made"), two_models(), baseline="owl")


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trace of a thousand steps and 32,000 tokens."""
    sentences = [f"Step {i} says that bats are mammals which fly at night {'and ' * 20}hunt. " for i in range(1000)]
    surprisals = [2 + (i % 7) / 7 for i in range(1001)]
    one = make_audited(0, sentences=sentences, verdicts=("supported", "refuted") * 250, surprisals=surprisals)
    return made_run(tmp_path_factory.mktemp("long"), [one])


def refuted(run: Path) -> tuple[str, int]:
    """A trace with evidence, and the place of its first claim that has some."""
    evidence = pl.read_parquet(run / "evidence.parquet")
    return evidence["trace_id"][0], 0


def test_every_page_opens_without_an_error_or_a_request(browser: Browser, audited: Path, screenshots: Path) -> None:
    trace, _ = refuted(audited)
    with opened(browser, address_of(audited)) as page:
        for place in (*PAGES, f"#/trace/{trace}", "#/trace/none", "#/nowhere", "#/find?model=nobody"):
            go(page, place)
            assert page.locator("main h1").inner_text()
            assert "cannot be shown" not in page.locator("main").inner_text()
            name = re.sub(r"\W+", "-", place.split("?")[0] + place[-7:]).strip("-") or "verdict"
            page.screenshot(path=screenshots / f"{name}.png")


def test_how_far_to_trust_it_stands_on_the_first_screens_of_the_first_page(browser: Browser, audited: Path) -> None:
    with opened(browser, address_of(audited)) as page:
        box = page.locator(".trust")
        assert "How far to trust this" in box.inner_text()
        where = box.bounding_box()
        assert where is not None
        assert where["y"] < 1000
        assert where["y"] < page.locator("#figures").bounding_box()["y"]  # type: ignore[index]


def test_a_click_on_a_claim_shows_its_evidence_and_a_second_one_hides_it(browser: Browser, audited: Path) -> None:
    evidence = pl.read_parquet(audited / "evidence.parquet")
    first = evidence.filter(rank=1).row(0, named=True)
    with opened(browser, address_of(audited, f"#/trace/{first['trace_id']}")) as page:
        page.locator("li.step").first.wait_for()
        claims = page.locator(f"li[data-step='{first['step']}'] [role=button]")
        assert page.locator(".evidence blockquote").count() == 0
        claims.first.click()
        shown = page.locator(".evidence blockquote").first.inner_text()
        assert first["text"].split()[0] in shown
        assert f"supports {_percent(first['p_supported'])}" in shown
        assert page.locator(".evidence mark").first.inner_text().split() == first["text"].split()
        claims.first.focus()
        page.keyboard.press("Enter")
        assert page.locator(".evidence blockquote").count() == 0


def test_a_link_to_a_claim_opens_it(browser: Browser, made: Path) -> None:
    with opened(browser, address_of(made, "#/trace/t0000?claim=1")) as page:
        page.locator(".evidence").wait_for()
        assert "Refuted" in page.locator(".evidence").inner_text()
        assert page.locator(".evidence a").first.get_attribute("href") == "#/trace/t0000?claim=1"


def test_every_figure_leads_to_as_many_traces_as_it_rests_on(browser: Browser, made: Path) -> None:
    with opened(browser, address_of(made)) as page:
        page.locator("table.figures a.evidence").first.click()
        page.locator("#found").wait_for()
        assert page.locator("#found").inner_text() == "30 of 60 traces"
        go(page, "#/")
        page.locator(".counts a", has_text="complete").first.click()
        page.locator("#found").wait_for()
        assert page.locator("#found").inner_text() == "60 of 60 traces"


def test_the_map_is_walked_with_the_mouse(browser: Browser, made: Path) -> None:
    with opened(browser, address_of(made, "#/map")) as page:
        assert page.locator(".node.middle").get_attribute("data-node") == "transfer"
        assert "transfers" in page.locator(".node.middle").inner_text().lower()
        page.locator(".node.outer[data-node=training]").click()
        page.locator(".node.middle[data-node=training]").wait_for()
        assert page.locator(".findings").count() == 0
        page.locator(".node.middle").click()
        page.locator(".findings").wait_for()
        assert "owlet (sft)" in page.locator(".findings").inner_text()
        assert page.url.endswith("#/map?at=training&open=1")


def test_the_map_is_walked_with_the_keyboard(browser: Browser, made: Path) -> None:
    with opened(browser, address_of(made, "#/map")) as page:
        page.locator(".node[data-node=need]").focus()
        page.keyboard.press("Enter")
        page.locator(".node.middle[data-node=need]").wait_for()
        assert page.evaluate("document.activeElement.dataset.node") == "need"
        page.keyboard.press("Enter")
        page.locator(".findings").wait_for()
        said = page.locator(".findings").inner_text()
        assert "No diagnosis stands in this run" in said
        assert "knowreason diagnose RUN" in said


def test_the_network_settles_inside_its_frame_and_can_be_dragged_and_zoomed(browser: Browser, made: Path) -> None:
    with opened(browser, address_of(made, "#/map?view=network")) as page:
        frame = page.locator(".frame").bounding_box()
        assert frame is not None
        places = _places(page)
        assert len(places) == 7
        _assert_inside(places, frame)
        page.wait_for_timeout(300)
        assert _places(page) == places
        one = places["text"]
        page.mouse.move(one["x"] + one["width"] / 2, one["y"] + one["height"] / 2)
        page.mouse.down()
        page.mouse.move(frame["x"] + frame["width"] + 300, frame["y"] + frame["height"] + 300, steps=5)
        page.mouse.up()
        page.wait_for_timeout(200)
        moved = _places(page)
        assert moved["text"]["x"] > one["x"] + 20
        _assert_inside(moved, frame)
        page.get_by_role("button", name="Zoom in").click()
        assert _places(page)["text"]["width"] > moved["text"]["width"] * 1.2
        page.locator("a.body[data-node=compute]").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        until(page, "location.hash.includes('at=compute')")


def test_a_long_trace_is_all_there_but_only_what_is_seen_is_drawn(browser: Browser, long: Path) -> None:
    with opened(browser, address_of(long, "#/trace/t0000")) as page:
        page.locator("li.step").first.wait_for()
        assert page.locator("li.step").count() == 1000
        seen = "t => t.checkVisibility({contentVisibilityAuto: true})"
        drawn = f"[...document.querySelectorAll('li.step .text')].filter({seen}).length"
        assert 0 < page.evaluate(drawn) < 60
        page.evaluate("location.hash = '#/trace/t0000?step=990'")
        until(
            page,
            "document.querySelector('.here')?.dataset.step === '990' && (r => r.top > 0 && r.bottom < innerHeight)"
            "(document.querySelector('.here').getBoundingClientRect())",
        )
        assert 0 < page.evaluate(drawn) < 60
        assert "Step 989 says" in page.locator(".here .text").inner_text()


def test_two_traces_have_their_claims_aligned_and_one_scale(browser: Browser, made: Path) -> None:
    with opened(browser, address_of(made, "#/pair")) as page:
        assert "30 questions" in page.locator("main").inner_text()
        go(page, "#/pair?a=t0000&b=t0001")
        rows = page.locator(".claims-table tbody tr")
        assert [rows.nth(i).get_attribute("class") for i in range(rows.count())] == ["kept", "pruned"]
        tops = page.locator(".curve-top").all_inner_texts()
        assert tops == ["1.4 nats", "1.4 nats"]
        assert page.locator(".two section").count() == 2


def test_filters_stand_in_the_address_and_give_the_same_traces_again(browser: Browser, made: Path) -> None:
    with opened(browser, address_of(made, "#/find")) as page:
        page.locator("#filter-grade").select_option("correct")
        until(page, "location.hash.includes('grade=correct')")
        page.locator("#filter-model").select_option("owlet (sft)")
        until(page, "location.hash.includes('model=')")
        page.locator("#filter-text").fill("NUMBER 7:")
        until(page, "location.hash.includes('text=')")
        until(page, "document.querySelector('#found')?.textContent === '1 of 60 traces'")
        assert page.evaluate("document.activeElement.id") == "filter-text"
        shared = page.url
    with opened(browser, shared) as page:
        assert page.locator("#found").inner_text() == "1 of 60 traces"
        assert page.locator("#filter-grade").input_value() == "correct"
        go(page, "#/find?flag=right_but_refuted")
        assert page.locator("#found").inner_text() == "6 of 60 traces"
        go(page, "#/find?flag=misled")
        assert page.locator("#found").inner_text() == "30 of 60 traces"


def test_the_keyboard_alone_reaches_every_page_and_sorts_the_table(browser: Browser, made: Path) -> None:
    with opened(browser, address_of(made)) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.locator("nav a", has_text="Find").focus()
        page.keyboard.press("Enter")
        page.locator("#found").wait_for()
        go(page, "#/")
        page.locator("table.figures").first.locator("th button").first.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        assert page.locator("th[data-column='0']").first.get_attribute("aria-sort") == "ascending"
        names = page.locator("table.figures").first.locator("tbody th[scope=row] a").all_inner_texts()
        assert names == ["owl (base)", "owlet (sft)"]
        page.locator("#theme").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        assert page.locator("html").get_attribute("data-theme") == "dark"


def test_dark_and_light_follow_the_system_and_the_switch(browser: Browser, made: Path, screenshots: Path) -> None:
    with opened(browser, address_of(made), dark=True) as page:
        assert _lightness(page) < 0.2
        page.screenshot(path=screenshots / "dark.png", full_page=True)
        page.locator("#theme").click()
        assert _lightness(page) > 0.8
    with opened(browser, address_of(made)) as page:
        assert _lightness(page) > 0.8


def test_paper_has_no_controls_and_shows_what_is_folded_away(browser: Browser, made: Path, screenshots: Path) -> None:
    with opened(browser, address_of(made), dark=True) as page:
        page.emulate_media(media="print")
        assert not page.locator(".topbar").is_visible()
        assert _lightness(page) > 0.95
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator("details:not([open])").count() == 0
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("details[open]").count() == 0
        page.pdf(path=screenshots / "verdict.pdf")
        assert (screenshots / "verdict.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("dark", [False, True])
def test_accessibility_rules_find_nothing_serious(browser: Browser, made: Path, dark: bool) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with opened(browser, address_of(made), dark=dark) as page:
        more = ("#/map?at=transfer&open=1", "#/trace/t0000?claim=1", "#/pair?a=t0000&b=t0001")
        for place in (*PAGES[:1], *more[:2]) if dark else (*PAGES, *more):
            go(page, place)
            found: list[dict[str, Any]] = Axe().run(page).response["violations"]
            serious = [
                (v["id"], v["nodes"][0]["html"], v["help"]) for v in found if v["impact"] in ("serious", "critical")
            ]
            assert serious == [], f"{place}: {json.dumps(serious, indent=1)}"


def test_a_narrow_screen_needs_no_sideways_scrolling(
    browser: Browser, audited: Path, made: Path, screenshots: Path
) -> None:
    trace, _ = refuted(audited)
    for run, more in ((audited, f"#/trace/{trace}?claim=0"), (made, "#/pair?a=t0000&b=t0001")):
        with opened(browser, address_of(run), width=360) as page:
            for place in (*PAGES, "#/map?at=transfer&open=1", more):
                go(page, place)
                assert page.evaluate(NO_WIDER), place
            page.screenshot(path=screenshots / f"narrow-{run.name}.png")


def _percent(share: float) -> str:
    rounded = round(share, 3)
    return "<1%" if 0 < rounded < 0.005 else ">99%" if 0.995 <= rounded < 1 else f"{int(rounded * 100 + 0.5)}%"


def _places(page: Page) -> dict[str, dict[str, float]]:
    found = page.evaluate(
        "[...document.querySelectorAll('a.body')].map(a => { const r = a.querySelector('rect').getBoundingClientRect();"
        " return [a.dataset.node, {x: r.x, y: r.y, width: r.width, height: r.height}]; })"
    )
    return dict(found)


def _assert_inside(places: dict[str, dict[str, float]], frame: Any) -> None:
    for place in places.values():
        assert place["x"] >= frame["x"] - 1
        assert place["y"] >= frame["y"] - 1
        assert place["x"] + place["width"] <= frame["x"] + frame["width"] + 1
        assert place["y"] + place["height"] <= frame["y"] + frame["height"] + 1


def _lightness(page: Page) -> float:
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / (3 * 255)
