"""`python -m knowreason.train.gates REPORT...`: what was asked of the built-in instrument, and what it does.

Each report is what `evaluate` wrote for one seed. A bar is met if every seed's estimate is on its right side; the
interval beside an estimate is over claims, documents or questions, not over seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from knowreason.train.scoreboard import shown

Report = Mapping[str, Any]
QUARTERS = ("quarter_0.25", "quarter_0.5", "quarter_0.75", "quarter_1")
UNSEEN = "observer/unseen_models"
BASELINES = ("overlap", "cosine", "claim_only")


class Gate(NamedTuple):
    """One bar: the name of the test, the place of its figure in a report, the bar, and whether it is an upper one."""

    test: str
    figure: str
    place: str
    bar: float
    most: bool = False
    stretch: float | None = None


GATES = (
    *(
        Gate("planted, source present", name, f"planted_errors/present/{key}", bar, stretch=stretch)
        for name, key, bar, stretch in (
            ("AUROC", "auroc_supported_refuted", 0.90, 0.95),
            ("sensitivity", "sensitivity", 0.85, 0.90),
            ("specificity", "specificity", 0.85, 0.90),
        )
    ),
    Gate("planted, source removed", "abstains", "planted_errors/removed/abstention", 0.85, stretch=0.92),
    Gate(
        "planted, source removed", "true called refuted", "planted_errors/removed/true_called_refuted", 0.05, True, 0.02
    ),
    Gate("subjects never trained on", "macro-F1", "topic_claims/own_passage/macro_f1", 0.75, stretch=0.85),
    Gate("subjects never trained on", "AUROC", "topic_claims/own_passage/auroc_supported_refuted", 0.88, stretch=0.94),
    Gate("SciFact dev", "macro-F1", "human_claims/scifact_dev/macro_f1", 0.55, stretch=0.65),
    Gate("SciFact dev", "AUROC", "human_claims/scifact_dev/auroc_supported_refuted", 0.70, stretch=0.80),
    Gate("HealthVer test", "macro-F1", "human_claims/healthver_test/macro_f1", 0.42, stretch=0.50),
    Gate("HealthVer test", "AUROC", "human_claims/healthver_test/auroc_supported_refuted", 0.62, stretch=0.70),
    Gate("COVID-Fact test", "AUROC", "human_claims/covidfact_test/auroc_supported_refuted", 0.65, stretch=0.75),
    Gate("observer before the statement", "top-1", f"{UNSEEN}/cuts/quarter_1/top1", 0.70, stretch=0.78),
    Gate("observer before the statement", "above string rules", f"{UNSEEN}/cuts/quarter_1/top1_above_rule", 0.06),
    *(
        Gate(
            "observer before the statement",
            f"above string rules, {name}",
            f"{UNSEEN}/domains/{name}/top1_above_rule",
            0,
        )
        for name in ("biology", "math", "medicine", "physics")
    ),
    Gate("observer before the statement", "log-loss", f"{UNSEEN}/cuts/quarter_1/log_loss", 1.05, True),
    *(
        Gate(
            f"observer, {cut.replace('_', ' ')}",
            "calibration error",
            f"{UNSEEN}/cuts/{cut}/calibration_error",
            0.05,
            True,
        )
        for cut in QUARTERS
    ),
    *(
        Gate(
            f"observer, {cut.replace('_', ' ')}",
            "log-loss above no text",
            f"{UNSEEN}/cuts/{cut}/log_loss_above_no_text",
            0,
            True,
        )
        for cut in QUARTERS[:2]
    ),
    Gate(
        "observer before the content",
        "AUROC",
        f"{UNSEEN}/before_content/auroc_correct_by_gold_gain",
        0.65,
        stretch=0.75,
    ),
    Gate("observer before the content", "own-answer gain", f"{UNSEEN}/before_content/own_answer_gain", 0.15),
    *(
        Gate(
            f"observer, {text}",
            "beyond half a nat",
            f"{UNSEEN}/empty_text/{key}/own_answer_gain_beyond_half_a_nat",
            0.03,
            True,
            0.01,
        )
        for text, key in (("filler", "filler"), ("another question's text", "other"))
    ),
    Gate("int8 file", "pairs with the likeliest label of fp32", "file/int8_against_fp32/pair_argmax_agreement", 0.97),
    Gate("int8 file", "macro-F1 below fp32", "file/int8_against_fp32/macro_f1_drop", 0.01, True),
    Gate("int8 file", "pairs a second, one core", "file/int8_against_fp32/speed/pairs/int8_a_second", 40, stretch=80),
    Gate("int8 file", "difference in a batch", "file/largest_difference_in_a_batch/pairs", 1e-4, True),
    Gate("int8 file", "difference in a batch, nats", "file/largest_difference_in_a_batch/observations", 1e-4, True),
)


class Row(NamedTuple):
    """A gate with what each seed's report says of it; None where a report does not hold it."""

    gate: Gate
    found: list[dict[str, Any] | None]
    beside: dict[str, dict[str, Any]]

    @property
    def estimates(self) -> list[float]:
        """The estimates that there are."""
        return [one["estimate"] for one in self.found if one is not None and "estimate" in one]

    @property
    def met(self) -> str:
        """ "yes" or "no" over all seeds; "not measured" where one lacks it."""
        if len(self.estimates) < len(self.found):
            return "not measured"
        right = [one <= self.gate.bar if self.gate.most else one >= self.gate.bar for one in self.estimates]
        return "yes" if all(right) else "no" if not any(right) else f"{sum(right)} of {len(right)}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table of all gates."""
    parser = argparse.ArgumentParser(description="What was asked of the built-in instrument, and what it does.")
    parser.add_argument("reports", type=Path, nargs="+", help="what evaluate wrote, one file a seed; the shipped first")
    given = parser.parse_args(arguments)
    print(table(gated([msgspec.json.decode(path.read_bytes()) for path in given.reports])))


