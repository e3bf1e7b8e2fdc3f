"""Every error a user can meet, in one tree.

KnowreasonError
├── InputError        a file or an argument is wrong: what, where, and the next act (exit 1)
│   └── CorpusError   a corpus that holds no text, or an index that does not belong to it
├── MissingExtra      an optional part is not installed; the message ends with the pip line (exit 1)
├── ModelError        a model could not be loaded, or did not prove itself (exit 1)
│   ├── LedgerMiss    a replay asks for an answer that the ledger does not hold
│   ├── BudgetSpent   the next call would go over --max-tokens or --max-cost
│   └── Unanswered    a server gave one item no usable answer; its stage makes it an `Unscored`
└── StoreError        a run directory cannot be written, or belongs to another audit (exit 1)

One item that fails (a malformed line, a claim without evidence) is never an exception: it is a `ReadIssue`
or an `Unscored` in the results.
"""


class KnowreasonError(Exception):
    """Base of all errors raised on purpose. Its text is one line fit for a user's terminal."""


class InputError(KnowreasonError):
    """A file or an argument given by the user cannot be used."""


class CorpusError(InputError):
    """A corpus holds no usable text, or a stored index does not belong to it."""


class MissingExtra(KnowreasonError):  # noqa: N818 - it names a thing to install, not a fault
    """An optional dependency is needed. `extra` is the name in square brackets of the pip line."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} needs an optional part: pip install 'knowreason[{extra}]'")
        self.extra = extra


class ModelError(KnowreasonError):
    """A model could not be loaded or failed its own proof."""


class LedgerMiss(ModelError):  # noqa: N818 - it names what is missing
    """A replay met a call that was never recorded."""


class BudgetSpent(ModelError):  # noqa: N818 - nothing went wrong
    """The budget does not allow the next call. What was paid for is in the ledger."""


class Unanswered(ModelError):  # noqa: N818 - an item without an answer, not a fault of the program
    """One item has no usable answer. `reason` is that of the `Unscored` it becomes; it ends no audit."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


class StoreError(KnowreasonError):
    """A run directory cannot be written or resumed."""
