"""A corpus to an index that audits can share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from knowreason.arguments import CorpusFields, Json, pair
from knowreason.commands.output import print_json


def index(
    corpus: Annotated[list[Path], typer.Argument(metavar="CORPUS...", help="Corpus files or folders.")],
    out: Annotated[Path, typer.Option("--out", help="The index folder to write.")],
    corpus_field: CorpusFields = None,
    as_json: Json = False,
) -> None:
    """Index a corpus once, to verify against it many times."""
    import msgspec

    from knowreason.progress import bars
    from knowreason.retrieve import build_index

    fields = dict(pair("--corpus-field", text) for text in corpus_field or [])
    with bars() as progress:
        built = build_index(corpus, out, fields=fields, progress=lambda done, total: progress("index", done, total))
    counts = {"index": str(out), "hash": built.content_hash, **msgspec.to_builtins(built.counts)}
    if as_json:
        print_json(counts)
    else:
        typer.echo("\n".join(f"{name:>14}  {value}" for name, value in counts.items()))
