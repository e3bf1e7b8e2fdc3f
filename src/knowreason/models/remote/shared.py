"""Work that many threads want at once is done by one of them, and its last results are remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Shared(Generic[K, V]):
    """Results by key; `remembered` of those that are done stay, none with 0. A failure is not remembered."""

    def __init__(self, remembered: int = 0) -> None:
        self._remembered = remembered
        self._under_way: dict[K, Future[V]] = {}
        self._done: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The result for a key: remembered, awaited from another thread, or made. Raises what `make` raises."""
        mine: Future[V] = Future()
        with self._lock:
            if key in self._done:
                self._done.move_to_end(key)
                return self._done[key]
            first = self._under_way.setdefault(key, mine)
        if first is not mine:
            return first.result()
        try:
            value = make()
            self._remember(key, value)
            mine.set_result(value)
            return value
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._under_way[key]

    def _remember(self, key: K, value: V) -> None:
        with self._lock:
            if self._remembered:
                self._done[key] = value
            if len(self._done) > self._remembered:
                self._done.popitem(last=False)
