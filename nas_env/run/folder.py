"""One search on disk: its folder, its lock, its configuration and its summary."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

from nas_env.errors import InvalidValue, RunExists, RunInUse
from nas_env.files import free_name, half_written, read_json, write_json
from nas_env.run.forms import CONFIG, SUMMARY
from nas_env.run.owners import process_start
from nas_env.run.paths import check_folder, check_name
from nas_env.run.store import UNFINISHED, Store, is_server, open_store

RUN = "a run's folder"
RESULTS = "results.sqlite"  # the file of its evaluations, where it has its own
CONFIG_FILE = "config.json"
SUMMARY_FILE = "summary.json"
CHECKPOINTS = "checkpoint"
LOCK = "lock"
UNNAMED = "another process"
LOOK = 0.1  # seconds, more than :func:`holder` needs
CONTROL = "control"  # the folder of the random search, and the end of its name in the store


class Run:
    """A run's folder, held by this process until it is closed.

    The lock belongs to the operating system, so it ends with its holder in any case. What a killed
    holder was writing is removed.

    Args:
        folder: Folder of the run, which must exist.

    Raises:
        RunInUse: If another process holds the folder; the message names it.
        InvalidValue: If the folder cannot be used, or something in it is a link.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        check_links(folder)
        try:
            self._lock = open(folder / LOCK, "a+")  # noqa: SIM115 - held as long as the run
        except OSError as error:
            raise InvalidValue(f"{folder} cannot be used: {error.strerror}") from None
        if not self._take():
            self._lock.seek(0)
            holder = self._lock.read().strip() or UNNAMED
            self._lock.close()
            raise RunInUse(f"{folder} is in use by {holder}") from None
        with suppress(OSError):  # on a full disk it is held without a name
            name = f"process {os.getpid()} since {time.strftime('%Y-%m-%d %H:%M:%S')}"
            os.ftruncate(self._lock.fileno(), 0)
            os.write(self._lock.fileno(), name.encode())
        _remove_half_written(folder, self.checkpoints)

    def _take(self) -> bool:
        """Take the lock, if no other process holds it for longer than a look takes."""
        for wait in (LOOK, 0.0):
            with suppress(BlockingIOError):
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            time.sleep(wait)
        return False

    @classmethod
    def create(cls, folder: Path) -> Run:
        """Make a new run.

        Raises:
            RunExists: If the folder exists and is not empty.
            InvalidValue: If it cannot be made.
        """
        check_free(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidValue(f"{folder} cannot be made: {error.strerror}") from None
        run = cls(folder)
        try:
            check_free(folder)  # now that nobody else can make it
        except BaseException:
            run.close()
            raise
        return run

    @classmethod
    def create_next(cls, parent: Path, stem: str) -> Run:
        """Make a new run in the first free ``<parent>/<stem>-<n>``."""
        number = 1
        while True:
            folder = parent / f"{stem}-{number}"
            try:
                folder.mkdir(parents=True)
                return cls(folder)
            except FileExistsError:
                number += 1
            except OSError as error:
                raise InvalidValue(f"{folder} cannot be made: {error.strerror}") from None

    @classmethod
    def resume(cls, folder: Path) -> Run:
        """Hold a run that exists.

        Raises:
            InvalidValue: If there is none.
        """
        check_name(folder, RUN)
        if not holds_run(folder):
            raise InvalidValue(f"{folder} holds no run to resume: it has no config.json")
        return cls(folder)

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.folder / CHECKPOINTS

    @property
    def config(self) -> dict[str, Any]:
        """The resolved configuration; see :func:`read_config`."""
        return read_config(self.folder)

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Write the resolved configuration; a run has one from then on."""
        write_json(self.folder / CONFIG_FILE, dict(config))

    def write_facts(self, facts: Mapping[str, Any]) -> None:
        """Write what is known of the data, as the names of its classes, to ``data.json``."""
        write_json(self.folder / "data.json", dict(facts))

    @property
    def summary(self) -> dict[str, Any] | None:
        """The summary of a finished run, else None; see :func:`read_summary`."""
        return read_summary(self.folder)

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Write the summary: the run is finished."""
        write_json(self.folder / SUMMARY_FILE, dict(summary))

    def reopen(self) -> None:
        """Remove the summary: the run is not finished any more."""
        (self.folder / SUMMARY_FILE).unlink(missing_ok=True)

    def put_summary_aside(self, word: str) -> Path:
        """Keep the summary under another name, and the run is not finished any more.

        Args:
            word: What the file is from now on, ``"damaged"`` or ``"earlier"``.

        Returns:
            Where it is.
        """
        file = self.folder / SUMMARY_FILE
        return file.rename(free_name(file, word))

    def close(self) -> None:
        """Release the folder."""
        self._lock.close()


def _remove_half_written(*folders: Path) -> None:
    """Remove what processes that are gone were writing, beside what it was to replace."""
    for path, process in chain.from_iterable(map(half_written, folders)):
        if process_start(process) == "":
            with suppress(OSError):
                path.unlink()


def check_links(folder: Path) -> None:
    """Check that a run's folder has no links, by which its files would be written elsewhere.

    Raises:
        InvalidValue: If it has one.
    """
    with suppress(OSError):
        for path in folder.iterdir():
            if path.is_symlink():
                raise InvalidValue(f"{path} is a link to {os.readlink(path)}: a run has none")


def holds_run(folder: Path) -> bool:
    """Tell whether a run was begun in a folder."""
    try:
        return (folder / CONFIG_FILE).is_file()
    except OSError:  # no name for a folder
        return False


def read_config(folder: Path) -> dict[str, Any]:
    """Return the resolved configuration of a run.

    Raises:
        InvalidValue: If there is no run, or the file is not a run's; the message names the file and
            the key.
    """
    check_name(folder, RUN)
    if not holds_run(folder):
        raise InvalidValue(f"{folder} holds no run: it has no {CONFIG_FILE}")
    try:
        return read_json(folder / CONFIG_FILE, CONFIG)
    except InvalidValue as error:
        store = f" and --store {folder / RESULTS}" if (folder / RESULTS).exists() else ""
        again = f"the command that began it plays it again with another --run{store}"
        answered = ", which answers its children" if store else ""
        raise InvalidValue(f"{error}; {again}{answered}") from None


def read_summary(folder: Path) -> dict[str, Any] | None:
    """Return the summary of a finished run, else None.

    Raises:
        InvalidValue: If the file is no summary; the message names the file and the key.
    """
    path = folder / SUMMARY_FILE
    if not path.is_file():
        return None
    try:
        return read_json(path, SUMMARY)
    except InvalidValue as error:
        raise InvalidValue(f"{error}; to make it anew: nas-train --resume --run {folder}") from None


def holder(folder: Path) -> str | None:
    """Return the process that holds a run's folder; None if there is none.

    Returns:
        For example ``"process 123 since 2026-01-31 21:00:00"``.
    """
    try:
        with open(folder / LOCK) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return lock.read().strip() or UNNAMED
    except OSError:  # there is no lock, or it is not ours to read
        return None
    return None


def store_of(folder: Path, config: Mapping[str, Any]) -> str:
    """Return where a run's evaluations are: in its own file, a shared one, or on a server."""
    return config["store"] or str(folder / RESULTS)


def open_store_of(folder: Path, where: str, run: str) -> Store:
    """Open the store of a run.

    Args:
        folder: Folder of the run, which has the trainings that are under way if it is on a server.
        where: The file or the address.
        run: Name of the run in it.
    """
    return open_store(where, run, unfinished=folder / f"{RESULTS}{UNFINISHED}")


def check_there(where: str, what: str) -> None:
    """Check that the file of a store is there, which opening would make; a server tells itself.

    Args:
        where: The file or the address.
        what: Name of the run, for the message.

    Raises:
        InvalidValue: If it is not.
    """
    if not is_server(where) and not Path(where).is_file():
        raise InvalidValue(f"{where} is missing: the evaluations of {what}")


def check_free(folder: Path) -> None:
    """Check that a new run may be made in a folder.

    Raises:
        RunExists: If the folder exists and is not empty.
        InvalidValue: If it is a file, or cannot be made.
    """
    check_folder(folder, RUN)
    try:
        # A lock and a hidden file are what a process leaves that was killed before it had a run.
        names = [p.name for p in folder.iterdir() if p.name != LOCK and p.name[0] != "."]
    except FileNotFoundError:
        return
    except OSError as error:
        raise InvalidValue(f"{folder} cannot be used: {error.strerror}") from None
    if CONFIG_FILE in names:
        raise RunExists(f"{folder} exists: resume it with --resume, or name another --run")
    if names:
        raise RunExists(f"{folder} exists and holds other files: name another --run")
