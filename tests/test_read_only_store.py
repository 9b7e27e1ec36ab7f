"""A store that is only read: nothing is made or changed, and nobody waits for it."""

import contextlib
import os
import signal
import sqlite3

import pytest

import nas_env
from nas_env.command_line.train import main as train
from nas_env.errors import InvalidValue, StoreError
from nas_env.run.folder import Run
from nas_env.run.store import open_store
from nas_env.run.store._format import episode_checksum
from tests._killing import forked

EPISODES = [{"n": number} for number in range(5)]


@pytest.fixture
def path(tmp_path):
    """The file of a store with five episodes."""
    path = tmp_path / "results.sqlite"
    store = open_store(path, "run")
    store.record_episodes(0, EPISODES)
    store.close()
    return path


def test_episodes_are_read_from_one_on(place):
    place.open("run").record_episodes(0, EPISODES)
    store = place.open("run", read_only=True)
    assert store.episodes() == EPISODES
    assert store.episodes(since=3) == EPISODES[3:]
    assert store.episodes(4, since=2) == EPISODES[2:4]
    assert store.episodes(since=9) == []


def test_nothing_can_be_written(path):
    store = open_store(path, "run", read_only=True)
    with pytest.raises(StoreError, match="readonly"):
        store.record_episodes(5, EPISODES)
    path.chmod(0o400)
    assert open_store(path, "run", read_only=True).episodes() == EPISODES


def test_no_tables_are_made_on_a_server(database):
    with pytest.raises(StoreError, match="does not exist"):
        database.open(read_only=True).episodes()
    assert database.sql("SELECT FROM pg_tables WHERE schemaname = 'nas_env'") == []


def test_no_store_is_made(tmp_path):
    with pytest.raises(StoreError, match="unable to open"):
        open_store(tmp_path / "none.sqlite", read_only=True)
    (tmp_path / "empty.sqlite").touch()
    with pytest.raises(StoreError, match="is not a store"):
        open_store(tmp_path / "empty.sqlite", read_only=True)
    assert (tmp_path / "empty.sqlite").stat().st_size == 0


def test_it_is_read_while_another_process_writes(path):
    """A transaction that is under way is neither seen nor held up."""
    reading = open_store(path, "run", read_only=True)
    writing = sqlite3.connect(path, isolation_level=None)
    writing.execute("BEGIN IMMEDIATE")
    row = "run", 5, "{}", episode_checksum("run", 5, "{}")
    writing.execute("INSERT INTO episodes VALUES (?, ?, ?, ?)", row)
    assert len(reading.episodes()) == 5
    writing.execute("COMMIT")
    assert len(reading.episodes()) == 6


def test_the_half_that_a_killed_process_wrote_is_taken_back(path):
    def killed():
        writing = sqlite3.connect(path, isolation_level=None)
        writing.execute("PRAGMA cache_size = 1")  # what does not fit is written before the end
        writing.execute("BEGIN IMMEDIATE")
        text = "x" * 100_000
        writing.executemany(
            "INSERT INTO episodes VALUES ('run', ?, ?, '')", [(n, text) for n in range(9, 99)]
        )
        os.kill(os.getpid(), signal.SIGKILL)

    os.waitpid(forked(killed), 0)
    journal = path.with_name(f"{path.name}-journal")
    assert journal.stat().st_size > 0
    assert open_store(path, "run", read_only=True).episodes() == EPISODES


def test_a_run_that_has_just_begun_has_no_children(tmp_path):
    """It has a configuration before it has a store."""
    run = tmp_path / "run"
    assert (
        train(["--env", "NAS-Bench-Digits-v0", "--quiet", "--children", "2", "--run", str(run)])
        == 0
    )
    (run / "results.sqlite").unlink()
    with contextlib.closing(Run(run)):
        assert [*nas_env.read_run(run).episodes] == []
    with pytest.raises(InvalidValue, match="is missing"):
        _ = nas_env.read_run(run).episodes


def test_a_second_look_reads_the_new_children_alone(tmp_path, monkeypatch):
    line = ["--env", "NAS-Bench-Digits-v0", "--quiet", "--children", "5"]
    assert train([*line, "--run", str(tmp_path / "run")]) == 0
    view = nas_env.read_run(tmp_path / "run")
    first, run = view.episodes, Run(tmp_path / "run")
    store = open_store(tmp_path / "run" / "results.sqlite", run.config["id"])
    store.record_episodes(5, [{**first[0], "reward": 2.0}])
    again = view.again()
    assert [*again.episodes[:5]] == [*first]
    assert again.episodes[1] is first[1], "it was not read again"
    assert again.best == again.episodes[5]
    store.record_episodes(5, [{**first[0], "reward": 3.0}])  # another history
    assert again.again().best["reward"] == 3.0
    run.close()
