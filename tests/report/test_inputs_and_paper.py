"""What happened to the inputs is said in both reports; the published figures stand apart, and only when asked for."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pytest
from page_contents import words_of
from rich.console import Console
from typer.testing import CliRunner

from knowreason.cli import app
from knowreason.frame import Audited, read_summary, write_summary
from knowreason.records import TraceGain, Unscored
from knowreason.report import print_summary, write_report
from made_records import make_audited, make_tables

ADVICE = "owl (base): 9 of 20 traces with cut-off reasoning; --gen_kwargs max_gen_toks=16384"


def run_of(folder: Path, audited: Sequence[Audited], manifest: Mapping[str, object] | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    for name, table in make_tables(audited).items():
        table.write_parquet(folder / f"{name}.parquet")
    (folder / "manifest.json").write_text(json.dumps(manifest or {}))
    return folder


def both(run: Path) -> tuple[str, str]:
    """The terminal's text and all that the page says, white space taken out."""
    page = words_of(write_report(run).read_text("utf-8"))
    stream = io.StringIO()
    print_summary(run, Console(file=stream, width=100))
    return " ".join(stream.getvalue().split()), page


def audited(count: int = 20, **changes: object) -> list[Audited]:
    return [make_audited(i, **changes) for i in range(count)]  # type: ignore[arg-type]


def trained_on(some: Audited) -> Audited:
    gain = TraceGain(
        trace_id=some.trace.trace_id,
        outcome=Unscored(reason="trained_on_question"),
        confident_wrong=None,
        answer_space="options",
    )
    return some._replace(gain=gain)


MEASURED = {
    "claims": "claims that a gardener labelled",
    "true": 80,
    "false": 40,
    "true_called_supported": 0.61,
    "true_called_refuted": 0.04,
    "false_called_refuted": 0.35,
    "false_called_supported": 0.2,
    "auroc": 0.78,
}


def test_how_often_the_verifier_errs_stands_beside_its_verdicts(tmp_path: Path) -> None:
    for shown in both(run_of(tmp_path / "measured", audited(), {"reliability": [MEASURED]})):
        assert "claims that a gardener labelled (120)" in shown
        assert "61% of the true ones supported and 4% refuted, 35% of the false ones refuted" in shown
        assert "bends every share" in shown
        assert "little better than chance" not in shown
    for shown in both(run_of(tmp_path / "chance", audited(), {"reliability": [MEASURED, MEASURED | {"auroc": 0.6}]})):
        assert "little better than chance" in shown
    for shown in both(
        run_of(tmp_path / "good", audited(), {"reliability": [MEASURED | {"false_called_refuted": 0.9}]})
    ):
        assert "bends every share" not in shown
    for shown in both(run_of(tmp_path / "unmeasured", audited())):
        assert "How often this verifier errs was not measured" in shown


def test_rejected_lines_and_advice_are_said_in_both_reports(tmp_path: Path) -> None:
    run = run_of(tmp_path, audited(), {"counts": {"traces": 20, "read_issues": 1203}, "advice": [ADVICE]})
    terminal, page = both(run)
    for shown in (terminal, page):
        assert "1,203 input lines were not used" in shown
        assert "read_issues.jsonl" in shown
        assert ADVICE in shown
    assert str(tmp_path) in terminal.replace(" ", "")
    assert str(tmp_path) not in page


def test_where_nothing_was_lost_nothing_is_said(tmp_path: Path) -> None:
    for shown in both(run_of(tmp_path, audited(), {"counts": {"read_issues": 0}, "advice": []})):
        assert "not used" not in shown
        assert "Reasoning lost" not in shown


@pytest.mark.parametrize("manifest", [{}, {"counts": 3, "advice": "text"}, {"counts": {"read_issues": "many"}}])
def test_a_manifest_without_these_facts_is_no_obstacle(tmp_path: Path, manifest: dict[str, object]) -> None:
    for shown in both(run_of(tmp_path, audited(6), manifest)):
        assert "not used" not in shown


def test_hostile_advice_stays_text(tmp_path: Path) -> None:
    hostile = "\x1b[31m<script>alert(1)</script> [bold]x[/bold]\u202e"
    run = run_of(tmp_path, audited(6), {"advice": [hostile]})
    stream = io.StringIO()
    page = write_report(run).read_text("utf-8")
    print_summary(run, Console(file=stream, width=100))
    assert "<script>alert" not in page
    assert "<script>alert(1)</script>" in words_of(page)
    assert "\u202e" not in page + stream.getvalue()
    assert "\x1b" not in stream.getvalue()
    assert "[bold]x[/bold]" in stream.getvalue()


