"""The page: complete, self-contained, honest about what is missing, and inert whatever a trace holds."""

import html
import re
import time
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest

from knowreason.errors import StoreError
from knowreason.frame import Audited, read_summary, write_summary
from knowreason.records import Interval
from knowreason.report import write_report
from knowreason.report.examples import choose_examples
from made_records import SENTENCES, make_audited, make_tables, make_verification

HOSTILE = (
    "<script>alert(1)</script></style></title><img src=x onerror=alert(1)>\" ' onmouseover='x' {{ 7*7 }} {% if %}"
    "<!-- ]]> --></details></main>\u202egnirts\u2066\0\x1b[31m\x07&lt;b&gt; ${x} javascript:alert(1) https://example.org"
)
VERDICTS = [("supported", "refuted"), ("not_enough_info", "supported"), ("no_corpus",), ()]
GRADES = ["correct", "incorrect", "no_answer", "needs_judge"]


def test_the_report_command_measures_the_tables_again(tmp_path: Path) -> None:
    for name, table in make_tables([make_audited(i) for i in range(6)]).items():
        table.write_parquet(tmp_path / f"{name}.parquet")
    write_summary(tmp_path)
    old = (tmp_path / "summary.json").read_text("utf-8").replace('"draws": 2000', '"draws": 7')
    (tmp_path / "summary.json").write_text(old, "utf-8")
    write_report(tmp_path)
    assert read_summary(tmp_path).draws == 7
    write_report(tmp_path, refresh=True)
    assert read_summary(tmp_path).draws == 2000


