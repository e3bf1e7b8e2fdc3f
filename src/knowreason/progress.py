"""Progress bars for work longer than two seconds, on standard error, so that output can be piped."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

_QUIET_SECONDS = 2.0

Notify = Callable[[str, int, int | None], None]
_WORDS = {
    "read": "reading traces",
    "index": "indexing the corpus",
    "count": "counting calls",
    "audit": "auditing traces",
    "plant": "planting claims",
    "calibrate": "asking the verifier",
    "summary": "summing up",
    "report": "writing the report",
}


@contextmanager
def bars() -> Generator[Notify]:
    """Yields a function (stage, done, total) that draws one bar a stage; total None draws a count.

    Nothing is drawn in the first two seconds; where standard error is no terminal, one line ends each stage.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    display = Progress(
        TextColumn("{task.description:>20}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=console,
        disable=not console.is_terminal,
    )
    tasks: dict[str, TaskID] = {}
    begun = time.monotonic()

    def notify(stage: str, done: int, total: int | None) -> None:
        if stage not in tasks:
            tasks[stage] = display.add_task(_WORDS.get(stage, stage), total=total)
        display.update(tasks[stage], completed=done, total=total)
        if not display.live.is_started and time.monotonic() - begun > _QUIET_SECONDS:
            display.start()

    try:
        yield notify
    finally:
        display.stop()
        if not console.is_terminal and time.monotonic() - begun > _QUIET_SECONDS:
            for task in display.tasks:
                counted = task.completed or task.total is not None
                sys.stderr.write(f"{task.description}: {int(task.completed) if counted else 'done'}\n")
