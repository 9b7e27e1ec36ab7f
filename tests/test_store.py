"""Evaluations are durable, answer as they should, and are trained once."""

import copy
import os
import pickle
import signal

import pytest

from nas_env.errors import StoreError
from nas_env.records import FACTS, Evaluation, Request
from nas_env.run.store import _file, _format, open_store
from tests._killing import killed_at


def request(number):
    return Request({"name": "t"}, {"name": "s"}, {"number": number}, {}, 0, "cpu")


OK = Evaluation("ok", {"accuracy": 0.8}, {"loss": [1.0]}, 10, 20, seconds={"train": 1.0})


def test_what_is_put_is_got_again_by_another_process(place):
    place.open().put(request(1), OK)
    store = place.open()
    assert store.get(request(1).key) == OK
    assert store.get(request(2).key) is None
    assert store.evaluations() == [(request(1), OK)]


@pytest.mark.parametrize(
    "status", ["ok", "diverged", "too_large", "failed", "out_of_memory", "timed_out", "died"]
)
def test_facts_answer_for_ever_the_moment_within_its_run(place, status):
    place.open(run="one").put(request(1), Evaluation(status))
    assert place.open(run="one").get(request(1).key) is not None
    answered = place.open(run="two").get(request(1).key) is not None
    assert answered == (status in FACTS)


@pytest.mark.parametrize("column", ["evaluation", "request"])
def test_a_damaged_row_does_not_answer(place, column):
    place.open().put(request(1), OK)
    place.sql(f"UPDATE evaluations SET {column} = replace({column}, '0', '1')")
    assert place.open().get(request(1).key) is None


def test_a_row_that_is_no_text_any_more_does_not_answer(file):
    file.open().put(request(1), OK)
    file.sql("UPDATE evaluations SET evaluation = CAST(x'ff00fe' AS TEXT)")
    store = file.open()
    assert store.get(request(1).key) is None and store.evaluations() == []


def test_the_claim_of_a_killed_process_is_free_before_anyone_waits_for_it(place):
    child = os.fork()
    if child == 0:
        place.open().claim(request(1).key)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # dead, and still in the process table
    assert place.open().claim(request(1).key) == "mine"
    os.waitpid(child, 0)


def test_a_file_that_is_no_store(tmp_path):
    (tmp_path / "s").write_text("not a database, and long enough to be seen as none" * 50)
    with pytest.raises(StoreError, match="is not a store of evaluations"):
        open_store(tmp_path / "s")


def test_a_file_of_0_bytes_begins_as_an_empty_store_with_a_line(tmp_path, caplog):
    (tmp_path / "s").touch()
    open_store(tmp_path / "s").close()
    assert caplog.messages == [_file.EMPTY % (tmp_path / "s")]


def test_who_opens_a_file_as_another_process_begins_it_says_nothing_of_0_bytes(
    tmp_path, caplog, monkeypatch
):
    """The file is there from its first transaction on, and has no bytes before its end."""
    file, made = tmp_path / "s", _format.make
    file.touch()

    def make(connection, address):
        monkeypatch.undo()
        connection.execute("ROLLBACK")
        open_store(file).close()  # the other is first, and says it
        connection.execute("BEGIN IMMEDIATE")
        return made(connection, address)

    monkeypatch.setattr(_format, "make", make)
    open_store(file).close()
    assert caplog.messages == [_file.EMPTY % file]


@pytest.mark.parametrize("again", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_a_store_in_memory_keeps_its_content_when_copied(again):
    store = open_store()
    store.put(request(1), OK)
    other = again(store)
    other.put(request(2), OK)
    assert other.get(request(1).key) == OK
    assert store.get(request(2).key) is None


def test_a_claim_of_the_living_holds_one_of_the_dead_does_not(place):
    ours = place.open()
    key = request(1).key
    assert ours.claim(key) == "mine"
    assert place.open().claim(key) == "taken"
    ours.release(key)

    def claim_and_hang():
        assert place.open().claim(key) == "mine"
        os.kill(os.getpid(), signal.SIGKILL)

    assert killed_at(10**9, claim_and_hang)
    assert ours.claim(key) == "mine"
    ours.put(request(1), OK)
    assert place.open().claim(key) == "answered"


def test_a_claim_that_a_closed_store_could_not_give_up_is_free(place):
    """Its process lives on, as a notebook does whose disk was full."""
    store, key = place.open(), request(1).key
    assert store.claim(key) == "mine"
    other = place.open()
    assert other.claim(key) == "taken"
    store.close()
    assert other.claim(key) == "mine"
    assert place.open().claim(key) == "taken"


def test_a_fork_that_closes_its_copy_of_a_store_frees_nothing(file):
    store, key = file.open(), request(1).key
    assert store.claim(key) == "mine"

    def close_and_claim():
        store.close()
        assert file.open().claim(key) == "taken"

    assert not killed_at(10**9, close_and_claim)


def test_episodes_of_a_run_are_replaced_and_cut(place):
    store = place.open(run="a")
    store.record_episodes(0, [{"n": 0}, {"n": 1}, {"n": 2}])
    place.open(run="b").record_episodes(0, [{"n": 9}])
    store.record_episodes(1, [{"n": 7}])
    assert store.episodes() == [{"n": 0}, {"n": 7}, {"n": 2}]
    assert store.episodes(before=2) == [{"n": 0}, {"n": 7}]
    assert store.all_episodes() == [{"n": 0}, {"n": 7}, {"n": 2}, {"n": 9}]


def test_a_damaged_episode_is_said_to_be_one(place):
    store = place.open()
    store.record_episodes(0, [{"n": 0}])
    place.sql("UPDATE episodes SET record = '{'")
    with pytest.raises(StoreError, match="has a damaged episode"):
        store.episodes()
