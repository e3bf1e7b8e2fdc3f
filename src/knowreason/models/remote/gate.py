"""How many calls may be under way at once: fewer when the server is overloaded, more again when it is not."""

from __future__ import annotations

import time
from threading import Condition, Event

START = 16
_CALM = 1.0  # seconds between two cuts: the calls under way at the first say nothing new


class Gate:
    """Additive increase, multiplicative decrease of the calls under way, between 1 and `most`.

    Until the first overload each success makes room for one more, so that 200 are reached in four rounds; then a
    round of successes does. An overload halves the room, at most once a second.
    """

    def __init__(self, most: int, stop: Event) -> None:
        self._most, self._stop = most, stop
        self._room = float(min(most, START))
        self._cautious = False
        self._inside = 0
        self._closed_until = self._cut_at = 0.0
        self._changed = Condition()

    @property
    def room(self) -> int:
        """How many calls may be under way now."""
        return int(self._room)

    def enter(self) -> bool:
        """Waits for room; False where the work was stopped meanwhile. Each True is followed by one `leave`."""
        with self._changed:
            while not self._stop.is_set():
                wait = self._closed_until - time.monotonic()
                if wait <= 0 and self._inside < self.room:
                    self._inside += 1
                    return True
                self._changed.wait(min(wait, 0.2) if wait > 0 else 0.2)
        return False

    def leave(self, *, answered: bool) -> None:
        """One call is over; a good answer makes room for more."""
        with self._changed:
            self._inside -= 1
            if answered:
                self._room = min(float(self._most), self._room + (1 / self._room if self._cautious else 1))
            self._changed.notify()
            self._changed.notify()

    def overloaded(self, pause: float) -> None:
        """The server said that it is too much, and perhaps for how many seconds it wants no call at all."""
        with self._changed:
            now = time.monotonic()
            self._closed_until = max(self._closed_until, now + pause)
            if now - self._cut_at >= _CALM:
                self._cautious, self._cut_at = True, now
                self._room = max(1.0, self._room / 2)
