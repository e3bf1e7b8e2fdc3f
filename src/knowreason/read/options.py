"""What a user says about the input: which logs, under which name, with which fields and settings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from knowreason.errors import InputError

SETTABLE = ("benchmark", "domain", "model", "variant", "lineage", "condition")
MAPPABLE = (
    *("question_id", "benchmark", "domain", "question", "options", "gold", "model", "variant", "lineage"),
    *("condition", "sample", "reasoning", "response", "meta"),
)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*\Z")


class Source(NamedTuple):
    """A file or folder of logs, and the name the user gave it (`base=LOGS`), None without one."""

    path: str
    name: str | None = None


class ReadOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to read: our field -> their field, settings by source name (None: all), filter, gold needed or not."""

    fields: dict[str, str] = {}
    settings: dict[str | None, dict[str, str]] = {}
    filter: str | None = None
    no_gold: bool = False

    def settings_for(self, name: str | None) -> dict[str, str]:
        """The settings of one source: those for all, overridden by those for its name."""
        own = self.settings.get(name, {}) if name is not None else {}
        return {**self.settings.get(None, {}), **own}


def parse_source(text: str) -> Source:
    """`base=LOGS` gives Source("LOGS", "base"); a path that holds "=" stays a path.

    Raises InputError if nothing stands where the path should be.
    """
    name, equals, path = text.partition("=")
    if not equals or not _NAME.match(name) or Path(text).exists():
        name, path = "", text
    if not path:
        raise InputError(f"'{text}' names no file or folder; write NAME=PATH or PATH")
    return Source(path, name or None)


def as_source(given: object) -> Source:
    """What names an input in Python: a Source, a path, or a text as on the command line.

    Raises InputError for anything else.
    """
    if isinstance(given, Source):
        return Source(str(given.path), given.name)
    if isinstance(given, Path):
        return Source(str(given))
    if isinstance(given, str):
        return parse_source(given)
    raise InputError(f"{given!r} is no input: give a path, or Source(path, name)")


def parse_setting(text: str) -> tuple[str | None, str, str]:
    """`sft.lineage=base` gives ("sft", "lineage", "base"); without a name it is for all inputs.

    Raises InputError for a text of another form or a field that cannot be set.
    """
    target, equals, value = text.partition("=")
    name, dot, field = target.rpartition(".")
    if not equals or not value or not field or (dot and not name):
        raise InputError(f"--set {text}: write FIELD=VALUE or NAME.FIELD=VALUE")
    if field not in SETTABLE:
        raise InputError(f"--set {text}: '{field}' cannot be set; choose from {', '.join(SETTABLE)}")
    return name or None, field, value


def parse_field(text: str) -> tuple[str, str]:
    """`gold=answer_key` gives ("gold", "answer_key"); dots on the right walk into objects.

    Raises InputError for a text of another form or a field that is not ours.
    """
    ours, equals, theirs = text.partition("=")
    if not equals or not theirs:
        raise InputError(f"--field {text}: write OURS=THEIRS, for instance gold=answer_key")
    if ours not in MAPPABLE:
        raise InputError(f"--field {text}: '{ours}' is not a field of a trace; choose from {', '.join(MAPPABLE)}")
    return ours, theirs


def check_options(sources: Sequence[Source], options: ReadOptions) -> None:
    """Raises InputError where a path is missing or a setting names an input that does not exist."""
    if not sources:
        raise InputError("no input given: name at least one file or folder of traces")
    for source in sources:
        if not Path(source.path).exists():
            raise InputError(f"{source.path} does not exist; check the path")
        if not (Path(source.path).is_file() or Path(source.path).is_dir()):
            raise InputError(f"{source.path} is neither a file nor a folder: it is read twice, so write it to a file")
    names = {source.name for source in sources}
    for name in options.settings:
        if name not in names and name is not None:
            raise InputError(f"--set {name}.…: no input is called '{name}'; write {name}=PATH to name one")
