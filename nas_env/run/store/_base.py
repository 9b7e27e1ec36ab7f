"""The protocol of a store: what a member reads and writes, and what all of them make of it."""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
import os
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

from nas_env.errors import StoreError
from nas_env.records import Evaluation, Request
from nas_env.run import ledger
from nas_env.run.owners import HEARTBEAT, end, process_start

WHAT = "a store of evaluations"
UNFINISHED = ".unfinished"  # what is appended for the folder of unfinished trainings

Claim = Literal["mine", "answered", "taken"]
#: An episode as it is stored: its run, its number, and its record as JSON.
Episode = tuple[str, int, str]

PAGE = 500  # rows that are read at once

_numbers = itertools.count()


class Row(NamedTuple):
    """An evaluation as it is stored.

    Attributes:
        key: Name of the evaluation.
        request: Request as JSON.
        evaluation: Evaluation as JSON.
        run: Name of the run that stored it.
        checksum: SHA-256 of key, request and evaluation.
    """

    key: str
    request: str
    evaluation: str
    run: str
    checksum: str

    @classmethod
    def of(cls, request: Request, evaluation: Evaluation, run: str) -> Row:
        """Return the row of an evaluation."""
        key, asked, text = request.key, request.to_json(), evaluation.to_json()
        return cls(key, asked, text, run, _checksum(key, asked, text))

    @property
    def is_whole(self) -> bool:
        """True if the row is what was written."""
        return self.checksum == _checksum(self.key, self.request, self.evaluation)

    def read(self) -> tuple[Request, Evaluation]:
        """Return the request and its evaluation."""
        return Request(**json.loads(self.request)), Evaluation.from_json(self.evaluation)


class Recovery(NamedTuple):
    """The note in a store that it is what could be read of a damaged one.

    Attributes:
        time: Seconds since 1970.
        damaged: File that is kept of the damaged one; empty where there was no damage.
        ledger_whole: Whether no line of the ledger can be missing.
    """

    time: float
    damaged: str
    ledger_whole: bool


