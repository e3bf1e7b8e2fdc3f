"""Several scorers: what each saw, how far they agree, and who is related to whom."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from knowreason.frame import Audited, summarise, write_summary
from knowreason.records import Gain, Interval, TraceGain, Unscored
from knowreason.report import write_report
from knowreason.report.terminal import print_summary
from made_records import make_audited, make_tables


def surprisals(rng: np.random.Generator) -> tuple[float, ...]:
    return tuple(float(v) for v in rng.uniform(0, 3, 5))


def planted(
    count: int = 30, *, noise: float = 0.0, scorer: str = "hf:one", other: str = "hf:two", **changes: object
) -> list[Audited]:
    """The second scorer sees what the first does, on a scale of its own, with noise."""
    rng = np.random.default_rng(0)
    found: list[Audited] = []
    for number in range(count):
        own = surprisals(rng)
        told = tuple(3 * v + float(rng.normal(0, noise or 1e-12)) for v in own)
        found.append(make_audited(number, surprisals=own, scorer=scorer, others={other: told}, **changes))  # type: ignore[arg-type]
    return found


def test_scorers_that_see_the_same_agree_whatever_their_scales() -> None:
    summary = summarise(make_tables(planted()), draws=200)
    (found,) = summary.agreement
    assert (found.scorers, found.compares) == (("hf:one", "hf:two"), "gain with gain")
    assert (found.traces, found.left_out) == (30, 0)
    for measure in (found.steps, found.total, found.informative):
        assert isinstance(measure, Interval)
        assert measure.estimate == pytest.approx(1.0)
        assert measure.n == 30


def test_noise_lowers_the_agreement_and_it_is_never_outside_its_interval() -> None:
    clear, noisy = (summarise(make_tables(planted(60, noise=n)), draws=300).agreement[0] for n in (0.5, 8.0))
    for name in ("steps", "total", "informative"):
        high, low = getattr(clear, name), getattr(noisy, name)
        assert isinstance(high, Interval)
        assert isinstance(low, Interval)
        assert high.lower > low.upper
        assert low.lower <= low.estimate <= low.upper


def test_gains_of_each_scorer_are_means_over_its_own_traces() -> None:
    audited = planted()
    (other,) = summarise(make_tables(audited), draws=200).others
    told = [one.others[0][1].outcome for one in audited]
    totals = [g[0].surprisal - g[-1].surprisal for g in told if not isinstance(g, Unscored)]
    assert isinstance(other.total, Interval)
    assert other.total.estimate == pytest.approx(float(np.mean(totals)))
    assert (other.scorer, other.means, other.model, other.traces) == ("hf:two", "gain", "owl", 30)
    parts = [sum(s.gain or 0.0 for s in g if s.part == "informative") for g in told if not isinstance(g, Unscored)]
    assert isinstance(other.informative, Interval)
    assert other.informative.estimate == pytest.approx(float(np.mean(parts)))


def test_the_first_scorer_stands_where_it_stood() -> None:
    several, alone = planted(), [one._replace(others=()) for one in planted()]
    one, other = (summarise(make_tables(some), draws=200) for some in (several, alone))
    assert one.cells == other.cells
    assert one.instruments == other.instruments
    assert (other.others, other.agreement) == ((), ())


def test_fewer_than_twenty_questions_are_refused() -> None:
    (found,) = summarise(make_tables(planted(19)), draws=200).agreement
    for measure in (found.steps, found.total, found.informative):
        assert isinstance(measure, Unscored)
        assert measure.reason == "too_few"


def test_traces_on_another_scale_or_unscored_are_left_out_and_counted() -> None:
    audited = planted(30)
    for place, changes in ((0, {"answer_space": "tokens"}), (1, None)):
        name, gain = audited[place].others[0]
        new = _changed(gain, changes)
        audited[place] = audited[place]._replace(others=((name, new),))
    (found,) = summarise(make_tables(audited), draws=200).agreement
    assert (found.traces, found.left_out) == (28, 2)


def _changed(gain: TraceGain, changes: dict[str, str] | None) -> TraceGain:
    fields = {name: getattr(gain, name) for name in gain.__struct_fields__}
    return TraceGain(**{**fields, **(changes or {"outcome": Unscored(reason="context_too_long")})})


@pytest.mark.parametrize(
    ("scorer", "other", "compares"),
    [
        ("builtin:1", "hf:two", "commitment with gain"),
        ("hf:one", "builtin:1", "commitment with gain"),
        ("builtin:1", "builtin:2", "commitment with commitment"),
    ],
)
def test_commitment_beside_gain_is_compared_by_order_alone_and_labelled(scorer: str, other: str, compares: str) -> None:
    summary = summarise(make_tables(planted(scorer=scorer, other=other)), draws=200)
    (found,) = summary.agreement
    assert found.compares == compares
    assert isinstance(found.steps, Interval)
    assert isinstance(found.total, Interval)
    assert found.informative == Unscored(reason="observer_reads_commitment_only")
    if other.startswith("builtin:"):
        assert summary.others[0].informative == Unscored(reason="observer_reads_commitment_only")


def test_three_scorers_make_three_pairs() -> None:
    audited = [one._replace(others=(*one.others, ("hf:zoo", one.gain))) for one in planted()]
    summary = summarise(make_tables(audited), draws=100)
    pairs = [found.scorers for found in summary.agreement]
    assert pairs == [("hf:one", "hf:two"), ("hf:one", "hf:zoo"), ("hf:two", "hf:zoo")]


def test_a_second_scorer_without_any_figure_is_said_and_not_lost() -> None:
    unread = [one._replace(others=(("hf:two", _changed(one.gain, None)),)) for one in planted()]
    summary = summarise(make_tables(unread), draws=100)
    (found,) = summary.agreement
    assert (found.traces, found.left_out) == (0, 30)
    assert isinstance(found.total, Unscored)


@pytest.mark.parametrize(
    ("scorer", "model", "architectures", "seen"),
    [
        ("hf:qwen2.5-1.5b", "Qwen2.5-7B", {}, ("qwen", "name")),
        ("hf:mine", "Qwen2.5-7B", {"hf:mine": "qwen2"}, ("qwen", "architecture")),
        ("hf:mine", "Qwen2.5-7B", {"hf:mine": "llama"}, None),
        ("openai:judge@https://api.mistral.example/v1", "mistral-7b", {}, None),
        ("hf:llama-3", "finch", {}, None),
    ],
)
def test_a_scorer_of_the_scored_models_family_is_named(
    scorer: str, model: str, architectures: dict[str, str], seen: tuple[str, str] | None
) -> None:
    tables = make_tables([make_audited(n, scorer=scorer, model=model) for n in range(6)])
    found = summarise(tables, draws=50, architectures=architectures).shared_families
    assert [(f.family, f.seen_in) for f in found] == ([seen] if seen else [])


def test_a_model_is_also_what_it_was_tuned_from() -> None:
    tables = make_tables([make_audited(n, scorer="hf:qwen3", model="medic", lineage="Qwen2.5-7B") for n in range(6)])
    assert [f.family for f in summarise(tables, draws=50).shared_families] == ["qwen"]


def run_of(folder: Path, audited: Sequence[Audited]) -> Path:
    for name, table in make_tables(audited).items():
        table.write_parquet(folder / f"{name}.parquet")
    write_summary(folder, draws=100)
    return folder


def test_terminal_and_page_show_scorers_their_agreement_and_the_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_of(tmp_path, planted(noise=1.0, scorer="hf:qwen-a", model="qwen-med", variant=""))
    print_summary(run)
    shown = " ".join(capsys.readouterr().out.split())
    assert "Several scorers" in shown
    assert "animals: hf:qwen-a and hf:two order the steps of a trace alike to 0." in shown
    assert "traces by informative gain 0." in shown
    assert "Warning hf:qwen-a scores qwen-med of its own family (qwen, by its name)" in shown
    page = write_report(run).read_text("utf-8")
    assert '"Several scorers"' in page
    assert '"How far scorers agree"' in page
    assert "hf:qwen-a and hf:two" in page
    assert "of its own family (qwen, by its name)" in page


def test_one_scorer_shows_no_such_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = run_of(tmp_path, [one._replace(others=()) for one in planted()])
    print_summary(run)
    assert "Several scorers" not in capsys.readouterr().out
    assert "Several scorers" not in write_report(run).read_text("utf-8")


def test_steps_without_a_part_have_no_informative_gain_for_any_scorer() -> None:
    def partless(gain: TraceGain) -> TraceGain:
        assert not isinstance(gain.outcome, Unscored)
        bare = tuple(
            Gain(step=g.step, surprisal=g.surprisal, gain=g.gain, part=None, entropy=g.entropy) for g in gain.outcome
        )
        return _changed(gain, {"outcome": bare})  # type: ignore[dict-item]

    audited = [one._replace(others=tuple((n, partless(g)) for n, g in one.others)) for one in planted()]
    (other,) = summarise(make_tables(audited), draws=100).others
    assert isinstance(other.informative, Unscored)
    assert isinstance(other.total, Interval)
