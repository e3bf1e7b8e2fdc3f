"""The page: complete, self-contained, honest about what is missing, and inert whatever a trace holds."""

import base64
import hashlib
import re
import time
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs

import polars as pl
import pytest
from page_contents import Elements, index_of, overview_of, traces_of, words_of

from knowreason.errors import StoreError
from knowreason.frame import Audited, read_summary, write_summary
from knowreason.records import Interval
from knowreason.report import write_report
from knowreason.report.shell import MODULES, joined
from knowreason.report.text import visible
from knowreason.report.traces import mark_of
from made_records import SENTENCES, make_audited, make_tables, make_verification

HOSTILE = (
    "<script>alert(1)</script></style></title><img src=x onerror=alert(1)>\" ' onmouseover='x' {{ 7*7 }} {% if %}"
    "<!-- ]]> --></details></main>\u202egnirts\u2066\u2028\0\x1b[31m\x07&lt;b&gt; ${x} javascript:alert(1) `;//"
)
VERDICTS = [("supported", "refuted"), ("not_enough_info", "supported"), ("no_corpus",), ()]
GRADES = ["correct", "incorrect", "no_answer", "needs_judge"]


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


def policy_of(page: str) -> str:
    found = [dict(a)["content"] for t, a in Elements(page).elements if ("http-equiv", "Content-Security-Policy") in a]
    assert len(found) == 1
    return found[0] or ""


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


def test_hostile_text_adds_no_element_and_no_attribute(tmp_path: Path) -> None:
    benign = Elements(page_of(tmp_path / "benign", filled(lambda text: f"{text} plain ")))
    hostile = Elements(page_of(tmp_path / "hostile", filled(lambda text: f"{text} {HOSTILE} ")))
    assert hostile.open == benign.open == []
    assert hostile.elements == benign.elements
    assert hostile.text == benign.text


def test_hostile_text_is_kept_as_text_and_never_acts(tmp_path: Path) -> None:
    page = page_of(tmp_path, filled(lambda text: f"{text} {HOSTILE} "))
    assert not set(page) & set("\0\x07\x1b\u202e\u2066\u2028")
    assert "<script>alert(1)</script>" not in page
    said = words_of(page) + str(traces_of(page)) + str(index_of(page))
    assert "<script>alert(1)</script>" in said
    assert "⟨U+202E⟩gnirts⟨U+2066⟩" in said
    assert "␀" in said


def test_the_policy_allows_the_scripts_and_the_style_of_the_page_and_nothing_else(tmp_path: Path) -> None:
    page = page_of(tmp_path, some())
    policy = policy_of(page)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "connect-src" not in policy
    run = [text for attrs, text in Elements(page).scripts if "type" not in attrs]
    style = re.search(r"<style>(.*?)</style>", page, re.S)
    assert style is not None
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(t.encode()).digest()).decode()}'" for t in [*run, style[1]]]
    assert re.findall(r"'sha256-[^']+'", policy) == hashes


def test_the_page_loads_nothing_and_has_no_inline_handler(tmp_path: Path) -> None:
    page = page_of(tmp_path, some())
    elements = Elements(page).elements
    assert not {tag for tag, _ in elements} & {"link", "img", "iframe", "object", "embed", "form", "base"}
    for _, attrs in elements:
        for name, value in attrs:
            assert not name.startswith("on")
            assert name not in ("src", "style")
            assert name != "href" or (value or "").startswith("#")
    assert "url(" not in page
    assert "@import" not in page
    assert "innerHTML" not in page


def test_modules_are_joined_only_where_each_stands_after_what_it_imports() -> None:
    assert joined(MODULES).startswith('"use strict";')
    with pytest.raises(ValueError, match=r"data\.js imports dom\.js"):
        joined(("data", "dom"))


