"""What a user asks for: the traces, the corpus, the models and how they are asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from knowreason.errors import InputError
from knowreason.models.remote.terms import Remote
from knowreason.models.uses import BUILTIN, judges_of, use_of
from knowreason.read import ReadOptions, Source, as_source
from knowreason.selection import SELECTABLE, Wanted


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What to audit and how. Texts are taken as paths: `Audit(sources="traces.jsonl", out="run")`.

    sources: files or folders of traces or logs, each a path or `Source(path, name)`.
    out: the run directory; an audit that was interrupted goes on there.
    knowledge: corpora, or one index made by `knowreason index`; without any no claim is verified.
    read: how logs are read: fields, settings, the filter of a harness, whether a gold answer is needed.
    corpus_fields: text, title, id, source or licence, each with the corpus's own name for it.
    where: the traces to keep: benchmark, domain, model, variant, condition or integrity, with its values.
    scorer, verifier: who observes answers and who judges claims: `builtin:`, `scripted:PATH`, `openai:MODEL@URL`, or
        `hf:FOLDER` (a causal language model scores, an NLI or a chat model judges).
    more_scorers: others who observe the same answers, so that it can be said how far scorers agree.
    decomposer, grader: who reads claims and who grades free text; `builtin:` are the package's own rules, which leave
        free text ungraded. A decomposer needs `knowledge`.
    target: what a causal scorer is asked for: the options' "text", or the "letter" of each.
    limit: whole questions are taken until there are so many traces; None takes all.
    seed: chooses the questions of `limit` and the bootstrap draws.
    workers: threads, 0 for one a core, or more where servers are waited for. They change no figure.
    paper: also the published KI and InfoGain.
    calibration: what `knowreason calibrate` wrote of this verifier and corpus; kept with the run and told in it.
    judge: the model that one option named for several uses, only to name that option in what goes wrong.
    remote: how models on servers are asked: ledger, replay, concurrency, budget. It changes no figure.
    """

    sources: tuple[Source, ...]
    out: Path
    knowledge: tuple[Path, ...] = ()
    read: ReadOptions = ReadOptions()
    corpus_fields: dict[str, str] = {}
    where: dict[str, tuple[str, ...]] = {}
    scorer: str = "builtin:"
    verifier: str = "builtin:"
    more_scorers: tuple[str, ...] = ()
    decomposer: str = BUILTIN
    grader: str = BUILTIN
    target: Literal["text", "letter"] = "text"
    limit: int | None = None
    seed: int = 0
    workers: int = 0
    paper: bool = False
    calibration: Path | None = None
    judge: str = ""
    remote: Remote = Remote()

    @property
    def scorers(self) -> tuple[str, ...]:
        """The URIs of all scorers, the one whose figures stand in all tables first."""
        return (self.scorer, *self.more_scorers)

    @property
    def models(self) -> dict[str, str]:
        """The URIs of the models that measure, by their use: scorer, scorer_2 …, verifier, decomposer, grader."""
        scorers = {use_of(place): uri for place, uri in enumerate(self.scorers)}
        return {**scorers, **judges_of(self.verifier, self.decomposer, self.grader)}

    def option_of(self, use: str) -> str:
        """The option that named the model of a use."""
        return "--judge" if self.models.get(use) == self.judge else f"--{use}"

    def check(self) -> None:
        """Raises `InputError` for what no audit can do."""
        if self.calibration is not None and not self.knowledge:
            raise InputError(f"--calibration {self.calibration}: no claim is verified without --knowledge CORPUS")
        if self.limit is not None and self.limit < 1:
            raise InputError(f"--limit {self.limit}: keep at least one trace")
        if self.workers < 0:
            raise InputError(f"--workers {self.workers}: give a positive number, or 0 for one a core")
        if self.decomposer != BUILTIN and not self.knowledge:
            named = f"{self.option_of('decomposer')} {self.decomposer}"
            raise InputError(f"{named}: claims are read to be verified; add --knowledge CORPUS")
        if self.remote.record and not any(uri.startswith("hf:") for uri in self.scorers):
            raise InputError("--record keeps what hf: scorers say, and there is none: add --scorer hf:FOLDER")
        twice = next((uri for place, uri in enumerate(self.scorers) if uri in self.scorers[:place]), None)
        if twice is not None:
            raise InputError(f"--scorer {twice}: named twice; a second scorer should be another model")
        unknown = sorted(set(self.where) - set(SELECTABLE))
        if unknown:
            raise InputError(f"--where {unknown[0]}: choose from {', '.join(SELECTABLE)}")

    @property
    def wanted(self) -> Wanted:
        """Which traces are taken."""
        return Wanted(self.sources, self.read, self.where, self.limit, self.seed)

    @property
    def ledger(self) -> Path:
        """Beside the run directory: runs next to each other share it, and a run can be deleted without it."""
        return self.remote.ledger or self.out.absolute().parent / "ledger.sqlite"

    def __post_init__(self) -> None:
        """Texts become paths and sources, a single one a tuple of one. Raises InputError for other things."""
        plain: dict[str, object] = {
            "sources": tuple(as_source(given) for given in _several(self.sources)),
            "out": Path(self.out),
            "knowledge": tuple(Path(given) for given in _several(self.knowledge)),
            "calibration": None if self.calibration is None else Path(self.calibration),
            "more_scorers": _several(self.more_scorers),
            "where": {field: _several(values) for field, values in self.where.items()},
        }
        for name, value in plain.items():
            msgspec.structs.force_setattr(self, name, value)


def _several(given: Any) -> tuple[Any, ...]:
    return (given,) if isinstance(given, str | Path | Source) else tuple(given)
