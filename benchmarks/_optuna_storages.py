"""The storages that meet the same faults: this project's file, and two of Optuna."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from nas_env.errors import InvalidValue, StoreError
from nas_env.records import Evaluation, Request
from nas_env.run.store import open_store, recover

STUDY = "study"
SEED, STEPS = 0, 150  # of the search that is killed
Record = tuple[float, float]  # a point and its value


class Storage(Protocol):
    """A file in which a search keeps its points, by the name of the storage."""

    name: str

    def add(self, file: Path, records: Sequence[Record]) -> None:
        """Keep points durably."""

    def read(self, file: Path) -> list[Record]:
        """Return all points."""
        ...

    def repair(self, file: Path) -> None:
        """Do what the documentation names for a damaged file."""

    def hold_lock(self, file: Path) -> None:
        """Take the lock of a writer, as a process does that is killed then."""

    def search(self, file: Path) -> None:
        """Play a search of ``STEPS`` points to its end, from where it was."""

    def played(self, file: Path) -> list[Record]:
        """Return the points of the search in order, with their values."""
        ...


class Ours:
    """This project's file."""

    name = "nas-env"

    def add(self, file: Path, records: Sequence[Record]) -> None:
        """See the protocol: evaluations, and the episode of each."""
        with contextlib.closing(open_store(file, STUDY)) as store:
            first = len(store.episodes())
            for number, (point, value) in enumerate(records, first):
                request = Request({"name": "t"}, {"name": "s"}, {"x": point}, {}, number, "cpu")
                store.claim(request.key)
                store.put(request, Evaluation("ok", {"value": value}))

    def read(self, file: Path) -> list[Record]:
        """See the protocol."""
        with contextlib.closing(open_store(file, STUDY)) as store:
            store.verify()
            wrong = sum(not row.is_whole for row in store.rows())
            if wrong:
                raise StoreError(f"{wrong} rows do not answer")
            kept = store.evaluations()
        return sorted((asked.architecture["x"], each.metrics["value"]) for asked, each in kept)

    def repair(self, file: Path) -> None:
        """See the protocol."""
        recover(file, {})

    def hold_lock(self, file: Path) -> None:
        """See the protocol: a transaction that has begun."""
        store = open_store(file, STUDY)
        store.claim("held")
        sqlite3.connect(file, isolation_level=None).execute("BEGIN IMMEDIATE")

    def search(self, file: Path) -> None:
        """See the protocol."""
        from nas_env.command_line.train import main

        run = file.with_suffix(".run")
        line = ["--env", "NAS-Bench-Digits-v0", "--children", str(STEPS), "--quiet"]
        main([*line, "--run", str(run), "--store", str(file), "--resume", "auto"])

    def played(self, file: Path) -> list[Record]:
        """Return the points of the search."""
        with contextlib.closing(open_store(file)) as store:
            return [(float(hash(tuple(e["tokens"]))), e["reward"]) for e in store.all_episodes()]


class OptunaFile:
    """A file of Optuna's: a journal, or SQLite by its RDB storage."""

    def __init__(self, name: str, storage: Callable[[Path], Any]):
        self.name, self._storage = name, storage

    def _study(self, file: Path) -> Any:
        import optuna  # pyright: ignore[reportMissingImports]

        sampler = optuna.samplers.TPESampler(seed=SEED)
        storage = self._storage(file)
        return optuna.create_study(
            study_name=STUDY, storage=storage, sampler=sampler, load_if_exists=True
        )

    def add(self, file: Path, records: Sequence[Record]) -> None:
        """See the protocol: ask for a trial, and tell its value."""
        study = self._study(file)
        for point, value in records:
            trial = study.ask()
            trial.set_user_attr("x", point)
            study.tell(trial, value)

    def read(self, file: Path) -> list[Record]:
        """See the protocol, as a program does that goes on with a study."""
        trials = self._study(file).trials
        return sorted((t.user_attrs["x"], t.value) for t in trials if t.value is not None)

    def repair(self, file: Path) -> None:
        """See the protocol: nothing is named."""

    def hold_lock(self, file: Path) -> None:
        """See the protocol."""
        backend = getattr(self._storage(file), "_backend", None)
        if backend is not None:
            backend._lock.acquire()
            return
        sqlite3.connect(file, isolation_level=None).execute("BEGIN IMMEDIATE")

    def search(self, file: Path) -> None:
        """See the protocol."""
        study = self._study(file)
        done = sum(trial.state.is_finished() for trial in study.trials)
        study.optimize(_objective, n_trials=max(0, STEPS - done))

    def played(self, file: Path) -> list[Record]:
        """Return the points of the search."""
        trials = self._study(file).trials
        return [(t.params["x"], t.value) for t in trials if t.state.is_finished()]


def _objective(trial: Any) -> float:
    time.sleep(0.03)
    return (trial.suggest_float("x", -1.0, 1.0) - 0.3) ** 2


def storages() -> list[Storage]:
    """Return what is compared.

    Raises:
        InvalidValue: If Optuna is not installed.
    """
    try:
        import optuna  # pyright: ignore[reportMissingImports]
        from optuna.storages import JournalStorage, RDBStorage  # pyright: ignore[reportMissingImports]
        from optuna.storages.journal import JournalFileBackend  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise InvalidValue("optuna is not installed: pip install optuna") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return [
        Ours(),
        OptunaFile("Optuna journal", lambda file: JournalStorage(JournalFileBackend(str(file)))),
        OptunaFile("Optuna RDB (SQLite)", lambda file: RDBStorage(f"sqlite:///{file}")),
    ]
