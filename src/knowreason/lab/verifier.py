"""A verifier that reads what the lab writes: exact on its sentences, so that only the path of a claim is on trial."""

from __future__ import annotations

from pathlib import Path

from knowreason.decompose import decompose
from knowreason.lab.language import parse
from knowreason.lab.printing import write_rows
from knowreason.models.tokens import count_tokens
from knowreason.read import ReadOptions, read_traces
from knowreason.records import ReadIssue
from knowreason.retrieve.knowledge import open_knowledge
from knowreason.sentences import split_sentences
from knowreason.verify import PASSAGES
from knowreason.verify.verdicts import premise

_SUPPORTED, _REFUTED, _OPEN = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


def read_off(text: str, claim: str) -> tuple[float, float, float]:
    """(supported, refuted, open) with certainty: a sentence of `text` states the claim's fact, or another value of it.

    Open where the claim states no fact, or where no sentence speaks of its entity and relation.
    """
    said = parse(claim)
    stated = [parse(text[a:b]) for a, b in split_sentences(text)]
    values = {f.value for f in stated if f and said and (f.entity, f.relation) == (said.entity, said.relation)}
    if said is None or not values:
        return _OPEN
    return _SUPPORTED if said.value in values else _REFUTED


def record_verdicts(traces: Path, corpus: Path, target: Path) -> Path:
    """What `read_off` says of every claim of the traces and every passage that an audit would show it.

    The file is a recording: an audit that names it as `--verifier scripted:FILE` asks the same pairs and no other.
    """
    index = open_knowledge((corpus,), fields={})
    pairs: dict[tuple[str, str], None] = {}
    for trace in read_traces([str(traces)], ReadOptions()):
        if isinstance(trace, ReadIssue):
            continue
        claims = decompose(trace, count_tokens).claims
        for claim, hits in zip(claims, index.search([c.normalised for c in claims], PASSAGES), strict=True):
            pairs |= dict.fromkeys((premise(hit.passage), claim.normalised) for hit in hits if hit.above_floor)
    rows = ({"kind": "entail", "input": list(pair), "output": list(read_off(*pair))} for pair in pairs)
    return write_rows(target, rows)