@pytest.mark.parametrize("table", ["claims", "traces"])
def test_a_damaged_table_is_one_clear_line(table: str, tmp_path: Path) -> None:
    (run_of(tmp_path, some()) / f"{table}.parquet").write_bytes(b"")
    with pytest.raises(StoreError, match="are damaged") as raised:
        write_report(tmp_path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("scorer", ["builtin:", "hf:some/model"])
def test_every_column_of_figures_is_explained(scorer: str, tmp_path: Path) -> None:
    page = overview_of(page_of(tmp_path, some(scorer=scorer)))
    tables = [page["main"], *(table for title, _, table in page["tables"] if title.startswith(("Ans", "Com", "Gain")))]
    assert len(tables) == 3
    for table in tables:
        assert table["headings"] == [heading for heading, said in table["terms"] if len(said) > 20]


def test_a_figure_links_to_just_the_traces_that_it_rests_on(tmp_path: Path) -> None:
    audited = [
        *some(16),
        *(make_audited(50 + i, model="owl & co", benchmark="fish?#", grade="correct") for i in range(9)),
    ]
    page = page_of(tmp_path, audited)
    index, groups = index_of(page), overview_of(page)["main"]["groups"]
    for group in groups:
        for row in group["rows"]:
            wanted = {name: values[0] for name, values in parse_qs(row["link"].partition("?")[2]).items()}
            model, benchmark = index["models"].index(wanted["model"]), index["benchmarks"].index(wanted["benchmark"])
            traces = sum(m == model and b == benchmark for m, b in zip(index["model"], index["benchmark"], strict=True))
            assert row["note"] == f"{traces} traces"


def test_counts_of_what_was_not_measured_are_those_of_the_traces_that_their_links_show(tmp_path: Path) -> None:
    page = page_of(tmp_path, some())
    index, groups = index_of(page), overview_of(page)["counts"]
    traces = [g for g in groups if "claims left open" not in g["title"]]
    assert len(traces) >= 2
    for row in (row for group in traces for row in group["rows"]):
        ((name, (value,)),) = parse_qs(row["link"].partition("?")[2]).items()
        if name == "integrity":
            found = index["integrity"].count(index["integrities"].index(value))
        else:
            found = sum(index["reasons"].index(value) in why for why in index["why"])
        assert row["count"] == found


def test_a_megabyte_in_one_trace_leaves_the_page_small_and_says_what_is_left_out(tmp_path: Path) -> None:
    long = ["word " * 210_000, *SENTENCES[1:]]
    many = [f"Sentence number {i} says little. " for i in range(5000)]
    started = time.process_time()
    page = page_of(
        tmp_path,
        [
            *some(8),
            make_audited(90, sentences=long, question="q" * 1_000_000),
            make_audited(91, verdicts=(), sentences=many, surprisals=[1.0] * 5001),
        ],
    )
    assert time.process_time() - started < 10
    assert len(page) < 600_000
    traces = {trace["id"]: trace for trace in traces_of(page)}
    assert "more characters)" in traces["t0090"]["steps"][0][0][-1][0]
    assert "more characters)" in traces["t0090"]["question"]
    assert traces["t0091"]["leftOut"] == 1000


def test_the_steps_of_a_trace_are_its_own_text(tmp_path: Path) -> None:
    audited = [
        *some(),
        make_audited(70, sentences=["α 👩‍⚕️ β. ", "¿Qué? ", "Second. ", "Last."], verdicts=("supported",)),
    ]
    shown = {
        t["id"]: "".join(p for step in t["steps"] for p, _ in step[0]) for t in traces_of(page_of(tmp_path, audited))
    }
    assert shown == {one.trace.trace_id: visible(one.trace.reasoning) for one in audited}


def test_claims_stand_where_they_were_found_with_their_passages_cut_at_the_span(tmp_path: Path) -> None:
    run = run_of(tmp_path, some(4))
    evidence = pl.read_parquet(run / "evidence.parquet")
    whole = "Before it. Bats are mammals. After it."
    kept = evidence.with_columns(passage=pl.lit(whole), passage_start=pl.lit(5, pl.Int64), start=pl.lit(16, pl.Int64))
    kept.write_parquet(run / "evidence.parquet")
    trace = next(t for t in traces_of(write_report(run).read_text("utf-8")) if t["id"] == "t0000")
    marked = [(text, trace["claims"][claim][1]) for step in trace["steps"] for text, claim in step[0] if claim >= 0]
    assert marked == [(SENTENCES[0].strip(), SENTENCES[0].strip()), (SENTENCES[1].strip(), SENTENCES[1].strip())]
    assert trace["claims"][0][5][0][:3] == ["Before it. ", "Bats are mammals.", " After it."]


def test_evidence_of_an_older_run_without_passages_is_shown_too(tmp_path: Path) -> None:
    run = run_of(tmp_path, some(4))
    pl.read_parquet(run / "evidence.parquet").drop("passage", "passage_start").write_parquet(run / "evidence.parquet")
    trace = next(t for t in traces_of(write_report(run).read_text("utf-8")) if t["id"] == "t0000")
    assert trace["claims"][0][5][0][:3] == ["", "Bats are mammals.", ""]


def test_a_step_is_misleading_only_where_it_loses_much_and_confident_only_where_entropy_falls_too() -> None:
    before = {"gain": 0.0, "entropy": 1.0}
    assert mark_of({"gain": -0.2, "entropy": 0.1}, before) == ""
    assert mark_of({"gain": -0.3, "entropy": 0.95}, before) == "misled"
    assert mark_of({"gain": -0.3, "entropy": 0.5}, before) == "confident_wrong"
    assert mark_of({"gain": -0.3, "entropy": None}, before) == "misled"
    assert mark_of({"gain": None, "entropy": 0.5}, None) == ""
    assert mark_of(None, before) == ""


def test_a_run_too_large_for_one_file_keeps_whole_questions_and_says_how_many(tmp_path: Path) -> None:
    audited = [
        make_audited(2 * i + m, question_key=f"k{i}", model=("owl", "finch")[m]) for i in range(120) for m in range(2)
    ]
    run = run_of(tmp_path, audited)
    whole = index_of(write_report(run).read_text("utf-8"))
    assert min(whole["block"]) == 0
    page = write_report(run, most_bytes=9_000).read_text("utf-8")
    index, held = index_of(page), {trace["id"] for trace in traces_of(page)}
    assert 0 < len(held) < 240
    assert {i for i, block in zip(index["id"], index["block"], strict=True) if block >= 0} == held
    assert index["total"] == len(index["id"]) == 240
    by_question: dict[int, set[bool]] = {}
    for one, question in zip(index["id"], index["question"], strict=True):
        by_question.setdefault(question, set()).add(one in held)
    assert all(len(states) == 1 for states in by_question.values())


def test_the_page_shows_the_figures_of_the_summary(tmp_path: Path) -> None:
    run = run_of(tmp_path, some(40))
    cell = read_summary(run).cells[0]
    text = words_of(write_report(run).read_text("utf-8"))
    assert isinstance(cell.accuracy, Interval)
    assert isinstance(cell.knowledge.ki, Interval)
    for measure in (cell.accuracy, cell.knowledge.ki):
        assert f"{measure.estimate * 100:.0f}% [{measure.lower * 100:.0f}–{measure.upper * 100:.0f}]" in text
    assert f"{cell.graded} of {cell.traces} graded" in text


def test_what_was_not_measured_is_said_in_words_and_never_as_a_number(tmp_path: Path) -> None:
    page = page_of(tmp_path, [make_audited(i, grade="needs_judge", verdicts=("no_corpus",)) for i in range(12)])
    said = overview_of(page)
    text = " ".join([*(s for v in said["verdicts"] for s in v["sentences"]), str(said["main"]), str(said["counts"])])
    assert "free text, needs a judge" in text
    assert "Knowledge was not measured: no corpus was given to verify against." in text
    assert "Accuracy was not measured: free text, needs a judge." in text
    assert "No claim was verified" in said["trust"]["headline"]
    for word in ("nan", "inf ", "too_few"):
        assert word not in text
    assert "too few questions for an interval" in words_of(page_of(tmp_path / "few", some(3)))


def test_the_built_in_observer_speaks_of_commitment_only(tmp_path: Path) -> None:
    commitment = words_of(page_of(tmp_path / "b", some(scorer="builtin:")))
    assert "Commitment: where the settled answer appears" in commitment
    main = overview_of(page_of(tmp_path / "c", some(scorer="builtin:")))["main"]
    assert "informative" not in str(main["headings"]).lower() + str(main["terms"]).lower()
    assert "commitment, never informative gain" in commitment
    gain = words_of(page_of(tmp_path / "h", some(scorer="hf:some/model")))
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
    assert "builtin: (sha256 ab12" in words_of(write_report(run).read_text("utf-8"))
    assert read_summary(run).seed == 11


def test_an_empty_run_has_a_page_too(tmp_path: Path) -> None:
    page = page_of(tmp_path, [])
    assert overview_of(page)["empty"] is True
    assert index_of(page)["id"] == []


def test_a_folder_that_is_no_finished_run_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no finished audit"):
        write_report(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(StoreError, match=r"manifest\.json cannot be read"):
        write_report(tmp_path)


def test_commands_to_reproduce_name_files_without_their_folders(tmp_path: Path) -> None:
    run = run_of(tmp_path, some(4))
    (run / "manifest.json").write_text(
        '{"arguments": {"sources": [["/srv/ann/secret/a b.jsonl", "base"]], "knowledge": ["/data/notes.jsonl"], '
        '"limit": 40, "where": {"domain": ["law", "tax"]}, '
        '"settings": {"base": {"lineage": "x"}, "*": {"domain": "law"}}}}'
    )
    page = write_report(run).read_text("utf-8")
    assert "secret" not in words_of(page)
    assert (
        "knowreason audit 'base=a b.jsonl' --knowledge notes.jsonl --where domain=law,tax --set base.lineage=x "
        "--set domain=law --limit 40 --out RUN"
    ) in overview_of(page)["methods"]["commands"]


def test_what_is_not_our_own_on_the_page_is_what_its_readme_says() -> None:
    vendor = files("knowreason.report").joinpath("web", "vendor")
    rows = re.findall(r"^\| (d3-\w+) \| [\d.]+ \| (\w{64}) \|$", vendor.joinpath("README.md").read_text("utf-8"), re.M)
    assert {f"{name}.min.js" for name, _ in rows} == {f.name for f in vendor.iterdir() if f.name.endswith(".js")}
    for name, digest in rows:
        assert hashlib.sha256(vendor.joinpath(f"{name}.min.js").read_bytes()).hexdigest() == digest
        assert "Permission to use, copy, modify" in vendor.joinpath(f"{name}.LICENSE").read_text("utf-8")
