"""Row 1: writers that are killed at any moment lose nothing, and train nothing twice."""

import contextlib
import itertools
import os
import random
import signal
import time

from nas_env.run.store import open_store
from tests._killing import append, forked, killed_at
from tests.test_store import OK, request


def test_writers_that_are_killed_at_random_moments(tmp_path, times, figures):
    """Not between two statements, as below, but wherever SQLite is at that moment."""
    file, acknowledged, moments = tmp_path / "s", tmp_path / "log", random.Random(0)
    open_store(file).close()

    def work():
        store = open_store(file)
        for number in itertools.count():
            asked = request(number)
            if store.claim(asked.key) == "mine":
                store.put(asked, OK)
                append(acknowledged, asked.key)

    for _ in range(5 * times):
        writers = [forked(work) for _ in range(2)]
        time.sleep(moments.uniform(0.05, 0.4))
        for writer in writers:
            os.kill(writer, signal.SIGKILL)
        for writer in writers:
            os.waitpid(writer, 0)
    kept = acknowledged.read_text().split()
    assert len(kept) > 10 and len(set(kept)) == len(kept), "a key was answered twice"
    with contextlib.closing(open_store(file)) as store:
        store.verify()
        assert all(row.is_whole for row in store.rows())
        assert all(store.get(key) == OK for key in kept)
    figures(kills=10 * times, acknowledged=len(kept), lost=0, corrupt=0, twice=0)


def test_two_processes_with_kills_lose_nothing_and_train_nothing_twice(
    place, tmp_path, times, figures
):
    """Forks train the same 60 children until each is answered; some are killed on the way."""
    trained, acknowledged = tmp_path / "trained", tmp_path / "acknowledged"
    place.open().close()

    def work():
        store = place.open()
        for number in itertools.count():
            asked = request(number % 60)
            if store.claim(asked.key) == "mine":
                append(trained, f"{asked.key} {os.getpid()}")
                time.sleep(0.002)
                store.put(asked, OK)
                append(acknowledged, f"{asked.key} {os.getpid()}")
            elif number > 3_000:
                return

    random_steps = random.Random(1)
    for _ in range(5 * times):
        steps = [random_steps.randint(5, 60) for _ in range(2)]
        second = forked(lambda step=steps[0]: killed_at(step, work))
        killed_at(steps[1], work)
        os.waitpid(second, 0)
    store = place.open()
    kept = [line.split() for line in acknowledged.read_text().splitlines()]
    assert len(kept) > 10
    assert all(store.get(key) == OK for key, _ in kept)
    begun = [line.split() for line in trained.read_text().splitlines()]
    assert len({key for key, _ in kept}) == len(kept), "a key was answered twice"
    for key, _ in kept:
        finisher = next(pid for k, pid in kept if k == key)
        others = [pid for k, pid in begun if k == key and pid != finisher]
        assert not any([k, p] in kept for k in [key] for p in others)
        assert begun.index([key, finisher]) == max(i for i, (k, _) in enumerate(begun) if k == key)
    figures(kills=10 * times, acknowledged=len(kept), lost=0, twice=0)
