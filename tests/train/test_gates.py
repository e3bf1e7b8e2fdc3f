"""The table of what was asked of the built-in instrument: bars on their right side, over every seed."""

from __future__ import annotations

from typing import Any

from knowreason.train.gates import GATES, gated, table


def report(**values: float) -> dict[str, Any]:
    """A report that holds the given figures, by their places ("a__b" for a/b)."""
    out: dict[str, Any] = {}
    for place, value in values.items():
        *folders, name = place.split("__")
        held = out
        for folder in folders:
            held = held.setdefault(folder, {})
        held[name] = {"estimate": value, "lower": value - 0.1, "upper": value + 0.1}
    return out


def verdicts(*reports: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {(row.gate.test, row.gate.figure): row.met for row in gated(reports)}


def test_a_lower_bar_is_met_from_above_and_an_upper_one_from_below() -> None:
    found = verdicts(
        report(planted_errors__present__sensitivity=0.85, planted_errors__removed__true_called_refuted=0.05),
        report(planted_errors__present__sensitivity=0.90, planted_errors__removed__true_called_refuted=0.06),
    )
    assert found["planted, source present", "sensitivity"] == "yes"
    assert found["planted, source removed", "true called refuted"] == "1 of 2"


def test_a_figure_that_a_report_lacks_is_not_measured_and_never_met() -> None:
    found = verdicts(report(planted_errors__present__sensitivity=0.99), {})
    assert found["planted, source present", "sensitivity"] == "not measured"
    assert set(verdicts({}).values()) == {"not measured"}


def test_no_gate_is_named_twice_and_the_table_has_a_row_for_each() -> None:
    assert len({(gate.test, gate.figure) for gate in GATES}) == len(GATES)
    shown = table(gated([report(topic_claims__own_passage__macro_f1=0.4)]))
    assert len(shown.splitlines()) == len(GATES) + 2
    assert "| subjects never trained on | macro-F1 | at least 0.75 (0.85) | 0.40 [0.30, 0.50] |  |  |  | no |" in shown


def test_the_baselines_stand_beside_the_area_of_their_set() -> None:
    place = "human_claims__scifact_dev"
    found = report(**{f"{place}__auroc_supported_refuted": 0.6, f"{place}__baselines__cosine": 0.62})
    row = next(one for one in gated([found]) if (one.gate.test, one.gate.figure) == ("SciFact dev", "AUROC"))
    assert row.beside["cosine"]["estimate"] == 0.62
    assert "0.62 [0.52, 0.72]" in table([row])
