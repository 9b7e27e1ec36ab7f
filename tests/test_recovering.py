"""``nas-store recover`` beside what faults make: whole files, other files, who is in the way."""

import contextlib
import os
import sqlite3

import pytest

from nas_env.command_line.store import main as nas_store
from nas_env.errors import StoreError
from nas_env.run.store import open_store
from tests._killing import forked, killed_at
from tests.faults._damage import PLAYED, fresh, held, sample


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return sample(tmp_path_factory.mktemp("store"))


def one_line(capsys):
    error = capsys.readouterr().err.strip()
    assert error and "\n" not in error
    return error


def test_what_is_whole_is_left_as_it_is(store, tmp_path, capsys):
    content, before = store
    file = fresh(tmp_path / "s", content)
    assert nas_store(["recover", str(file)]) == 0
    assert "is whole, with 7 evaluations" in capsys.readouterr().out
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert held(file, PLAYED) == before


def test_a_file_of_something_else_is_left_as_it_is(tmp_path, capsys):
    file = fresh(tmp_path / "s", b"%PDF-1.7 " + b"a thesis " * 1_000, "thesis.pdf")
    content = file.read_bytes()
    assert nas_store(["recover", str(file)]) == 2
    assert "nothing in it can be read, so it is left as it is" in one_line(capsys)
    assert file.read_bytes() == content and len(list(file.parent.iterdir())) == 1
    other = tmp_path / "s" / "other.sqlite"
    with contextlib.closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
    assert nas_store(["recover", str(other)]) == 2
    assert "it has a table 'songs'" in one_line(capsys)


def test_a_reading_whose_line_is_lost_is_made_anew_of_its_evaluation(store, tmp_path, capsys):
    content, before = store
    file = fresh(tmp_path / "s", content)
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE ledger SET value = 0.9 WHERE number = 2")
    with (
        pytest.raises(StoreError, match="line 2 of its ledger of test sets"),
        contextlib.closing(open_store(file)) as opened,
    ):
        opened.readings()
    assert nas_store(["recover", str(file)]) == 0
    said = capsys.readouterr().out
    assert "1 line of the ledger was lost, and made anew" in said and "may be missing" in said
    assert held(file, PLAYED) == before
    with contextlib.closing(open_store(file)) as opened:
        assert [line.host for line in opened.readings()] == ["somewhere", "recovered"]
        assert [each.ledger_whole for each in opened.recoveries()] == [False]


def test_a_store_that_another_process_has_open_is_not_recovered(store, tmp_path, capsys):
    file = fresh(tmp_path / "s", store[0])

    def recover_it():
        assert nas_store(["recover", str(file)]) == 2

    with contextlib.closing(open_store(file)):
        process = forked(recover_it)
        assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0


def test_a_recovery_that_is_killed_is_done_again(store, tmp_path, capsys):
    """At any step the file itself is there, and the damaged one is kept in the end."""
    content, _ = store
    damaged = content[: len(content) // 2]
    file = fresh(tmp_path / "s", damaged)
    assert nas_store(["recover", str(file)]) == 0
    expected, step = held(file, PLAYED), 0
    killed = True
    while killed:
        step += 4
        file = fresh(tmp_path / "s", damaged)
        killed = killed_at(step, lambda file=file: nas_store(["recover", "--quiet", str(file)]))
        assert file.exists()
        assert nas_store(["recover", str(file)]) == 0
        assert held(file, PLAYED) == expected
        assert damaged in [each.read_bytes() for each in file.parent.glob("*.damaged-*")]
    assert step > 5
    capsys.readouterr()
