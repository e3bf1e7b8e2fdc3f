"""Finds passages of a corpus for a claim: read, clean, cut into passages, index, search."""

from knowreason.retrieve.bm25 import FLOOR, Index, open_index
from knowreason.retrieve.build import build_index
from knowreason.retrieve.corpus import RULES, corpus_hash
from knowreason.retrieve.layout import Counts

__all__ = ["FLOOR", "RULES", "Counts", "Index", "build_index", "corpus_hash", "open_index"]
