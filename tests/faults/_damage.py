"""What a power cut or a bad disk makes of files, and what a store holds beside it."""

import contextlib
import random
import shutil
from pathlib import Path
from typing import NamedTuple

from nas_env.command_line.store import main as nas_store
from nas_env.errors import StoreError
from nas_env.run.store import open_store

FIXTURES = Path(__file__).parent / "fixtures"
PLAYED = "39c62d0d8a995c49"  # the run of the episodes of a sample
RECORD = 2_200  # bytes of its last evaluation
STEP = 97  # bytes between two cuts before the last record


def cuts(content, record):
    """Return where a file is cut: at every byte of the last record, every 97 before, and at 0."""
    last = len(content) - record
    return [*range(last, len(content)), *range(last, 0, -STEP), 0]


def flips(content, count, seed=0):
    """Yield so many copies of a content in which one bit is another."""
    drawn = random.Random(seed)
    for _ in range(count):
        place = drawn.randrange(8 * len(content))
        changed = bytearray(content)
        changed[place // 8] ^= 1 << place % 8
        yield bytes(changed)


class Held(NamedTuple):
    """What a store holds; the names of runs that stored an evaluation are no part of it."""

    rows: frozenset
    episodes: tuple
    lines: tuple


def held(file, run):
    """Return what a whole store holds.

    Raises:
        StoreError: If it is damaged.
    """
    with contextlib.closing(open_store(file, run)) as store:
        store.verify()
        rows = frozenset(row[:3] for row in store.rows() if row.is_whole)
        episodes = tuple(map(repr, store.episodes()))
        return Held(rows, episodes, tuple(line[3:] for _, line in store.lines()))


def survives(place, before, run, capsys):
    """Check what must hold of a damaged store, and return what was seen of it.

    It is what it was but for single rows that do not answer, or it is refused in a line that names
    the command. The command keeps the damaged file, brings nothing back that was not there, and
    says where a reading of a test set may be missing.
    """
    damaged = place.read_bytes()
    try:
        found = held(place, run)
    except StoreError as error:
        assert f"nas-store recover {place}" in str(error) and "\n" not in str(error)
    else:
        assert found.rows <= before.rows and found[1:] == before[1:], "changed without a word"
        return "same" if found == before else "a row does not answer"
    assert nas_store(["recover", str(place)]) == 0
    said, found = capsys.readouterr().out, held(place, run)
    assert found.rows <= before.rows and found.episodes == before.episodes[: len(found.episodes)]
    missing = set(before.lines) - set(found.lines)
    assert not missing or "a reading of a test set may be missing" in said
    if damaged:
        assert place.with_name(f"{place.name}.damaged-1").read_bytes() == damaged
    return "recovered"


def sample(folder):
    """Return the content of a store with evaluations, episodes and a ledger, and what it holds."""
    file = fresh(folder, (FIXTURES / "format_1.sqlite").read_bytes())
    before = held(file, PLAYED)  # which brings it to the format of today
    assert len(before.rows) == 7 and len(before.episodes) == 6 and len(before.lines) == 2
    return file.read_bytes(), before


def fresh(folder, content, name="results.sqlite"):
    """Return a file with this content, alone in a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / name).write_bytes(content)
    return folder / name
