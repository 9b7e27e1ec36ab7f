"""``nas-store copy`` moves evaluations between files and servers, and checks each row."""

import contextlib
from dataclasses import replace

import pytest

from nas_env.command_line.store import main
from nas_env.records import Evaluation
from nas_env.run.store import open_store
from tests.test_store import OK, request

FINAL = replace(request(9), split="final")
TESTED = Evaluation("ok", {"test_accuracy": 0.7})


@pytest.fixture(params=["to a server", "from a server"])
def both(request):
    """Two places, one of each sort."""
    places = request.getfixturevalue("file"), request.getfixturevalue("database")
    return places if request.param == "to a server" else places[::-1]


def filled(place):
    with contextlib.closing(place.open(run="one")) as store:
        for number in range(4):
            store.put(request(number), OK)
        store.put(request(4), Evaluation("died", error="once"))
        store.put(FINAL, TESTED)
        return store.evaluations(), store.readings()


def test_what_is_copied_is_there_and_a_second_time_nothing(both, capsys):
    source, target = both
    evaluations, readings = filled(source)
    assert main(["copy", source.address, target.address]) == 0
    assert "6 evaluations copied and checked; 0 were there; 1 reading" in capsys.readouterr().out
    copied = target.open()
    assert copied.evaluations() == evaluations and copied.readings() == readings
    assert copied.get(request(4).key) is None and target.open(run="one").get(request(4).key)
    assert main(["copy", source.address, target.address]) == 0
    assert "0 evaluations copied and checked; 6 were there" in capsys.readouterr().out
    assert copied.readings() == readings


def test_what_the_target_has_stays_but_for_a_failure_of_the_moment(both, capsys):
    source, target = both
    filled(source)
    other = replace(OK, metrics={"accuracy": 0.5})
    store = target.open(run="two")
    store.put(request(0), other)
    store.put(request(1), Evaluation("timed_out"))
    store.put(request(2), replace(OK, seconds={"train": 9.0}))
    assert main(["copy", source.address, target.address]) == 0
    assert "2 were there; 1 of them with other figures" in capsys.readouterr().out
    kept = [store.get(request(number).key) for number in range(2)]
    assert kept == [other, OK]


def test_a_damaged_row_is_left_out_and_told(both, capsys):
    source, target = both
    filled(source)
    source.sql(f"UPDATE evaluations SET evaluation = 'x' WHERE key = '{request(1).key}'")
    assert main(["copy", source.address, target.address]) == 2
    said = capsys.readouterr()
    assert "5 evaluations copied and checked; 0 were there; 1 reading" in said.out
    assert said.err.startswith("nas-store: 1 damaged row")
    assert target.open().get(request(1).key) is None


def test_more_than_a_page(file, tmp_path, capsys):
    store = file.open()
    for number in range(7):
        store.put(request(number), OK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nas_env.run.store.sqlite.PAGE", 3)
        patch.setattr("nas_env.run.store._copying.PAGE", 2)
        assert main(["copy", file.address, str(tmp_path / "t"), "--quiet"]) == 0
        assert len(store.evaluations()) == 7
    assert capsys.readouterr().out == ""
    with contextlib.closing(open_store(tmp_path / "t")) as copied:
        assert copied.evaluations() == store.evaluations()


@pytest.mark.parametrize(
    "line, says",
    [
        ("copy nothing.sqlite t", "is missing: the evaluations"),
        ("copy s s", "is named twice"),
        ("copy s", "the following arguments are required: TO"),
        ("copy s t --quit", "did you mean --quiet"),
        ("copy s t postgresql://ann:hush@h/d", "unexpected 'postgresql://ann@h/d'"),
        ("cop s t", "did you mean 'copy'"),
        ("copy s mysql://h/d", "mysql://… cannot be a store of evaluations"),
        ("copy s postgresql://ann:hush/hush@/d", "the address of a store cannot be read"),
        ("copy s postgresql://ann:hush@localhost:1/d", "Connection refused"),
    ],
)
def test_bad_input_is_one_line(file, line, says, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    file.open()
    assert main(line.split()) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1 and "hush" not in error
