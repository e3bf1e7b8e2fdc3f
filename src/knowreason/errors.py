"""Every error a user can meet, in one tree.

KnowreasonError
├── InputError        a file or an argument is wrong: what, where, and the next act (exit 1)
│   └── CorpusError   a corpus that holds no text, or an index that does not belong to it
├── MissingExtra      an optional part is not installed; the message ends with the pip line (exit 1)
├── ModelError        a model could not be loaded, or did not prove itself (exit 1)
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


class StoreError(KnowreasonError):
    """A run directory cannot be written or resumed."""
