"""What a reading found: traces by model and integrity, rejected rows by reason, and advice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from knowreason.read.advice import Tally, advice
from knowreason.records import ReadIssue, Trace

Progress = Callable[[str, int, int | None], None]
_SHOWN_EVERY = 500


class Found:
    """Counts everything that is read: traces by model and integrity, and rejected rows by reason."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.issues: Counter[str] = Counter()
        self.first: dict[str, ReadIssue] = {}

    def kept(
        self, items: Iterable[Trace | ReadIssue], reject: Callable[[ReadIssue], None], progress: Progress
    ) -> Iterator[Trace]:
        """Passes the traces on, gives the issues to `reject`, and counts everything that goes by."""
        for number, item in enumerate(items, 1):
            if number % _SHOWN_EVERY == 0:
                progress("read", number, None)
            if isinstance(item, Trace):
                self.tally.add(item)
                yield item
            else:
                self.issues[item.reason] += 1
                self.first.setdefault(item.reason, item)
                reject(item)

    def as_dict(self) -> dict[str, object]:
        """Counts and advice as plain values for JSON."""
        models = [
            {
                "harness": harness or "knowreason",
                "model": model,
                "variant": variant,
                "integrity": dict(sorted(c.items())),
            }
            for (harness, model, variant), c in sorted(self.tally.counts.items())
        ]
        traces = sum(counts.total() for counts in self.tally.counts.values())
        rejected = dict(sorted(self.issues.items()))
        return {"traces": traces, "models": models, "rejected": rejected, "advice": advice(self.tally)}

    def lines(self) -> list[str]:
        """Counts and advice as lines for a terminal: each model, then what was rejected and the first places."""
        lines: list[str] = []
        for (_, model, variant), counts in sorted(self.tally.counts.items()):
            shares = ", ".join(f"{label} {n}" for label, n in counts.most_common())
            lines.append(f"{model} ({variant}): {counts.total()} traces: {shares}")
        for reason, n in self.issues.most_common():
            first = self.first[reason]
            lines.append(f"rejected {n} x {reason}, first at {first.file}, line {first.line}: {first.excerpt[:80]}")
        return [*(lines or ["no trace and no rejected row: the input is empty"]), *advice(self.tally)]
