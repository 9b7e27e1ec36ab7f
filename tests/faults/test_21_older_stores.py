"""Row 21: a store of an older version is brought to today's format, or refused and left alone."""

import contextlib
import os
import shutil
import sqlite3

import pytest

from nas_env.errors import StoreError
from nas_env.run.store import open_store
from nas_env.search.summary import best_of
from tests._killing import forked, killed_at
from tests.faults._damage import FIXTURES, PLAYED, fresh, held

FIRST, BEFORE = FIXTURES / "format_0.sqlite", FIXTURES / "format_1.sqlite"


def stored(file, *, read_only):
    """Return all that a store of format 1 or later has."""
    with contextlib.closing(open_store(file, PLAYED, read_only=read_only)) as store:
        return [*store.rows()], store.all_episodes(), store.lines()


def format_of(file):
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def copied(tmp_path, fixture):
    return fresh(tmp_path / "s", fixture.read_bytes())


def test_a_store_of_format_0_is_refused_and_left_alone(tmp_path):
    """Its evaluations have rewards, and no metrics."""
    file = copied(tmp_path, FIRST)
    for how in ({}, {"read_only": True}):
        with pytest.raises(StoreError, match="an earlier version of this program") as error:
            open_store(file, **how)
        assert "(format 0, expected 2)" in str(error.value) and "\n" not in str(error.value)
    assert file.read_bytes() == FIRST.read_bytes()


def test_a_store_of_format_1_is_brought_to_the_next_with_all_that_it_has(tmp_path, caplog):
    file = copied(tmp_path, BEFORE)
    before = stored(file, read_only=True)
    assert file.read_bytes() == BEFORE.read_bytes(), "who only reads changes nothing"
    assert [len(part) for part in before] == [7, 6, 2]
    assert stored(file, read_only=False) == before and format_of(file) == 2
    assert caplog.messages == [
        f"{file}: brought from format 1 to 2, which has a checksum of each episode"
    ]
    best = best_of(before[1])
    assert best is not None and best["metrics"]["validation_accuracy"] > 0
    with contextlib.closing(open_store(file, PLAYED)) as store:
        store.record_episodes(6, [{"n": 6}])
        store.verify()
        assert len(store.episodes()) == 7


def test_a_store_of_a_later_format_is_refused_and_left_alone(tmp_path):
    file = copied(tmp_path, BEFORE)
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 3")
    content = file.read_bytes()
    with pytest.raises(StoreError, match="a later version of this program"):
        open_store(file)
    assert file.read_bytes() == content


def test_a_kill_while_it_is_brought_to_the_next_changes_nothing(tmp_path):
    file = copied(tmp_path, BEFORE)
    before, step, killed = stored(file, read_only=True), 0, True
    while killed:
        step += 1
        shutil.copy(BEFORE, file)
        killed = killed_at(step, lambda: open_store(file).close())
        assert format_of(file) in (1, 2)
        assert stored(file, read_only=False) == before
    assert step > 4  # the transaction's two, and the tables' two


def test_two_processes_bring_it_to_the_next_at_once(tmp_path):
    file = copied(tmp_path, BEFORE)
    before = stored(file, read_only=True)
    opening = [forked(lambda: open_store(file).close()) for _ in range(2)]
    assert [os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in opening] == [0, 0]
    assert stored(file, read_only=False) == before


@pytest.mark.parametrize("share", [0.4, 0.8])
def test_a_torn_store_of_format_1_is_refused_and_recovered(tmp_path, share, capsys):
    """Its episodes have no checksums: they count where their JSON is an episode's."""
    from nas_env.command_line.store import main as nas_store

    content = BEFORE.read_bytes()
    file = copied(tmp_path, BEFORE)
    rows, episodes, _ = stored(file, read_only=True)
    torn = content[: int(len(content) * share)]
    file = fresh(tmp_path / "s", torn)
    with pytest.raises(StoreError, match="nas-store recover"):
        open_store(file)
    assert file.read_bytes() == torn, "one that is damaged is not changed"
    assert nas_store(["recover", str(file)]) == 0
    found = held(file, PLAYED)
    assert format_of(file) == 2
    assert found.rows <= {row[:3] for row in rows}
    assert found.episodes == tuple(map(repr, episodes[: len(found.episodes)]))
    assert file.with_name(f"{file.name}.damaged-1").read_bytes() == torn
    capsys.readouterr()