class Elements(HTMLParser):
    """Every element with its attributes, and all text outside style."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))
        if tag not in ("meta", "br", "rect", "img", "link"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)


def run_of(folder: Path, audited: Sequence[Audited]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in make_tables(audited).items():
        table.write_parquet(folder / f"{name}.parquet")
    write_summary(folder, seed=2, draws=200)
    return folder


def some(count: int = 16, **changes: object) -> list[Audited]:
    return [make_audited(i, verdicts=VERDICTS[i % 4], grade=GRADES[i % 4], **changes) for i in range(count)]  # type: ignore[arg-type]


def page_of(folder: Path, audited: Sequence[Audited]) -> str:
    return write_report(run_of(folder, audited)).read_text("utf-8")


def filled(text: Callable[[str], str]) -> list[Audited]:
    """Traces whose every free text has passed through `text`; which fields there are is the same for any `text`."""
    changed = []
    for i in range(8):
        one = make_audited(
            i,
            verdicts=("supported", "refuted"),
            grade="correct",
            sentences=[text(s) for s in SENTENCES],
            model=text("owl"),
            benchmark=text("animals"),
            domain=text("zoology"),
            variant=text("tuned"),
            lineage=text("base"),
            question=text("which?"),
            options={"A": text("an owl"), "B": text("a bat")},
            meta=text("{}"),
        )
        checked = tuple(make_verification(c, "refuted", text=text("Bats are mammals.")) for c in one.claims)
        changed.append(one._replace(verifications=checked))
    return changed


def test_hostile_text_adds_no_element_and_no_attribute(tmp_path: Path) -> None:
    benign = Elements(page_of(tmp_path / "benign", filled(lambda text: f"{text} plain ")))
    hostile = Elements(page_of(tmp_path / "hostile", filled(lambda text: f"{text} {HOSTILE} ")))
    assert hostile.open == benign.open == []
    positions = ("x", "width")  # bars stand where the figures put them
    assert [(t, [a for a in attrs if a[0] not in positions]) for t, attrs in hostile.elements] == [
        (t, [a for a in attrs if a[0] not in positions]) for t, attrs in benign.elements
    ]
    assert "<script>alert(1)</script>" in "".join(hostile.text)


def test_acting_characters_are_shown_and_never_act(tmp_path: Path) -> None:
    page = page_of(tmp_path, filled(lambda text: f"{text} {HOSTILE} "))
    assert not set(page) & set("\0\x07\x1b\u202e\u2066")
    assert "⟨U+202E⟩" in page
    assert "␀" in page


def test_the_page_loads_and_runs_nothing(tmp_path: Path) -> None:
    page = page_of(tmp_path, some())
    elements = Elements(page).elements
    policies = [dict(attrs)["content"] for tag, attrs in elements if ("http-equiv", "Content-Security-Policy") in attrs]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]
    assert not {tag for tag, _ in elements} & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
    for _, attrs in elements:
        for name, value in attrs:
            assert not name.startswith("on")
            assert name != "src"
            assert name != "href" or (value or "").startswith("#")
    assert "url(" not in page
    assert "@import" not in page


@pytest.mark.parametrize("table", ["claims", "traces"])
def test_a_damaged_table_is_one_clear_line(table: str, tmp_path: Path) -> None:
    (run_of(tmp_path, some()) / f"{table}.parquet").write_bytes(b"")
    with pytest.raises(StoreError, match="are damaged") as raised:
        write_report(tmp_path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("scorer", ["builtin:", "hf:some/model"])
def test_every_column_of_figures_is_explained(scorer: str, tmp_path: Path) -> None:
    page = page_of(tmp_path, some(scorer=scorer))
    tables = page.split('<h2 id="traces">')[0]
    headings = set(re.findall(r'<td data-label="([^"]+)"', tables))
    assert {"Misled mass", "Hold, on topic"} <= headings
    assert headings == set(re.findall(r"<dt>([^<]+)</dt><dd>[^<]{20,}</dd>", tables))


def test_links_lead_to_places_on_the_page(tmp_path: Path) -> None:
    elements = Elements(page_of(tmp_path, some())).elements
    ids = [value for _, attrs in elements for name, value in attrs if name == "id"]
    links = [value for _, attrs in elements for name, value in attrs if name == "href"]
    assert len(ids) == len(set(ids))
    assert {f"#{i}" for i in ids} >= set(links)


def test_a_megabyte_in_one_trace_leaves_the_page_small_and_says_what_is_left_out(tmp_path: Path) -> None:
    long = ["word " * 210_000, *SENTENCES[1:]]
    many = [f"Sentence number {i} says little. " for i in range(3000)]
    started = time.process_time()
    page = page_of(
        tmp_path,
        [
            *some(8),
            make_audited(90, sentences=long, question="q" * 1_000_000),
            make_audited(91, verdicts=(), sentences=many, surprisals=[1.0] * 3001),
        ],
    )
    assert time.process_time() - started < 8
    assert len(page) < 400_000
    assert "more characters)" in page
    assert "more steps are not shown here" in page
    assert Elements(page).open == []


def test_the_steps_of_an_example_are_the_text_of_the_trace(tmp_path: Path) -> None:
    page = page_of(tmp_path, some())
    shown = re.findall(r'<div class="text" dir="auto">(.*?)</div>', page, re.DOTALL)
    texts = [html.unescape(re.sub(r"<sup>.*?</sup>|<[^>]+>", "", step)) for step in shown]
    assert texts == list(SENTENCES) * 12


def test_the_page_shows_the_figures_of_the_summary(tmp_path: Path) -> None:
    run = run_of(tmp_path, some(40))
    cell = read_summary(run).cells[0]
    text = " ".join("".join(Elements(write_report(run).read_text("utf-8")).text).split())
    assert isinstance(cell.accuracy, Interval)
    assert isinstance(cell.knowledge.ki, Interval)
    for measure in (cell.accuracy, cell.knowledge.ki):
        shown = f"{measure.estimate * 100:.0f}% [{measure.lower * 100:.0f}–{measure.upper * 100:.0f}]"
        assert shown in text
    assert f"{cell.graded} of {cell.traces} graded" in text
    assert "Bats" in text
    assert "our own words" in text
    assert "CC0-1.0" in text


def test_what_was_not_measured_is_said_in_words_and_never_as_a_number(tmp_path: Path) -> None:
    page = page_of(tmp_path, [make_audited(i, grade="needs_judge", verdicts=("no_corpus",)) for i in range(12)])
    text = " ".join("".join(Elements(page).text).split())
    assert "free text, needs a judge" in text
    assert "Knowledge was not measured: no corpus was given to verify against." in text
    assert "Accuracy was not measured: free text, needs a judge." in text
    for word in ("nan", "None", "inf ", "too_few", "no_corpus"):
        assert word not in text
    few = "".join(Elements(page_of(tmp_path / "few", some(3))).text)
    assert "too few questions for an interval" in few


def test_the_built_in_observer_speaks_of_commitment_only(tmp_path: Path) -> None:
    commitment = "".join(Elements(page_of(tmp_path / "b", some(scorer="builtin:"))).text)
    assert "Commitment: where the settled answer appears" in commitment
    assert commitment.lower().count("informative") == commitment.lower().count("informative gain")
    assert "commitment, never informative gain" in commitment.replace("\n", " ")
    gain = "".join(Elements(page_of(tmp_path / "h", some(scorer="hf:some/model"))).text)
    assert "Gain: what the reasoning adds" in gain
    assert "Commitment: where" not in gain


def test_the_same_run_gives_the_same_page(tmp_path: Path) -> None:
    run = run_of(tmp_path, some())
    first = write_report(run).read_bytes()
    assert write_report(run).read_bytes() == first
    assert not list(run.glob(".*"))


def test_a_missing_summary_is_made_with_the_seed_of_the_manifest(tmp_path: Path) -> None:
    run = run_of(tmp_path, some(8))
    (run / "summary.json").unlink()
    (run / "manifest.json").write_text('{"seed": 11, "models": {"verifier": {"id": "builtin:", "sha256": "ab12"}}}')
    assert "builtin: (sha256 ab12" in write_report(run).read_text("utf-8")
    assert read_summary(run).seed == 11


def test_an_empty_run_has_a_page_too(tmp_path: Path) -> None:
    assert "The run holds no traces." in page_of(tmp_path, [])


def test_a_folder_that_is_no_finished_run_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no finished audit"):
        write_report(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(StoreError, match=r"manifest\.json cannot be read"):
        write_report(tmp_path)


def test_examples_are_spread_over_grades_models_and_benchmarks(tmp_path: Path) -> None:
    audited = [
        make_audited(
            i,
            grade="correct" if i % 10 else GRADES[i // 10 % 3],
            model=("owl", "finch", "wren")[i % 3],
            benchmark=("animals", "plants")[i % 2],
        )
        for i in range(300)
    ]
    run = run_of(tmp_path / "a", audited)
    chosen = choose_examples(run, seed=1)
    kept = {a.trace.trace_id: a for a in audited}
    assert len(set(chosen)) == 12
    assert {kept[c].trace.model for c in chosen} == {"owl", "finch", "wren"}
    assert {kept[c].trace.benchmark for c in chosen} == {"animals", "plants"}
    assert {kept[c].grade.outcome for c in chosen} == {"correct", "incorrect", "no_answer"}
    assert choose_examples(run_of(tmp_path / "b", audited[::-1]), seed=1) == chosen
    assert choose_examples(run, seed=2) != chosen
