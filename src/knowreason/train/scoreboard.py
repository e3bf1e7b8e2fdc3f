"""A report of the evaluation as a table for a terminal, or for docs/instrument.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from knowreason.models.protocols import Reliability

VERDICTS = (
    ("auroc_supported_refuted", "AUROC supported : refuted"),
    ("macro_f1", "macro-F1"),
    ("sensitivity", "true called supported"),
    ("specificity", "false called refuted"),
    ("abstention", "left open though decidable"),
    ("true_called_refuted", "true called refuted"),
    ("false_called_supported", "false called supported"),
    ("open_left_open", "open left open"),
)
OBSERVED = (
    ("top-1", "top1"),
    ("string rule", "string_rule_top1"),
    ("difference", "top1_above_rule"),
    ("log-loss", "log_loss"),
)
TOLD = {
    "notes": "claims written for the purpose, checked against notes that settle them",
    "scifact_dev": "scientific claims that people wrote, checked against the sentences they cited (SciFact)",
}
Report = dict[str, Any]


def table(report: Report) -> str:
    """Markdown: one line a figure, with its interval and the number of clusters it rests on."""
    lines = [f"# {report['model']['id']}, {report['date']}", ""]
    for name in ("held_out_text", "planted_errors", "written_claims", "human_claims"):
        for group, held in report.get(name, {}).items():
            lines += [f"## {name}: {group} ({held['items']} items)", *_rows(_verdicts(held)), ""]
    for group, held in report.get("observer", {}).items():
        lines += [f"## observer: {group} ({held['traces']} traces)", *_rows(_observed(held)), ""]
    lines += [f"## file\n{key}: {value}" for key, value in report.get("file", {}).items()]
    return "\n".join(lines)


def reliability(report: Report) -> list[Reliability]:
    """What the audit's reports say of the model, of the sets that are nearest to what they judge."""
    sets = (("written_claims", "notes"), ("human_claims", "scifact_dev"))
    return [_reliability(TOLD[group], report[part][group]) for part, group in sets]


def _reliability(name: str, held: Report) -> Reliability:
    def rounded(key: str) -> float:
        return round(held[key]["estimate"], 3)

    return Reliability(
        claims=name,
        true=held["labels"][0],
        false=held["labels"][1],
        true_called_supported=rounded("sensitivity"),
        true_called_refuted=rounded("true_called_refuted"),
        false_called_refuted=rounded("specificity"),
        false_called_supported=rounded("false_called_supported"),
        auroc=rounded("auroc_supported_refuted"),
    )


def _rows(cells: Iterator[tuple[str, str]]) -> list[str]:
    return ["| figure | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in cells)]


def _verdicts(held: Report) -> Iterator[tuple[str, str]]:
    for key, name in VERDICTS:
        if key in held:
            yield name, shown(held[key])
    for name, value in held.get("baselines", {}).items():
        yield f"AUROC of {name}", shown(value)


def _observed(held: Report) -> Iterator[tuple[str, str]]:
    yield "chance", shown(held["chance"])
    yield "uniform log-loss", shown(held["uniform_log_loss"])
    for cut, values in held["cuts"].items():
        named = [(name, key) for name, key in OBSERVED if key in values]
        told = "; ".join(f"{name} {shown(values[key])}" for name, key in named)
        yield cut, f"{told}; calibration error {values['calibration_error']:.3f}"
    for name, value in held["before_content"].items():
        yield f"before the content: {name}", shown(value)
    for text, values in held["empty_text"].items():
        yield from ((f"{text}: {name}", shown(value)) for name, value in values.items())
    for domain, values in held.get("domains", {}).items():
        yield domain, "; ".join(f"{name} {shown(value)}" for name, value in values.items())


def shown(value: Report) -> str:
    """An interval as "estimate [lower, upper]"; what was not measured as its reason."""
    if "estimate" not in value:
        return f"not measured ({value['reason']})"
    return f"{value['estimate']:.3f} [{value['lower']:.3f}, {value['upper']:.3f}]"
