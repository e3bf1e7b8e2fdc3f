"""The file around the data: one document that loads nothing, runs only its own scripts, and says so in its policy."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Sequence
from importlib.resources import files

MODULES = (
    "dom",
    "words",
    "data",
    "route",
    "charts",
    "table",
    "verdict",
    "map",
    "trace",
    "pair",
    "find",
    "methods",
    "main",
)
"""The modules of `web/` in an order in which each stands after those it imports."""
_VENDOR = ("d3-dispatch", "d3-quadtree", "d3-timer", "d3-force")
_IMPORT = re.compile(r'^import \{ (?P<names>[\w, ]+) \} from "\./(?P<module>\w+)\.js";$', re.M)
_EXPORT = re.compile(r"^export (?=(?:async function|function|const) (?P<name>\w+))", re.M)
_LEFT = re.compile(r"^(?:import|export)\b.*$", re.M)


def document(title: str, overview: str, index: str, blocks: Sequence[str], *, connects: bool = False) -> str:
    """The whole file: the overview as inert JSON, the list of traces and the blocks compressed.

    The policy allows the scripts and the style of this file by their hashes and nothing else: no address is ever
    asked, unless `connects` lets a served page ask its own server for traces.
    """
    style = _read("style.css")
    scripts = [*(_read("vendor", f"{name}.min.js") for name in _VENDOR), joined(MODULES)]
    return "".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{policy(scripts, style, connects=connects)}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">\n',
            f"<title>{html.escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n",
            _read("shell.html"),
            f'<script type="application/json" id="overview">{overview}</script>\n',
            *(f"<script>{script}</script>\n" for script in scripts),
            f'<script type="text/plain" id="index">{index}</script>\n',
            *(f'<script type="text/plain" id="block-{n}">{block}</script>\n' for n, block in enumerate(blocks)),
            "</body>\n</html>\n",
        )
    )


def policy(scripts: Sequence[str], style: str, *, connects: bool) -> str:
    """The content-security policy of a file with these scripts and this style."""
    parts = (
        "default-src 'none'",
        f"script-src {' '.join(_hash(script) for script in scripts)}",
        f"style-src {_hash(style)}",
        *(("connect-src 'self'",) if connects else ()),
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
    return "; ".join(parts)


def joined(modules: Sequence[str]) -> str:
    """The modules as one script, each a function that is run once: what one imports is what an earlier one exports.

    Modules of their own could not be loaded from a single file under the policy. Raises ValueError where a module
    imports or exports in another way than by name, or from a module that stands after it.
    """
    before: set[str] = set()
    parts: list[str] = []
    for name in modules:
        source = _read(f"{name}.js")
        wanted = {found["module"] for found in _IMPORT.finditer(source)}
        if not wanted <= before:
            raise ValueError(f"{name}.js imports {min(wanted - before)}.js, which does not stand before it")
        given = ", ".join(found["name"] for found in _EXPORT.finditer(source))
        plain = _EXPORT.sub("", _IMPORT.sub(r"const { \g<names> } = $\g<module>;", source))
        if left := _LEFT.search(plain):
            raise ValueError(f"{name}.js: this cannot be joined: {left.group()}")
        parts.append(f"const ${name} = (() => {{\n{plain}\nreturn {{ {given} }};\n}})();")
        before.add(name)
    return '"use strict";(() => {\n' + "\n".join(parts) + "\n})();"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _read(*names: str) -> str:
    return files("knowreason.report").joinpath("web", *names).read_text("utf-8")
