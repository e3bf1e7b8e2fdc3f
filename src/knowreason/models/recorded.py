"""Scores of a checkpoint in a ledger: an audit is made where the checkpoint is, and replayed where it is not.

A call is found by the checkpoint's name and hash, by what its figures depend on besides (dtype, device, attention),
and by the text with all places that were asked about at once. So a replay gives the same figures to the last bit, and
a text that would now be cut otherwise is refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import msgspec

from knowreason.errors import ModelError
from knowreason.ledger import Answer, Call, Ledger, Output, Places, Usage
from knowreason.models.huggingface import hash_checkpoint
from knowreason.models.prefixes import by_context
from knowreason.models.protocols import PrefixScorer
from knowreason.records import Continuation, Prefixes, Scores, Unscored

SCHEME = "hf:"
Said = list[list[list[float]]] | Unscored


class RecordedScorer:
    """A `PrefixScorer` whose answers are kept in a ledger. Threads share it.

    `source` gives an answer that is not there yet; without it the ledger must be a replay. `told` is what the
    checkpoint says of itself. `made` and `found` count answers.
    """

    def __init__(self, told: dict[str, str], ledger: Ledger, source: PrefixScorer | None = None) -> None:
        self._told, self._ledger, self._source = told, ledger, source
        self._lock = Lock()
        self.made = self.found = 0

    def prefix_logprobs(self, prefixes: Prefixes) -> Said:
        """What the checkpoint said, or says now. Raises `LedgerMiss` in a replay that does not hold it."""
        if not prefixes.cuts or not prefixes.targets:
            return [[] for _ in prefixes.cuts]
        call = self._call(prefixes)
        held = self._ledger.get(call)
        if held is None and self._source is not None:
            return self._keep(call, self._source.prefix_logprobs(prefixes))
        with self._lock:
            self.found += 1
        return _said(None if held is None else held.output)

    def logprobs(self, continuations: Sequence[Continuation]) -> list[list[float]]:
        """For each continuation: natural-log probabilities of the target's tokens.

        Raises `LedgerMiss`, and `ModelError` for a context that is longer than the checkpoint reads.
        """
        return by_context(continuations, self.prefix_logprobs, self._told["id"])

    def describe(self) -> dict[str, str]:
        """As the checkpoint did."""
        return self._told

    def sentence(self) -> str:
        """What was recorded or replayed, and where."""
        name, file = self._told["id"], self._ledger.path
        if self._source is None:
            on = f"{self._told.get('device', 'an unknown device')}, {self._told.get('dtype', 'unknown type')}"
            return f"{name} ({self._told['sha256'][:8]}): {self.found:,} answers replayed from {file}, made on {on}"
        return f"{name}: {self.made:,} answers recorded in {file}, {self.found:,} found there"

    def _keep(self, call: Call, said: Said) -> Said:
        """Written down before it is used; who said it first."""
        if not isinstance(said, Unscored) and not all(math.isfinite(x) for row in said for one in row for x in one):
            raise ModelError(f"{self._told['id']} gave a number that is not finite: leave out --record")
        output = said if isinstance(said, Unscored) else Scores(logprobs=_frozen(said))
        if self.made == 0:
            self._ledger.put(_introduction(self._told), _answer([], msgspec.json.encode(self._told).decode()))
        self._ledger.put(call, _answer(output))
        with self._lock:
            self.made += 1
        return said

    def _call(self, prefixes: Prefixes) -> Call:
        asked = Places(cuts=prefixes.cuts, lead=prefixes.lead, targets=prefixes.targets)
        target = msgspec.json.encode(asked).decode()
        return _introduction(self._told)._replace(kind="prefixes", context=prefixes.context, target=target)


def replayed(uri: str, ledger: Ledger) -> RecordedScorer | None:
    """The checkpoint at `uri` as the ledger knows it, None where it knows none of that name.

    Where the folder is here its hash must be that of the scores; where it is not, the name must be enough. Raises
    `ModelError` where they are of another checkpoint, or of several.
    """
    folder = Path(uri.removeprefix(SCHEME))
    here = hash_checkpoint(folder) if (folder / "config.json").is_file() else None
    names = [uri, SCHEME + folder.name] if here is None else [SCHEME + folder.resolve().name]
    found = next((told for name in names if (told := _introduced(name, ledger))), [])
    known = [told for told in found if here in (None, told["sha256"])]
    if found and not known:
        there = " or ".join(sorted({told["sha256"][:8] for told in found}))
        raise ModelError(
            f"{uri} is another checkpoint ({str(here)[:8]}) than the one whose scores {ledger.path} holds ({there}): "
            "leave out --replay, or record it with --record"
        )
    if len(known) > 1:
        which = "; ".join(f"{told['sha256'][:8]} on {told.get('device')}, {told.get('dtype')}" for told in known)
        raise ModelError(
            f"{ledger.path} holds scores of more than one {known[0]['id']} ({which}): keep a ledger of each"
        )
    return RecordedScorer(known[0], ledger) if known else None


def _introduced(name: str, ledger: Ledger) -> list[dict[str, str]]:
    return [msgspec.json.decode(answer.text, type=dict[str, str]) for _, answer in ledger.proofs(name)]


def _introduction(told: dict[str, str]) -> Call:
    """Who answers: name, hash, and what the figures depend on besides."""
    besides = {key: value for key, value in sorted(told.items()) if key not in ("id", "sha256")}
    return Call("proof", told["id"], told["sha256"], "", msgspec.json.encode(besides).decode(), "", "")


def _answer(output: Output, text: str = "") -> Answer:
    """Nothing was paid and nothing depends on the day: the same audit records the same bytes."""
    return Answer(output=output, text=text, usage=Usage(), latency=0.0, date="")


def _frozen(said: list[list[list[float]]]) -> tuple[tuple[tuple[float, ...], ...], ...]:
    return tuple(tuple(tuple(one) for one in row) for row in said)


def _said(output: Output | None) -> Said:
    if isinstance(output, Unscored):
        return output
    if not isinstance(output, Scores):
        raise ModelError("the ledger holds an answer of another kind than was asked for")
    return [[list(one) for one in row] for row in output.logprobs]
