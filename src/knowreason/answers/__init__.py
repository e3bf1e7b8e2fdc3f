"""How an answer is stated: the one place that knows.

Three questions about a text, each asked by several stages and answered only here: where a response runs on into
another question (`run_on_end`), which answer it formally states (`find_statements`, `final_statement`), and where it
commits to the content of that answer (`find_commitment`, `find_parts`).
"""

from knowreason.answers.commitment import (
    LABELS,
    answer_type,
    conflicting_statements,
    find_commitment,
    find_parts,
    run_on_end,
    stated_answer,
)
from knowreason.answers.quantities import value_of
from knowreason.answers.statements import Statement, final_statement, find_statements

__all__ = [
    "LABELS",
    "Statement",
    "answer_type",
    "conflicting_statements",
    "final_statement",
    "find_commitment",
    "find_parts",
    "find_statements",
    "run_on_end",
    "stated_answer",
    "value_of",
]
