"""What a store on a server has to bear: its end, a lost connection, other machines, refusals."""

import contextlib
import copy
import itertools
import json
import os
import pickle
import random
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import gymnasium
import pytest
import torch

from nas_env.benchmark._job import Budget, Job
from nas_env.command_line._subjects import of_run
from nas_env.command_line.train import main
from nas_env.controls.runs import read_runs
from nas_env.errors import InvalidValue, StoreError
from nas_env.evaluation import make_evaluator
from nas_env.records import Evaluation, Request
from nas_env.run.folder import open_store_of, store_of
from nas_env.run.store import _address, open_store, shown
from nas_env.run.store import postgresql as postgresql_store
from tests import _stores
from tests._killing import forked, killed_at
from tests._pages import text
from tests.test_store import OK, request

psycopg = pytest.importorskip("psycopg")
TINY = ["--recipe.epochs", "1", "--task.train-size", "64", "--space.layers", "2", "--quiet"]
TINY += ["--evaluator", "in_process"]


# -- its end -------------------------------------------------------------------------------------
def test_a_store_goes_on_when_the_server_was_killed(database, postgresql, caplog):
    store = database.open()
    store.put(request(1), OK)
    postgresql.restart()
    assert store.get(request(1).key) == OK
    assert store.claim(request(2).key) == "mine"
    postgresql.restart(killed=False)
    store.put(request(2), OK)
    assert len(store.evaluations()) == 2
    told = [record.getMessage() for record in caplog.records]
    assert sum("waiting for it, at most 10 minutes" in line for line in told) <= 2


def test_a_server_that_stays_away_is_one_line(database, postgresql, monkeypatch, caplog):
    store = database.open()
    monkeypatch.setattr(store._server, "patience", 0.3)
    postgresql.stop()
    try:
        with pytest.raises(StoreError, match=r"cannot be used: .* \(after 0 seconds of waiting\)"):
            store.get(request(1).key)
    finally:
        postgresql.start()
    assert sum("waiting for it" in record.getMessage() for record in caplog.records) <= 1


def test_closing_an_evaluator_ends_the_waiting_for_a_server(database, postgresql, caplog):
    store = database.open()
    evaluator = make_evaluator("in_process", torch.device("cpu"), store)
    postgresql.stop()
    try:
        with ThreadPoolExecutor() as threads:
            waiting = threads.submit(store.put, request(1), OK)
            while not any("waiting for it" in each.getMessage() for each in caplog.records):
                time.sleep(0.005)
            evaluator.close()
            with pytest.raises(StoreError, match="cannot be used"):
                waiting.result()
    finally:
        postgresql.start()
    assert store.get(request(1).key) is None
    store.close()
    with pytest.raises(StoreError, match="it is closed"):
        store.get(request(1).key)


def test_a_transaction_whose_end_is_not_known_is_done_again_to_the_same_effect(
    database, monkeypatch
):
    """The connection is lost right after each first commit; a reading is in the ledger once."""
    store, begin, lost = database.open(), psycopg.Connection.transaction, []

    @contextlib.contextmanager
    def transaction(connection, *args, **rest):
        with begin(connection, *args, **rest):
            yield
        if len(lost) % 2 == 0:
            lost.append(1)
            connection.close()
            raise psycopg.OperationalError("the connection is lost")
        lost.append(0)

    monkeypatch.setattr(psycopg.Connection, "transaction", transaction)
    final = Request({"name": "t"}, {"name": "s"}, {}, {}, 0, "cpu", split="final")
    assert store.claim(final.key) == "mine"
    store.put(final, Evaluation("ok", {"test_accuracy": 0.5, "test_loss": 0.25}))
    store.record_episodes(0, [{"n": 0}])
    assert [line.metric for line in store.readings()] == ["test_accuracy", "test_loss"]
    assert store.episodes() == [{"n": 0}] and store.claim(final.key) == "answered"
    assert sum(lost) == 3