def gated(reports: Sequence[Report]) -> list[Row]:
    """Every gate with the figures of all reports, and the baselines of the first."""
    return [Row(gate, [_at(one, gate.place) for one in reports], _beside(reports[0], gate)) for gate in GATES]


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    seeds = len(rows[0].found)
    head = [
        "test",
        "figure",
        "asked",
        *(f"report {n + 1}" for n in range(seeds)),
        "shared words",
        "cosine",
        "claim alone",
        "met",
    ]
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    for row in rows:
        sign = "at most" if row.gate.most else "at least"
        asked = f"{sign} {row.gate.bar:g}" + (f" ({row.gate.stretch:g})" if row.gate.stretch is not None else "")
        beside = [_cell(row.beside.get(name)) for name in BASELINES]
        lines.append(
            f"| {' | '.join([row.gate.test, row.gate.figure, asked, *map(_cell, row.found), *beside, row.met])} |"
        )
    return "\n".join(lines)


def _cell(value: dict[str, Any] | None) -> str:
    if value is None:
        return ""
    return shown(value) if "lower" in value or "estimate" not in value else f"{value['estimate']:.3g}"


def _at(report: Report, place: str) -> dict[str, Any] | None:
    """The figure at a place in a report; a plain number as an estimate without an interval."""
    held: Any = report
    for name in place.split("/"):
        if not isinstance(held, Mapping) or name not in held:
            return None
        held = held[name]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(held, int | float):
        return {"estimate": float(held)}
    return dict(held) if isinstance(held, Mapping) else None  # pyright: ignore[reportUnknownArgumentType]


def _beside(report: Report, gate: Gate) -> dict[str, dict[str, Any]]:
    """The baselines of the set that a gate's AUROC is of."""
    if gate.figure != "AUROC" or gate.test.startswith("observer"):
        return {}
    place = gate.place.rsplit("/", 1)[0]
    found = {name: _at(report, f"{place}/baselines/{name}") for name in BASELINES}
    return {name: value for name, value in found.items() if value is not None}


if __name__ == "__main__":
    main()
