"""Rows 1, 5, 8, 10 and 12 on a Ray cluster of three nodes: what dies is a node with all it runs."""

import contextlib
import random
import signal

import pytest
import torch
from _children import child, pids, running, until
from _cluster import add_node, started
from _inject import fill, small_disk
from _nodes import kill_a_node, replace_a_node
from test_12_full_disk import named
from test_ray_driver import RAY, SMALL, driver
from test_ray_driver import evaluations as stored
from test_ray_driver import figures as left_by
from test_ray_faults import statuses

from nas_env.command_line.train import main
from nas_env.evaluation import make_evaluator
from nas_env.run.store import open_store
from nas_env.search import loop
from tests._killing import append

LIMIT = 5.0  # seconds; a node is killed within them
CHILDREN = "12"  # of a search, each half a second
SEARCH = [*SMALL, "--space.layers", "2", "--recipe.epochs", "8", "--task.train-size", "512"]
SEARCH += ["--children", CHILDREN]
PATIENT = ["--evaluator.retries", "1000"]  # no child dies since its nodes did


@pytest.fixture(scope="module")
def cluster():
    """A head on which no child is trained, and two nodes with room for one each."""
    with started(0, 1, 1) as made:
        yield made


@pytest.fixture
def evaluator(cluster):
    """Makes evaluators of a store."""
    with contextlib.ExitStack() as stack:

        def make(file=":memory:", **settings):
            store = stack.enter_context(contextlib.closing(open_store(file)))
            spec = {"name": "ray", "retries": 1000, **settings}
            made = make_evaluator(spec, torch.device("cpu"), store)
            return stack.enter_context(contextlib.closing(made))

        yield make


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What a search in process has left that nothing has disturbed."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert main(["--run", str(folder), *SEARCH, "--workers", "0"]) == 0
    return left_by(folder)


def lost(evaluations):
    return sum(statuses(each).count("lost") for each in evaluations)


def dozing(folder, count, first=0):
    """Requests of children that take half a second, and the notes of their processes."""
    notes = [folder / f"note {number}" for number in range(first, first + count)]
    return [child(number % 2, "doze", note) for number, note in enumerate(notes)], notes


def check_store(file, expected):
    """A store has these evaluations by their keys, each of them whole, and nothing else."""
    with contextlib.closing(open_store(file)) as store:
        store.verify()
        assert all(row.is_whole for row in store.rows())
        assert {request.key: each for request, each in store.evaluations()} == expected


def test_row_1_children_whose_nodes_are_killed(cluster, evaluator, tmp_path, times, figures):
    """What was acknowledged is there, and its child was not begun again afterwards."""
    file, log, moments = tmp_path / "s", tmp_path / "log", random.Random(0)
    made, futures, noted = evaluator(file), {}, {}

    def acknowledge(asked, note):
        append(log, f"{asked.key} {len(pids(note))}")

    for turn in range(2 * times):
        for asked, note in zip(*dozing(tmp_path, 6, 6 * turn), strict=True):
            futures[asked.key], noted[asked.key] = made.submit(asked), note
            futures[asked.key].add_done_callback(
                lambda _, asked=asked, note=note: acknowledge(asked, note)
            )
        replace_a_node(cluster, moments.uniform(0, 0.6))
    answers = {key: future.result() for key, future in futures.items()}
    until(lambda: len(log.read_text().splitlines()) >= len(answers))
    acknowledged = dict(line.split() for line in log.read_text().splitlines())
    assert acknowledged == {key: str(len(pids(note))) for key, note in noted.items()}
    for key, answer in answers.items():
        assert statuses(answer) == ["lost"] * (len(answer.attempts) - 1) + ["ok"]
        assert 1 <= len(pids(noted[key])) <= len(answer.attempts), "trained unasked"
    assert lost(answers.values()) > 0, "the kills met nothing"
    check_store(file, answers)
    seen = {"attempts_lost": lost(answers.values()), "lost": 0, "corrupt": 0, "twice": 0}
    figures(row=1, kills=2 * times, acknowledged=len(answers), **seen)