def test_an_interrupt_within_a_transaction_leaves_nothing_half(database):
    store = database.open()

    def work(connection):
        connection.execute("DELETE FROM nas_env.evaluations")
        raise KeyboardInterrupt

    store.put(request(1), OK)
    with pytest.raises(KeyboardInterrupt):
        store._server.do(work)
    assert store.get(request(1).key) == OK


def writers(database, count, each, log):
    """Fork writers; two at a time want the same evaluations, each in an order of its own."""

    def work(number):
        store, order = database.open(), random.Random(number)
        numbers = range(2 * each * (number // 2), 2 * each * (number // 2 + 1))
        for wanted in order.sample(numbers, len(numbers)):
            if store.claim(request(wanted).key) == "mine":
                store.put(request(wanted), OK)
                os.write(log, f"{wanted}\n".encode())
        return 0

    return [forked(lambda number=number: work(number)) for number in range(count)]


def check_writers(database, count, each, log):
    """No evaluation is lost, and none was made twice."""
    made = sorted(map(int, log.read_text().split()))
    assert made == list(range(count * each))
    kept = database.open().evaluations()
    assert len(kept) == count * each and all(evaluation == OK for _, evaluation in kept)
    assert database.sql("SELECT count(*) FROM claims") == [(0,)]


EACH = int(os.environ.get("NAS_STORE_EACH", "20"))  # the full size is 300
KILLS = int(os.environ.get("NAS_STORE_KILLS", "2"))  # the full size is 10


def test_sixteen_writers_lose_nothing_and_make_nothing_twice(database, tmp_path):
    log = os.open(tmp_path / "log", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    statuses = [os.waitpid(process, 0)[1] for process in writers(database, 16, EACH, log)]
    assert statuses == [0] * 16
    check_writers(database, 16, EACH, tmp_path / "log")


def test_a_server_killed_under_writers_loses_nothing(database, postgresql, tmp_path):
    log = os.open(tmp_path / "log", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    processes = writers(database, 4, EACH, log)
    for _ in range(KILLS):
        before = os.fstat(log).st_size
        while os.fstat(log).st_size < before + 20 and not all(map(ended, processes)):
            time.sleep(0.005)
        postgresql.restart()
    statuses = [os.waitpid(process, 0)[1] for process in processes]
    assert statuses == [0] * 4
    check_writers(database, 4, EACH, tmp_path / "log")


def ended(process):
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def found_by(run):
    """The episodes of a run and its control, and their evaluations, all without seconds."""
    config = json.loads((run / "config.json").read_text())
    with contextlib.closing(open_store(store_of(run, config), config["id"])) as store:
        played = [(e["tokens"], e["reward"], e["status"]) for e in store.all_episodes()]
        answers = {asked.key: answer.public() for asked, answer in store.evaluations()}
    return sorted(map(str, played)), answers


def test_a_search_goes_on_through_kills_of_the_server_to_the_same_end(
    database, postgresql, tmp_path, monkeypatch
):
    """Each kill comes between the statements of a transaction and its commit."""
    search = [*TINY, "--children", "8", "--control", "random"]
    assert main([*search, "--run", str(tmp_path / "file")]) == 0
    begin, begun, kills = psycopg.Connection.transaction, itertools.count(), []

    @contextlib.contextmanager
    def transaction(connection, *args, **rest):
        with begin(connection, *args, **rest):
            yield
            if next(begun) % 4 == 3 and len(kills) < KILLS:
                kills.append(postgresql.restart())

    monkeypatch.setattr(psycopg.Connection, "transaction", transaction)
    run = ["--run", str(tmp_path / "server"), "--store", database.address]
    assert main([*search, *run]) == 0
    assert len(kills) == KILLS
    assert found_by(tmp_path / "server") == found_by(tmp_path / "file")
    best = [of_run(str(tmp_path / name)).found(2) for name in ("server", "file")]
    assert best[0] == best[1]
    ((searched,), _) = read_runs([tmp_path / "server"])
    assert len(searched.pair.agent.values) == len(searched.pair.control.values) == 8


def test_a_disk_that_is_full_there_is_one_line_and_loses_nothing(database, postgresql):
    large = replace(OK, curves={"loss": [0.123456789 + number for number in range(2_000)]})
    with postgresql.small_disk("1m") as resize:
        store, stored = database.open(), []
        database.sql("ALTER TABLE evaluations SET TABLESPACE small")
        with pytest.raises(StoreError, match=r"cannot be used: .*No space left on device$"):
            for number in range(1_000):
                store.put(request(number), large)
                stored.append(request(number).key)
        assert sorted(asked.key for asked, _ in store.evaluations()) == sorted(stored)
        resize("64m")
        store.put(request(len(stored)), large)
        assert store.get(request(len(stored)).key) == large
        store.close()


# -- other machines ------------------------------------------------------------------------------
def test_the_claim_of_another_machine_holds_as_long_as_its_heart_beats(database, monkeypatch):
    store, key = database.open(), request(1).key
    assert store.claim(key) == "mine"
    database.sql("UPDATE claims SET owner = 'elsewhere 4-2/7 1 1 0'")
    assert store.claim(key) == "taken"
    store.release(key)  # what is another's stays
    assert store.claim(key) == "taken"
    monkeypatch.setattr(postgresql_store, "DEAD_AFTER", 0.0)
    assert store.claim(key) == "mine"


def test_nobody_is_dead_because_the_server_was_away(database, postgresql):
    store, key = database.open(), request(1).key
    assert store.claim(key) == "mine"
    database.sql("UPDATE claims SET owner = 'elsewhere 4-2/7 1 1 0'")
    database.sql("UPDATE claims SET heartbeat = heartbeat - interval '1 day'")
    postgresql.restart()
    assert store.claim(key) == "taken"


def test_a_heart_beats_by_the_clock_of_the_server(database):
    store = database.open()
    store.claim(request(1).key)
    database.sql("UPDATE claims SET heartbeat = heartbeat - interval '1 day'")
    store._renew()
    late = "SELECT count(*) FROM claims WHERE clock_timestamp() - heartbeat > interval '1 hour'"
    assert database.sql(late) == [(0,)]


def test_who_beats_again_in_the_last_moment_keeps_the_claim(database, monkeypatch):
    """The heart of an owner that seemed dead beats between the look at it and the taking."""
    store, key = database.open(), request(1).key
    store.claim(key)
    database.sql("UPDATE claims SET owner = 'elsewhere 4-2/7 1 1 0'")
    monkeypatch.setattr(postgresql_store, "DEAD_AFTER", 0.0)
    look = store._read

    def looked(*words):
        found = look(*words)
        database.sql("UPDATE claims SET heartbeat = clock_timestamp()")
        return found

    monkeypatch.setattr(store, "_read", looked)
    assert store.claim(key) == "taken"


def test_who_stored_it_in_the_last_moment_is_seen(database, monkeypatch):
    ours, theirs, key = database.open(), database.open(), request(1).key
    theirs.claim(key)
    monkeypatch.setattr(postgresql_store, "gone", lambda owner: True)
    look = ours._read
    monkeypatch.setattr(ours, "_read", lambda *w: (look(*w), theirs.put(request(1), OK))[0])
    assert ours.claim(key) == "answered"
    assert database.sql("SELECT count(*) FROM claims") == [(0,)]


def test_trainings_that_are_under_way_lie_in_the_folder_of_the_run(database, tmp_path):
    assert database.open().unfinished is None
    with contextlib.closing(open_store_of(tmp_path, database.address, "a run")) as store:
        assert store.unfinished == tmp_path / "results.sqlite.unfinished"
        evaluator = make_evaluator("in_process", torch.device("cpu"), store)
        assert evaluator.place(request(1)).folder == str(store.unfinished / request(1).key[:16])
        with contextlib.closing(pickle.loads(pickle.dumps(store))) as again:
            assert again.unfinished == store.unfinished


def test_many_that_come_at_once_make_the_tables_once(database):
    processes = [forked(lambda: database.open().close()) for _ in range(8)]
    assert [os.waitpid(process, 0)[1] for process in processes] == [0] * 8


def test_a_copy_has_a_connection_and_claims_of_its_own(database):
    store = database.open(run="one")
    assert store.claim(request(1).key) == "mine"
    for again in (copy.deepcopy(store), pickle.loads(pickle.dumps(store))):
        assert again.claim(request(1).key) == "taken" and again.run == "one"
        again.close()


def test_a_fork_does_not_use_the_connection_of_its_parent(database):
    store = database.open()
    store.put(request(1), OK)
    assert os.waitpid(forked(lambda: store.get(request(1).key) != OK), 0)[1] == 0
    assert store.get(request(1).key) == OK


# -- refusals ------------------------------------------------------------------------------------
def refused(address):
    with pytest.raises((StoreError, InvalidValue)) as caught:
        open_store(address)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_not_there_is_said_in_one_line(postgresql):
    assert 'database "nowhere" does not exist' in refused(postgresql.address("nowhere"))
    assert 'role "nobody" does not exist' in refused(postgresql.address(user="nobody"))
    assert "Connection refused" in refused("postgresql://localhost:1/d")
    assert 'invalid URI query parameter: "mode"' in refused("postgresql://localhost/d?mode=1")


def test_a_server_that_does_not_sync_is_told_of(database, postgresql, caplog):
    postgresql.sql("ALTER SYSTEM SET fsync = off")
    postgresql.sql("SELECT pg_reload_conf()")
    try:
        while postgresql.sql("SHOW fsync") != [("off",)]:
            time.sleep(0.005)
        database.open()
    finally:
        postgresql.sql("ALTER SYSTEM RESET fsync")
        postgresql.sql("SELECT pg_reload_conf()")
    assert "the server has fsync = off" in caplog.text


def test_why_there_is_no_server_is_said(monkeypatch):
    monkeypatch.setattr("tests._stores.program", lambda name: None)
    assert _stores.missing() == "PostgreSQL is not installed: there is no initdb"


def test_a_store_of_another_version(database):
    database.open()
    database.sql("UPDATE about SET format = 9")
    assert "by a later version of this program (format 9, expected 1)" in refused(database.address)


def test_a_user_who_may_make_no_tables(database, postgresql):
    postgresql.sql("CREATE ROLE reader LOGIN")
    address = database.address.replace("nas@", "reader@")
    assert "permission denied for database" in refused(address)


def test_a_user_who_was_let_in(database, postgresql):
    """As the page about the store says it."""
    database.open()
    postgresql.sql("CREATE ROLE bob LOGIN")
    for line in re.findall(r"-c '(GRANT .*)'", text("docs/store.md")):
        database.sql(line)
    address = database.address.replace("nas@", "bob@")
    with contextlib.closing(open_store(address)) as store:
        final = replace(request(1), split="final")
        assert store.claim(final.key) == "mine"
        store.put(final, Evaluation("ok", {"test_accuracy": 0.5}))
        store.record_episodes(0, [{"n": 0}])
        assert [line.value for line in database.open().readings()] == [0.5]


def test_psycopg_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "nas_env.run.store._server", raising=False)
    assert "needs psycopg: pip install 'nas-env[cluster]'" in refused("postgresql://h/d")


def start_or_resume(folder, line):
    begun = ["--resume", "--quiet"] if (folder / "config.json").exists() else line
    return lambda: main([*begun, "--run", str(folder)])


def test_a_search_that_is_killed_goes_on_over_a_server(database, tmp_path):
    line, steps = [*TINY, "--children", "8", "--control", "random"], random.Random(0)
    assert main([*line, "--run", str(tmp_path / "file")]) == 0
    folder = tmp_path / "server"
    line += ["--store", database.address]
    for _ in range(KILLS + 1):
        assert killed_at(steps.randint(4, 20), start_or_resume(folder, line))
    assert not killed_at(10**9, start_or_resume(folder, line))
    assert found_by(folder) == found_by(tmp_path / "file")


# -- the password --------------------------------------------------------------------------------
@pytest.fixture
def guarded(database, postgresql, monkeypatch):
    """The address of a database whose user has a password, without it."""
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.setattr(_address, "_secrets", {})
    return database.address.replace("nas@", f"{postgresql.user('hush hush')}@")


def with_password(address, password="hush%20hush"):
    return address.replace("@", f":{password}@", 1)


def test_a_password_is_wanted_or_wrong(guarded, monkeypatch, tmp_path):
    line = refused(guarded)
    assert "set PGPASSWORD, or write the password to ~/.pgpass" in line
    line = refused(with_password(guarded, "wrong"))
    assert "password authentication failed" in line and "wrong" not in line
    monkeypatch.setattr(_address, "_secrets", {})
    with monkeypatch.context() as patch:
        patch.setenv("PGPASSWORD", "hush hush")
        open_store(guarded).close()
    (tmp_path / "pgpass").write_text("*:*:*:*:hush hush\n")
    (tmp_path / "pgpass").chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    open_store(guarded).close()


def test_the_password_of_an_address_stands_nowhere(guarded, tmp_path, capsys, monkeypatch):
    run = tmp_path / "run"
    search = [*TINY, "--children", "2", "--track", "tensorboard", "--run", str(run)]
    assert main([*search, "--store", with_password(guarded)]) == 0
    said = capsys.readouterr()
    assert "hush" not in said.out + said.err
    assert json.loads((run / "config.json").read_text())["store"] == guarded
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 5 and not [path for path in files if b"hush" in path.read_bytes()]
    monkeypatch.setattr(_address, "_secrets", {})  # as in another process
    again = ["--resume", "--run", str(run), "--children", "3"]
    assert main(again) == 2 and "set PGPASSWORD" in capsys.readouterr().err
    monkeypatch.setenv("PGPASSWORD", "hush hush")
    assert main(again) == 0


def test_an_environment_shows_no_password(guarded):
    keywords = {"store": with_password(guarded), "layers": 1}
    env = gymnasium.make("nas_env:NAS-Digits-v0", **keywords)
    assert env.spec.kwargs["store"] == guarded and "hush" not in env.spec.to_json()
    assert "hush" not in repr(vars(env.unwrapped.problem.store))
    again = gymnasium.make(env.spec)
    for each in (env, again):
        each.close()


def test_the_record_of_a_benchmark_has_no_password():
    make = {"store": "postgresql://ann:hush@localhost/d"}
    job = Job("NK-24-4-v0", make, {"name": "random_search"}, "r", 0, Budget("episodes", 1))
    assert "hush" not in job.to_json() and "ann@localhost/d" in job.to_json()


@pytest.mark.parametrize(
    "address",
    ["u:hush@hush@h/d", "u:hush/hush@h/d", "u:hush?hush@h/d", "u:hush:hush", "u:hush\n@h/d"],
)
def test_an_address_that_cannot_be_read_is_not_shown(address):
    assert "hush" not in refused(f"postgresql://{address}")


@pytest.mark.parametrize("option", ["", "--seed", "--stor"])
def test_an_address_in_the_wrong_place_is_shown_without_its_password(option, capsys):
    assert main([*option.split(), "postgresql://ann:hush@hush@h/d?password=hush"]) == 2
    assert "hush" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "address, says",
    [
        ("postgresql://u:p%40w@h:5/d", "postgresql://u@h:5/d"),
        ("postgres://h,[::1]:7/d?password=x&sslmode=require", "postgres://h,[::1]:7/d?sslmode=require"),
        ("postgresql:///d?host=/tmp/x", "postgresql:///d?host=/tmp/x"),
        ("postgresql://u:a:b@/d", "postgresql://u@/d"),
        ("runs/all.sqlite", "runs/all.sqlite"),
    ],
)  # fmt: skip
def test_an_address_is_shown_without_its_password(address, says):
    assert shown(address) == says
