"""Evaluations: durable before their reward is seen, never trained twice."""

from __future__ import annotations

from pathlib import Path

from nas_env.run.store._address import absolute, censored, is_server, remembered, shown
from nas_env.run.store._base import UNFINISHED, Claim, Store
from nas_env.run.store._copying import Copied, copy
from nas_env.run.store._format import parts_of, remedy
from nas_env.run.store._recovering import recover
from nas_env.run.store._salvage import Salvaged
from nas_env.run.store.postgresql import PostgreSQLStore
from nas_env.run.store.sqlite import IN_MEMORY, SQLiteStore

__all__ = [
    "IN_MEMORY",
    "UNFINISHED",
    "Claim",
    "Copied",
    "Salvaged",
    "Store",
    "absolute",
    "censored",
    "copy",
    "is_server",
    "open_store",
    "parts_of",
    "recover",
    "remedy",
    "shown",
]


def open_store(
    where: str | Path = IN_MEMORY,
    run: str = "",
    *,
    unfinished: Path | None = None,
    read_only: bool = False,
) -> Store:
    """Open a store.

    Args:
        where: A file, which is made if it does not exist; ``":memory:"``; or the address of a
            database on a server, ``postgresql://USER@HOST:PORT/DATABASE``. A password in the
            address is remembered in the memory of this process, and stands nowhere else.
        run: Name of the run; failures of the moment answer only within their run.
        unfinished: Folder for trainings that are under way, where a server has the evaluations; a
            file has its own folder beside it.
        read_only: Whether it is only read: then nothing is made where there is no store.

    Raises:
        StoreError: If what is there is not a store, or the server cannot be used.
        InvalidValue: If there cannot be a file at this path, or the address cannot be read.
    """
    if is_server(where):
        return PostgreSQLStore(remembered(where), run, unfinished, read_only=read_only)
    return SQLiteStore(where, run, read_only=read_only)
