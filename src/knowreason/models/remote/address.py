"""Where a server is, what it is told, and with which key: all that a user must know before anything is sent."""

from __future__ import annotations

import os
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from knowreason.errors import ModelError

KEYS = ("KNOWREASON_API_KEY", "OPENAI_API_KEY")  # the first that is set is sent
_FORM = "write openai:MODEL@BASE_URL, as in openai:my-model@http://localhost:8000/v1"


class Address(NamedTuple):
    """A model on a server. `revision` tells apart weights that are served under one name, "" if none was given."""

    model: str
    base_url: str
    revision: str

    @property
    def uri(self) -> str:
        """The URI in full, as manifests and ledgers carry it."""
        return f"openai:{self.model}@{self.base_url}" + (f"#{self.revision}" if self.revision else "")

    @property
    def host(self) -> str:
        """Host and port, as a person knows the server."""
        return urlsplit(self.base_url).netloc

    @property
    def root(self) -> str:
        """The server without the /v1 of its OpenAI-compatible part."""
        return self.base_url.removesuffix("/v1")

    @property
    def is_local(self) -> bool:
        """Whether the server runs on this machine."""
        name = urlsplit(self.base_url).hostname or ""
        try:
            return ip_address(name).is_loopback
        except ValueError:
            return name == "localhost"

    @property
    def place(self) -> str:
        """The host with what is special about it: this machine, or a connection that anyone can read."""
        if self.is_local:
            return f"{self.host} (this machine)"
        return self.host if self.base_url.startswith("https:") else f"{self.host} (NOT encrypted)"


def parse(rest: str) -> Address:
    """The address in `MODEL@BASE_URL[#REVISION]`. Raises `ModelError` for another form, or one that holds a password.

    A base URL without a path gets /v1.
    """
    model, at, url = rest.partition("@http")
    url = "http" + url
    if not at or not model or not url.startswith(("http://", "https://")):
        raise ModelError(f"openai:{_shown(rest)}: {_FORM}")
    parts = urlsplit(url)
    if parts.username or parts.password or parts.query:
        raise ModelError(f"openai:{model}: keys belong in the environment ({KEYS[0]}), not in a URL")
    if not parts.hostname or not _port_is_good(url):
        raise ModelError(f"openai:{_shown(rest)}: {_FORM}")
    path = parts.path.rstrip("/") or "/v1"
    return Address(model, f"{parts.scheme}://{parts.netloc}{path}", parts.fragment)


def api_key() -> str | None:
    """The key to send, from the environment; None where none is set. Raises `ModelError` for what cannot be sent."""
    for name in KEYS:
        value = os.environ.get(name, "").strip()
        if value and not (value.isascii() and value.isprintable()):
            raise ModelError(f"{name} holds characters that no key has; set it again")
        if value:
            return value
    return None


def notice(uses: dict[str, str]) -> str | None:
    """What an audit with these models (use to URI) sends to which host, in one line; None where nothing is sent."""
    what = {
        "scorer": "questions, options, reference answers and reasoning text",
        "verifier": "claims and corpus passages",
        "decomposer": "questions, options and reasoning steps",
        "grader": "questions, reference answers and responses in free text",
    }
    told = [
        f"{what[use.partition('_')[0]]} to {address.place} ({use.replace('_', ' ')} {address.model})"
        for use, uri in uses.items()
        if (address := address_of(uri)) is not None
    ]
    return f"sends {'; '.join(told)}" if told else None


def address_of(uri: str) -> Address | None:
    """The address of an `openai:` URI, None for a model of another scheme. Raises `ModelError` for a broken one."""
    scheme, _, rest = uri.partition(":")
    return parse(rest) if scheme == "openai" else None


def _port_is_good(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _shown(rest: str) -> str:
    """What was typed, without what may be a password."""
    return rest if "@" not in rest else rest.partition("@")[0] + "@…"