class Store(ABC):
    """The evaluations of any number of processes, which :func:`open_store` opens.

    An evaluation is durable when :meth:`put` returns, and each of its rows has a checksum, since
    half of random bit flips pass a database's own check. Who claims an evaluation is the only one
    that trains it. An open store, not a process, owns claims: two stores of one process do not
    train the same child.

    Args:
        address: Where it is, without a password: a file, ``":memory:"``, or a server's address.
        run: Name of the run; failures of the moment answer only within their run.

    Attributes:
        address: Where it is, as it is shown and kept.
        run: Name of the run.
    """

    def __init__(self, address: str, run: str):
        self.address, self.run = address, run
        self._begin()

    def _begin(self) -> None:
        """Begin as an owner that has claimed nothing."""
        self._beating: threading.Event | None = None
        number = next(_numbers)
        self._owner = f"{self._host()} {os.getpid()} {process_start(os.getpid())} {number}"

    def _host(self) -> str:
        """Return the name of the machine in that of the owner."""
        return socket.gethostname()

    # -- evaluations -----------------------------------------------------------------------------
    def get(self, key: str) -> Evaluation | None:
        """Return the evaluation that answers for a key, if there is one."""
        return self._answer(self.row(key))

    def _answer(self, row: Row | None) -> Evaluation | None:
        """Return the evaluation of a row, if it is whole and answers in this run."""
        if row is None:
            return None
        if not row.is_whole:
            logging.getLogger(__name__).warning(
                "%s: the row of %s is corrupt and is evaluated again", self.address, row.key[:12]
            )
            return None
        evaluation = Evaluation.from_json(row.evaluation)
        return evaluation if evaluation.is_fact or row.run == self.run else None

    def put(self, request: Request, evaluation: Evaluation) -> None:
        """Store an evaluation durably, and give up the claim on it.

        What it has read of a test set is in the ledger in the same instant.
        """
        row = Row.of(request, evaluation, self.run)
        self.put_rows([row], ledger.lines(self.run, request, evaluation))

    def evaluations(self) -> list[tuple[Request, Evaluation]]:
        """Return all evaluations in the order of their keys, except corrupt rows."""
        return [row.read() for row in self.rows() if row.is_whole]

    def rows(self) -> Iterator[Row]:
        """Yield all rows in the order of their keys, also corrupt ones."""
        key = ""
        while page := self._page(key):
            yield from page
            key = page[-1].key

    def readings(self) -> list[ledger.Reading]:
        """Return every reading of a test set, of all runs that used this store, in order."""
        return [line.reading(number) for number, line in self.lines()]

    def recoveries(self) -> list[Recovery]:
        """Return when and of what the store was recovered; a server has backups of its own."""
        return []

    def verify(self) -> None:  # noqa: B027 - a server verifies itself
        """Check the whole store, before a search goes on with it.

        Raises:
            StoreError: If it is damaged.
        """

    @property
    @abstractmethod
    def unfinished(self) -> Path | None:
        """The folder of trainings that are under way; None where there is none.

        Who has claimed a key may use what is there of that name.
        """

    @abstractmethod
    def row(self, key: str) -> Row | None:
        """Return the row of a key, if there is one, also a corrupt one."""

    @abstractmethod
    def lines(self) -> list[tuple[int, ledger.Line]]:
        """Return the lines of the ledger with their numbers, in order."""

    @abstractmethod
    def _page(self, after: str) -> list[Row]:
        """Return the next rows after a key in the order of the keys; none at the end."""

    @abstractmethod
    def put_rows(self, rows: Sequence[Row], lines: Sequence[ledger.Line]) -> None:
        """Write rows and lines of the ledger, and give up the claims, in one transaction.

        A row replaces that of the same key.
        """

    # -- claims ----------------------------------------------------------------------------------
    def claim(self, key: str, *, again: bool = False) -> Claim:
        """Try to become the one process that trains a child.

        Args:
            key: Name of the evaluation.
            again: Whether it is to be trained though an evaluation is there.

        Returns:
            ``"mine"``; ``"answered"`` if an evaluation is there by now; ``"taken"`` if another
            living process holds it.
        """
        claimed = self._claim(key, again)
        if claimed == "mine" and self._beating is None:
            self._beating = threading.Event()
            threading.Thread(target=self._beat, args=(self._beating,), daemon=True).start()
        return claimed

    def _beat(self, stopped: threading.Event) -> None:
        while not stopped.wait(HEARTBEAT):
            with suppress(StoreError):  # it beats again
                self._renew()

    @abstractmethod
    def _claim(self, key: str, again: bool) -> Claim:
        """See :meth:`claim`."""

    @abstractmethod
    def _renew(self) -> None:
        """Show that the owner of the claims lives, without waiting."""

    @abstractmethod
    def release(self, key: str) -> None:
        """Give up a claim without an evaluation."""

    # -- episodes --------------------------------------------------------------------------------
    def record_episodes(self, first: int, records: Sequence[dict[str, Any]]) -> None:
        """Write episodes in one commit; they replace episodes of the same numbers."""
        numbered = enumerate(records, first)
        self.put_episodes([(self.run, number, json.dumps(each)) for number, each in numbered])

    def episodes(self, before: int | None = None, *, since: int = 0) -> list[dict[str, Any]]:
        """Return the episodes of this run in order, from ``since`` on, up to ``before``."""
        return self._records(self._episodes(since, before if before is not None else 2**62))

    def all_episodes(self) -> list[dict[str, Any]]:
        """Return the episodes of every run that used this store, run by run."""
        return self._records(self._all_episodes())

    def _records(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        try:
            return [json.loads(text) for text in texts]
        except (ValueError, RecursionError) as error:
            raise StoreError(f"{self.address} has a damaged episode: {error}") from None

    @abstractmethod
    def put_episodes(self, episodes: Sequence[Episode]) -> None:
        """Write episodes in one transaction; they replace those of the same run and number."""

    @abstractmethod
    def _episodes(self, since: int, before: int) -> list[str]:
        """Return the records of this run from one number up to another, in order."""

    @abstractmethod
    def _all_episodes(self) -> list[str]:
        """Return the records of all runs, in the order of runs and numbers."""

    # -- its end ---------------------------------------------------------------------------------
    def stop_waiting(self) -> None:  # noqa: B027 - a file is never waited for
        """Let nobody wait any more for a server that does not answer, since all is to end."""

    def close(self) -> None:
        """Close the store; a closed one stays closed, and what it had claimed is free."""
        if self._beating is not None:
            self._beating.set()
            end(self._owner)
        self._close()

    @abstractmethod
    def _close(self) -> None:
        """Let go of the file or the connection."""


def _checksum(key: str, request: str, evaluation: str) -> str:
    return hashlib.sha256(f"{key}\n{request}\n{evaluation}".encode()).hexdigest()