def test_questions_that_trained_the_observer_are_explained_with_their_share(tmp_path: Path) -> None:
    some = audited(16, scorer="builtin:")
    terminal, page = both(run_of(tmp_path, [trained_on(a) if i < 4 else a for i, a in enumerate(some)]))
    for shown in (terminal, page):
        assert "The observer was trained on questions of animals: 4 of 16 traces there (25%)" in shown
        assert "Grades and claims are measured on all" in shown
        assert "trained_on_question" not in shown
    assert "commitment, never informative gain" in terminal


def test_surprisals_on_two_scales_are_told_apart(tmp_path: Path) -> None:
    some = audited(16, scorer="hf:owl")
    by_tokens = [over_tokens(a) for a in some]
    for shown in both(run_of(tmp_path / "mixed", [*some[:6], *by_tokens[6:]])):
        assert "over the options in 6 traces and over the answer's own tokens in 10 traces" in shown
        assert "a mean over both says little" in shown
    for same in (some, by_tokens):
        for shown in both(run_of(tmp_path / "same", same)):
            assert "different scales" not in shown
    assert read_summary(tmp_path / "same").cells[0].gain.total is not None


def over_tokens(some: Audited) -> Audited:
    gain = some.gain
    assert not isinstance(gain.outcome, Unscored)
    bare = tuple(msgspec.structs.replace(g, entropy=None) for g in gain.outcome)
    changes = {"outcome": bare, "confident_wrong": None, "answer_space": "tokens", "answer_tokens": 3}
    return some._replace(gain=msgspec.structs.replace(gain, **changes))


def test_the_published_figures_have_a_block_of_their_own_and_say_why_they_mislead(tmp_path: Path) -> None:
    run = run_of(tmp_path, audited(paper=True, scorer="builtin:"), {"arguments": {"paper": True}})
    for shown in both(run):
        assert "Published formulas, for comparison only" in shown
        assert "cut into twice as many steps scores half" in shown
        assert "a trace that states no fact at all scores 1" in shown
        assert "those of commitment" in shown
        assert "75% [" in shown  # one of two decided steps holds, two steps have no claim: (1 + 0 + 1 + 1) / 4
    assert read_summary(run).cells[0].paper is not None


def test_without_being_asked_for_they_are_nowhere(tmp_path: Path) -> None:
    for shown in both(run_of(tmp_path, audited(paper=True), {"arguments": {"paper": False}})):
        assert "ublished" not in shown


def test_the_page_shows_gain_per_100_tokens_beside_steps_and_tokens(tmp_path: Path) -> None:
    _, page = both(run_of(tmp_path / "c", audited(scorer="hf:some/model")))
    assert "Informative, per 100 tokens" in page
    assert "4.0 steps, 18.0 tokens before the statement" in page
    _, builtin = both(run_of(tmp_path / "b", audited(scorer="builtin:")))
    assert "Before any answer is named, per 100 tokens" in builtin


def test_json_is_all_that_a_machine_reads(tmp_path: Path) -> None:
    manifest = {"counts": {"read_issues": 3}, "advice": [ADVICE]}
    runs = [run_of(tmp_path / name, audited(8), manifest) for name in ("a", "b")]
    one = CliRunner().invoke(app, ["report", str(runs[0]), "--json"])
    two = CliRunner().invoke(app, ["report", *map(str, runs), "--json"])
    assert one.exit_code == two.exit_code == 0
    summary = json.loads((runs[0] / "summary.json").read_text("utf-8"))
    assert json.loads(one.stdout) == summary
    assert json.loads(two.stdout) == [summary, json.loads((runs[1] / "summary.json").read_text("utf-8"))]


def test_long_names_keep_both_ends_so_that_models_stay_apart(tmp_path: Path) -> None:
    stem = "an-organisation/a-model-with-a-name-that-goes-on-and-on-for-more-than-sixty-characters"
    models = [
        *audited(6, model=f"{stem}-step-100"),
        *(make_audited(50 + i, model=f"{stem}-step-200") for i in range(6)),
    ]
    terminal, page = both(run_of(tmp_path, models))
    for step in ("step-100", "step-200"):
        assert step in terminal.replace(" ", "")
        assert f"{stem}-{step}" in page


def test_tables_stay_within_a_hundred_columns(tmp_path: Path) -> None:
    long = audited(
        8, paper=True, model="an-organisation/a-very-long-name-of-a-model-70B", surprisals=(60.0, 3, 50, 1, 0)
    )
    run = run_of(tmp_path, long, {"arguments": {"paper": True}, "advice": [ADVICE * 5], "counts": {"read_issues": 2}})
    write_summary(run, paper=True)
    stream = io.StringIO()
    print_summary(run, Console(file=stream, width=100))
    assert max(map(len, stream.getvalue().splitlines())) <= 100
