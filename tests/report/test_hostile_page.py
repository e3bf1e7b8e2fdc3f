"""Hostile text in traces, passages and names; runs with nothing, or hardly anything, in them: in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from opened import PAGES, address_of, go, made_run, opened, two_models

from made_records import SENTENCES, make_audited, make_verification

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NO_WIDER = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
PAYLOADS = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "<svg onload=window.pwned=1>",
    "\"'><iframe srcdoc='<script>parent.pwned=1</script>'>",
    "</script><script>window.pwned=1</script>",
    "</textarea></title></style></main></body><body onload=window.pwned=1>",
    "<style>*{display:none!important}</style>",
    "<a href=javascript:window.pwned=1>x</a>",
    "<base href=https://example.org/><link rel=stylesheet href=//example.org/x.css>",
    "<meta http-equiv=refresh content='0;url=https://example.org/'>",
    "{{constructor.constructor('window.pwned=1')()}} ${window.pwned=1} `",
    "__proto__",
    "constructor",
    "\u202egnirts desrever\u2066 \u200f\u2069",
    "nul \0 bell \x07 escape \x1b[31m line \u2028 para \u2029",
    "&lt;b&gt; &#x3c;script&#x3e; %3Cscript%3E \\u003cscript\\u003e <!-- --> ]]>",
    "\ufdd0 \ufffe e" + "\u0301" * 400,
    "W" * 30_000,
    "𝕬" * 400 + "👩‍⚕️" * 100,
    "#/find?model=x&a=1#%00%ff",
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every payload in every free text, and a trace of one line of a megabyte."""
    audited = []
    for i, payload in enumerate(PAYLOADS):
        one = make_audited(
            i,
            verdicts=("supported", "refuted"),
            sentences=[f"{s}{payload} " for s in SENTENCES],
            model=f"owl {payload[:200]}",
            variant=payload[:50],
            benchmark=payload[:100],
            domain=payload[:50],
            question=f"which? {payload}",
            options={"A": payload, "B": f"a bat {payload}", payload[:9]: "an owl"},
        )
        checked = tuple(make_verification(c, "refuted", text=f"Bats are {payload} mammals.") for c in one.claims)
        audited.append(one._replace(verifications=checked))
    audited.append(make_audited(80, sentences=["line " * 200_000, *SENTENCES[1:]], question="q" * 1_000_000))
    return made_run(tmp_path_factory.mktemp("hostile"), audited)


def test_no_payload_runs_or_breaks_the_layout(browser: Browser, hostile: Path, screenshots: Path) -> None:
    for width in (1200, 360):
        with opened(browser, address_of(hostile), width=width) as page:
            for place in PAGES:
                go(page, place)
                assert page.evaluate(NO_WIDER), (place, width)
                assert page.locator(".topbar").is_visible()
            page.screenshot(path=screenshots / f"hostile-{width}.png")
            assert page.evaluate("window.pwned === undefined")


def test_no_payload_runs_in_a_trace_or_its_evidence(browser: Browser, hostile: Path) -> None:
    with opened(browser, address_of(hostile)) as page:
        for i, payload in enumerate(PAYLOADS):
            go(page, f"#/trace/t{i:04d}?claim=1")
            page.locator(".evidence").wait_for()
            assert page.evaluate(NO_WIDER), payload[:40]
            made = "document.querySelectorAll('main :is(script, img, iframe, style, link, base, meta, object)').length"
            assert page.evaluate(made) == 0
            assert page.evaluate("window.pwned === undefined"), payload[:40]
            if payload.startswith("<"):
                assert payload in page.locator(".evidence").inner_text()


def test_a_link_of_a_passage_is_a_web_address_or_no_link(browser: Browser, tmp_path: Path) -> None:
    sources = (
        "https://example.org/a?b=c",
        "javascript:alert(1)",
        "data:text/html,x",
        "our notes",
        "HTTP://example.org/x y",
    )
    audited = []
    for i, source in enumerate(sources):
        one = make_audited(i, verdicts=("supported",))
        checked = [make_verification(c, "supported", source=source) for c in one.claims]
        audited.append(one._replace(verifications=tuple(checked)))
    run = made_run(tmp_path, audited)
    with opened(browser, address_of(run)) as page:
        for i, source in enumerate(sources):
            go(page, f"#/trace/t{i:04d}?claim=0")
            page.locator("blockquote footer").wait_for()
            links = page.locator("blockquote footer a")
            assert source in page.locator("blockquote footer").inner_text()
            assert links.count() == (i == 0)
        go(page, "#/trace/t0000?claim=0")
        link = page.locator("blockquote footer a")
        link.wait_for()
        assert link.get_attribute("href") == sources[0]
        assert "noopener noreferrer" in (link.get_attribute("rel") or "")


def test_a_megabyte_in_one_line_is_cut_with_a_word_and_stays_in_its_frame(browser: Browser, hostile: Path) -> None:
    with opened(browser, address_of(hostile, "#/trace/t0080")) as page:
        page.locator("li.step").first.wait_for()
        assert "more characters)" in (page.locator("li.step .text").first.text_content() or "")
        assert page.evaluate(NO_WIDER)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("empty", "The run holds no traces."),
        ("unscored", "Accuracy was not measured: free text, needs a judge."),
        ("one model", "audit it together with the model it was tuned from"),
        ("one trace", "1 trace of 1 model"),
    ],
)
def test_runs_with_hardly_anything_say_so_on_every_page(browser: Browser, tmp_path: Path, kind: str, said: str) -> None:
    audited = {
        "empty": [],
        "unscored": [make_audited(i, grade="needs_judge", verdicts=("no_corpus",)) for i in range(12)],
        "one model": [make_audited(i) for i in range(12)],
        "one trace": [make_audited(0)],
    }[kind]
    run = made_run(tmp_path, audited)
    with opened(browser, address_of(run)) as page:
        assert said in page.locator("main").inner_text()
        for place in (*PAGES, "#/trace/t0000"):
            go(page, place)
            text = page.locator("main").inner_text()
            assert "cannot be shown" not in text
            for word in ("NaN", "undefined", "null", "Infinity", "[object"):
                assert word not in text, (place, word)


def test_a_trace_that_the_file_does_not_hold_says_where_it_is(browser: Browser, tmp_path: Path) -> None:
    from knowreason.report import write_report

    run = made_run(tmp_path, two_models(60))
    write_report(run, most_bytes=3_000)
    with opened(browser, address_of(run, "#/find")) as page:
        assert "--serve shows all" in page.locator("main").inner_text()
        ids = [page.locator("a.result").nth(i).get_attribute("href") for i in range(50)]
        said = set()
        for place in ids[:12]:
            go(page, place or "")
            said.add("knowreason report RUN --serve" in page.locator("main").inner_text())
        assert True in said
