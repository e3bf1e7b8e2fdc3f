"""A report of the evaluation as a table for a terminal, or for docs/instrument.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from knowreason.models.protocols import Reliability

VERDICTS = (
    ("true called supported", "sensitivity"),
    ("true called refuted", "true_called_refuted"),
    ("false called refuted", "specificity"),
    ("false called supported", "false_called_supported"),
    ("open left open", "open_left_open"),
)
BASELINES = (("cosine", "cosine"), ("shared words", "overlap"), ("claim alone", "claim_only"))
OBSERVED = (("top-1", "top1"), ("string rule", "string_rule_top1"), ("log-loss", "log_loss"))
TOLD = {
    "example": "the claims of the example's traces, checked against its notes",
    "scifact_dev": "scientific claims that people wrote, checked against the sentences they cited (SciFact)",
}
Report = dict[str, Any]


def table(report: Report) -> str:
    """Markdown: a table of the verdicts, one of the errors by kind, one an observed group, and the file's figures."""
    sets = [
        (f"{name}: {group}".replace("_", " "), held)
        for name in ("held_out_text", "planted_errors", "written_claims", "topic_claims", "example", "human_claims")
        for group, held in report.get(name, {}).items()
    ]
    for name, held in report.get("example", {}).get("notes", {}).get("domains", {}).items():
        sets.append((f"example: {name}", held))
    lines = [f"{report['model']['id']}, {report['date']}", "", *_verdicts(sets), "", *_kinds(sets)]
    for group, held in report.get("observer", {}).items():
        lines += ["", f"Observer, {group.replace('_', ' ')} ({held['traces']} traces):", "", *_observed(held)]
    lines += ["", *(f"- {key}: {value}" for key, value in report.get("file", {}).items())]
    return "\n".join(lines)


def reliability(report: Report) -> list[Reliability]:
    """What the audit's reports say of the model, of the sets that are nearest to what they judge."""
    return [
        _reliability(TOLD["example"], report["example"]["notes"]),
        _reliability(TOLD["scifact_dev"], report["human_claims"]["scifact_dev"]),
    ]


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


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _verdicts(sets: Sequence[tuple[str, Report]]) -> list[str]:
    """One row a set: true and false and open claims, AUROC beside those of what needs no verifier, shares called."""
    head = ["set", "true, false, open", "AUROC", *(name for name, _ in BASELINES), *(name for name, _ in VERDICTS)]
    return _grid(head, (_verdict_row(name, held) for name, held in sets))


def _verdict_row(name: str, held: Report) -> list[str]:
    beside = held.get("baselines", {})
    return [
        name,
        ", ".join(f"{count:,}" for count in held["labels"]),
        shown(held["auroc_supported_refuted"]),
        *(_plain(beside.get(key)) for _, key in BASELINES),
        *(_plain(held.get(key)) for _, key in VERDICTS),
    ]


def _kinds(sets: Sequence[tuple[str, Report]]) -> list[str]:
    labels = ("true", "false", "open")
    rows = [
        [name, kind["kind"].replace("_", " "), labels[kind["label"]], str(kind["items"]), *map(_two, kind["called"])]
        for name, group in sets
        for kind in group.get("kinds", ())
    ]
    return _grid(["set", "kind", "label", "items", "called supported", "refuted", "left open"], rows)


def _observed(held: Report) -> list[str]:
    rows = [
        [
            cut.replace("_", " "),
            *(shown(values[key]) if key in values else "" for _, key in OBSERVED),
            _two(values["calibration_error"]),
            _two(values["calibration_error_of_a_calibrated_one"]),
        ]
        for cut, values in held["cuts"].items()
    ]
    lines = _grid(["text up to", *(name for name, _ in OBSERVED), "calibration error", "a calibrated one's"], rows)
    told = {"chance": held["chance"], "log-loss of a uniform guess": held["uniform_log_loss"]}
    told |= {f"before the content: {name}": value for name, value in held["before_content"].items()}
    told |= {f"{text}: {name}": value for text, values in held["empty_text"].items() for name, value in values.items()}
    for domain, values in held.get("domains", {}).items():
        told |= {f"{domain}, before the statement: {name}": value for name, value in values.items()}
    return [*lines, "", *(f"- {name.replace('_', ' ')}: {shown(value)}" for name, value in told.items())]


def shown(value: Report) -> str:
    """An interval as "estimate [lower, upper]"; what was not measured as its reason."""
    if "estimate" not in value:
        return f"not measured ({value['reason']})"
    return f"{_two(value['estimate'])} [{_two(value['lower'])}, {_two(value['upper'])}]"


def _plain(value: Report | None) -> str:
    if value is None:
        return ""
    return _two(value["estimate"]) if "estimate" in value else value["reason"]


def _two(number: float) -> str:
    return f"{number:.2f}"