def test_row_5_two_evaluators_on_one_store(cluster, evaluator, tmp_path, times, figures):
    """They want the same children from both ends, so that each waits for what the other trains."""
    file, (asked, notes) = tmp_path / "s", dozing(tmp_path, 10 * times)
    one, other = evaluator(file), evaluator(file)
    pairs = zip(asked, reversed(asked), strict=True)
    futures = [(one.submit(early), other.submit(late)) for early, late in pairs]
    moments = random.Random(0)
    for _ in range(times):
        replace_a_node(cluster, moments.uniform(0, 0.4))
    answers = [future.result() for future, _ in futures]
    assert answers == [future.result() for _, future in reversed(futures)]
    assert {each.status for each in answers} == {"ok"}
    keys = [set(each.kept) for each in (one, other)]
    assert min(map(len, keys)) > 0 and sum(map(len, keys)) == len(asked)
    for note, answer in zip(notes, answers, strict=True):
        assert 1 <= len(pids(note)) <= len(answer.attempts), "trained twice"
    check_store(file, {each.key: found for each, found in zip(asked, answers, strict=True)})
    figures(row=5, kills=times, children=len(asked), attempts_lost=lost(answers), twice=0)


@pytest.mark.parametrize("fault", ["sleep", "hold"])
def test_row_8_a_child_that_hangs(cluster, evaluator, fault, tmp_path, times, figures):
    """It is gone with its nodes, tried elsewhere as often as it may, and stopped at its limit."""
    note = tmp_path / "note"
    made = evaluator(time_limit=LIMIT, retries=times)
    future = made.submit(child(fault=fault, note=note))
    for number in range(times):
        until(lambda number=number: len(pids(note)) > number)
        replace_a_node(cluster)
        until(lambda number=number: not running(pids(note)[number]))
    found = future.result()
    assert (found.status, found.error) == ("timed_out", f"not done within {LIMIT:g} seconds")
    assert statuses(found) == ["lost"] * times + ["timed_out"]
    assert len(pids(note)) == times + 1
    until(lambda: not any(map(running, pids(note))))
    assert made.submit(child(1)).result().status == "ok"
    figures(row=8, kills=times, fault=fault, left=0)


def test_row_10_a_search_whose_nodes_and_driver_are_killed(
    cluster, whole, tmp_path, times, figures
):
    """The driver goes on with the node that is left, and is killed; another one has both again."""
    moments, met = random.Random(0), 0
    for turn in range(times):
        run = tmp_path / str(turn)
        with driver(run, *SEARCH, *RAY, *PATIENT) as process:
            until(lambda run=run: stored(run))
            kill_a_node(cluster, moments.uniform(0, 0.5))
            many = len(stored(run)) + 3
            until(lambda run=run, many=many: lost(stored(run).values()) or len(stored(run)) > many)
            process.send_signal(signal.SIGKILL)
        assert not (run / "summary.json").exists(), "the driver was not killed"
        before = stored(run)
        add_node(cluster)
        assert main(["--run", str(run), "--resume", "--quiet"]) == 0
        assert stored(run).items() >= before.items()
        assert left_by(run) == whole
        met += lost(before.values())
    figures(row=10, nodes=times, drivers=times, attempts_lost=met)


def test_row_12_a_search_whose_disk_is_full(
    cluster, whole, tmp_path, capsys, monkeypatch, times, figures
):
    """The nodes train on; what they answer is lost to a search that cannot keep it."""
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", 0.0)
    disk, moments, full = tmp_path / "disk", random.Random(0), 0
    with small_disk(disk, "4m"):
        run = disk / "run"
        resume = ["--run", str(run), "--resume", "--quiet", "--children", CHILDREN]
        assert main(["--run", str(run), *SEARCH, *RAY, *PATIENT, "--children", "2"]) == 0
        for turn in range(2 * times):
            filling = fill(disk, moments.randint(0, 100_000) if turn else 0)
            before = stored(run)
            capsys.readouterr()
            status = main(resume)
            if status:
                full += 1
                assert status == 2 and named(capsys)
                assert stored(run).items() >= before.items()
            filling.unlink()
        assert full
        assert main(resume) == 0
        assert left_by(run) == whole
    figures(row=12, turns=2 * times, full=full, lost=0)
