"""Markdown and text files as documents: a section of Markdown is a document, a text file is one.

A paragraph with invalid UTF-8 is an issue and is left out as a whole: half a sentence could say the opposite.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from knowreason.records import ReadIssue
from knowreason.retrieve.clean import clean
from knowreason.retrieve.documents import Document, make_document

FILE_LIMIT = 64 * 2**20
"""Largest Markdown or text file in bytes; split a larger one, or give it as JSONL."""

_HEADING = re.compile(r"(#{1,6})[ \t]+(.*)")
_FRONT_MATTER = re.compile(r"(title|source|licence|license)[ \t]*:(.*)", re.I)


class _Section(NamedTuple):
    line: int
    titles: tuple[str, ...]
    lines: list[str]


def read_text(path: Path, name: str) -> Iterator[Document | ReadIssue]:
    """A text file as one document, titled by its file name. Reasons: file_too_large, invalid_utf8, no_text."""
    text, issues = _decoded(path, name)
    yield from issues
    if text is not None and (any(text) or not issues):
        yield _document("\n".join(text), path.stem, "", {"source": name, "id": name}, name, 1)


def read_markdown(path: Path, name: str) -> Iterator[Document | ReadIssue]:
    """The sections of a Markdown file; a title is the path of headings ("Heart: Valves").

    `title`, `source` and `licence` are taken from front matter where there is any. A heading with no text of
    its own gives no document and is no issue.
    """
    lines, issues = _decoded(path, name)
    yield from issues
    if lines is None:
        return
    start, front = _front_matter(lines)
    sections = [section for section in _sections(lines, start) if any(map(str.strip, section.lines))]
    for number, section in enumerate(sections, start=1):
        facts = {"source": front.get("source", name), "id": f"{name}#{number}"}
        title = ": ".join(section.titles) or front.get("title", path.stem)
        text = "\n".join(_prose(section.lines))
        yield _document(text, title, front.get("licence", ""), facts, name, section.line)
    if not sections and not issues:
        yield ReadIssue(file=name, line=0, reason="no_text", excerpt="")


def _document(text: str, title: str, licence: str, facts: dict[str, str], name: str, line: int) -> Document | ReadIssue:
    text = clean(text)
    if not text:
        return ReadIssue(file=name, line=line, reason="no_text", excerpt="")
    return make_document(text=text, title=clean(title), doc_id=facts["id"], source=facts["source"], licence=licence)


def _decoded(path: Path, name: str) -> tuple[list[str] | None, list[ReadIssue]]:
    if path.stat().st_size > FILE_LIMIT:
        return None, [ReadIssue(file=name, line=0, reason="file_too_large", excerpt="")]
    raw = path.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines()
    lines: list[str] = []
    issues: list[ReadIssue] = []
    first = 0
    while first < len(raw):
        last = next((at for at in range(first, len(raw)) if not raw[at].strip()), len(raw) - 1) + 1
        kept, issue = _paragraph(raw[first:last], name, first)
        # empty lines in place of a rejected paragraph keep the line numbers of what follows
        lines.extend(kept if issue is None else [""] * (last - first))
        issues.extend([issue] if issue else [])
        first = last
    return lines, issues


def _paragraph(raw: list[bytes], name: str, before: int) -> tuple[list[str], ReadIssue | None]:
    kept: list[str] = []
    for offset, line in enumerate(raw, start=1):
        try:
            kept.append(line.decode())
        except UnicodeDecodeError:
            excerpt = line[:120].decode("utf-8", "replace")
            return [], ReadIssue(file=name, line=before + offset, reason="invalid_utf8", excerpt=excerpt)
    return kept, None


def _front_matter(lines: list[str]) -> tuple[int, dict[str, str]]:
    if not lines or lines[0].strip() != "---":
        return 0, {}
    end = next((at for at, line in enumerate(lines[1:50], start=1) if line.strip() == "---"), None)
    if end is None:
        return 0, {}
    found = [match for line in lines[1:end] if (match := _FRONT_MATTER.match(line))]
    facts = {match[1].lower().replace("license", "licence"): match[2].strip(" \t\"'") for match in found}
    return end + 1, facts


def _sections(lines: list[str], start: int) -> Iterator[_Section]:
    section = _Section(start + 1, (), [])
    open_titles: list[tuple[int, str]] = []
    fenced = False
    for number, line in enumerate(lines[start:], start=start + 1):
        fenced ^= line.lstrip().startswith("```")
        heading = None if fenced else _HEADING.match(line)
        if heading is None:
            section.lines.append(line)
            continue
        yield section
        depth, name = len(heading[1]), heading[2].strip().rstrip("#").strip()
        open_titles = [
            *(item for item in open_titles if item[0] < depth),
            (depth, name),
        ]
        section = _Section(number, tuple(title for _, title in open_titles), [])
    yield section


def _prose(lines: list[str]) -> Iterator[str]:
    """Lines without table rules and fences; a table row is a block with its cells separated by semicolons."""
    for line in lines:
        if line.lstrip().startswith("|"):
            if line.strip("|:- \t"):
                yield "\n" + "; ".join(cell.strip() for cell in line.strip().strip("|").split("|")) + "\n"
        elif not line.lstrip().startswith("```"):
            yield line
