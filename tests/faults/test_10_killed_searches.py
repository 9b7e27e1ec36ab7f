"""Row 10: a search that is killed and resumed ends as one that was not, to the bit."""

import random
import shutil

import pytest
import torch
from test_final import FEW, SEARCH, result_of, same_always
from test_order import OURS, forget, history, learned, search
from test_resume import SMALL, figures, start_or_resume

import nas_env
from agents import agent_names
from nas_env.command_line.retrain import main as retrain
from nas_env.command_line.train import main
from nas_env.evaluation import in_process
from nas_env.run.store import open_store
from nas_env.search import loop
from nas_env.search.checkpoint import read_checkpoint
from tests._killing import append, killed_at

WITHOUT_END = 10**9  # steps
SAMPLE = ("controller_ppo", "ppo")  # in the small size: one of ours, one by SB3


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished search with its control."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    assert main([*SEARCH, "--control", "random", "--run", str(folder)]) == 0
    return folder


@pytest.fixture
def run(finished, tmp_path):
    """A copy of it."""
    return shutil.copytree(finished, tmp_path / "run")


def by_size(times, few, many):
    return many if times > 1 else few


@pytest.mark.parametrize(
    "agent, seconds, workers",
    [("reinforce", 0.0, 0), ("random_search", 1e9, 0), ("reinforce", 0.0, 2)],
    ids=str,
)
def test_kills_at_any_step_change_nothing(agent, seconds, workers, tmp_path, monkeypatch, times):
    """With a checkpoint after each update, with none but the last, and with workers."""
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", seconds)
    arguments = ["--children", str(by_size(times, 5, 16)), "--agent", agent, *SMALL]
    arguments += ["--workers", str(workers)]
    arguments += [] if workers and times == 1 else ["--control", "random"]  # workers start slowly
    assert main([*arguments, "--run", str(tmp_path / "whole")]) == 0
    torch.set_num_threads(1)
    killed, steps = tmp_path / "killed", random.Random(agent)
    kills, wanted = 0, by_size(times, 1 if workers else 2, 10)
    for _ in range(wanted):
        kills += killed_at(steps.randint(8, 16), start_or_resume(killed, arguments))
    assert kills >= wanted // 2
    assert not killed_at(WITHOUT_END, start_or_resume(killed, arguments))
    assert figures(killed) == figures(tmp_path / "whole")


@pytest.mark.parametrize("agent", agent_names())
def test_every_agent_goes_on_bit_by_bit(tmp_path, agent, monkeypatch, times):
    """Actions, rewards, weights and random states; on a table, where nothing is trained."""
    if times == 1 and agent not in SAMPLE:
        pytest.skip("one of those that only make faults plays")
    children = by_size(times, 40, 60)
    arguments = ["--env", "NAS-Bench-Digits-v0", "--agent", agent, "--quiet"]
    arguments += ["--children", str(children)]
    assert main([*arguments, "--run", str(tmp_path / "whole")]) == 0
    killed, steps = tmp_path / "killed", random.Random(agent)
    with monkeypatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT_EVERY", 0.0)
        met, most = 0, 26  # kills that leave a checkpoint in the middle; steps before a kill
        while met < by_size(times, 1, 3):
            if not killed_at(steps.randint(10, most), start_or_resume(killed, arguments)):
                shutil.rmtree(killed)  # it was done before that
            most += 4  # some agents take many steps to their first checkpoint
            left = read_checkpoint(killed / "checkpoint")
            met += left is not None and 0 < left.episodes < children
    assert not killed_at(WITHOUT_END, start_or_resume(killed, arguments))
    one, other = (read_checkpoint(tmp_path / name / "checkpoint") for name in ("whole", "killed"))
    assert one is not None and other is not None
    assert one.episodes == other.episodes == children and one.values == other.values
    assert one.tensors.keys() == other.tensors.keys()
    for name, tensor in one.tensors.items():
        assert torch.equal(tensor, other.tensors[name]), name
    played = [open_store(tmp_path / name / "results.sqlite") for name in ("whole", "killed")]
    first, second = ([(e["tokens"], e["reward"]) for e in s.all_episodes()] for s in played)
    assert first == second and len(first) == children


@pytest.mark.parametrize("agent", OURS)
@pytest.mark.parametrize("seconds", [0.0, 1e9], ids=["a checkpoint each time", "no checkpoint"])
def test_kills_leave_one_history(tmp_path, monkeypatch, seconds, agent, times):
    """As they finish: what was used is never changed, and a fresh agent learns the same from it."""
    if times == 1 and (agent, seconds) not in (("reinforce", 0.0), ("evolution", 1e9)):
        pytest.skip("one of those that only make faults plays")
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", seconds)
    torch.set_num_threads(1)
    folder, steps, before = tmp_path / "run", random.Random(0), []
    for _ in range(by_size(times, 3, 10)):
        killed_at(steps.randint(4, 24), lambda: search(folder, agent) and None)
        now = history(folder)
        assert now[: len(before)] == before
        before = now
    last = search(folder, agent)
    assert len(last.records) == 24 and last.records[: len(before)] == before
    assert sorted(record["proposal"] for record in last.records) == list(range(24))
    forget(folder)
    again = search(folder, agent, workers=2)
    assert again.records == last.records == history(folder)
    assert learned(again.agent) == learned(last.agent)


def test_a_final_training_that_is_killed_ends_as_one_that_was_not(
    run, tmp_path, monkeypatch, times
):
    whole = shutil.copytree(run, tmp_path / "whole")
    assert retrain([str(whole), *FEW]) == 0
    evaluate = in_process.evaluate

    def noted(request, *rest):
        evaluation = evaluate(request, *rest)
        append(tmp_path / "trained", request.key)
        return evaluation

    monkeypatch.setattr(in_process, "evaluate", noted)
    torch.set_num_threads(1)
    steps = random.Random(0)
    kills = by_size(times, 3, 10)
    for _ in range(kills):
        killed_at(steps.randint(1, 14), lambda: retrain([str(run), *FEW]))
    assert not killed_at(WITHOUT_END, lambda: retrain([str(run), *FEW]))
    assert same_always(result_of(run)) == same_always(result_of(whole))
    store = open_store(run / "results.sqlite")
    stored = {request.key for request, _ in store.evaluations()}
    store.close()
    trained = (tmp_path / "trained").read_text().split()
    assert set(trained) <= stored
    assert len(trained) <= len(set(trained)) + kills  # at most what a kill cut off, once a kill


def test_an_export_that_is_killed_is_whole_in_the_end(run, tmp_path, times):
    """Weights, source, programs and card: the folder is there when all of it is."""
    arguments = ["--seeds", "1", "--top", "1", "--grid", "none", "--recipe.epochs", "1"]
    arguments += ["--workers", "0", "--quiet"]
    torch.set_num_threads(1)
    folder, steps = run / "final" / "network", random.Random(1)
    for _ in range(by_size(times, 2, 10)):
        killed_at(steps.randint(10, 40), lambda: retrain([str(run), *arguments]))
        if folder.exists():
            nas_env.load(folder)
    assert not killed_at(WITHOUT_END, lambda: retrain([str(run), *arguments]))
    assert nas_env.load(folder)(torch.zeros(2, 1, 8, 8)).shape == (2, 10)
    names = {path.name for path in folder.iterdir()}
    assert names >= {"network.py", "weights.safetensors", "README.md"}
    assert not [path for path in (run / "final").rglob("*") if path.name.startswith(".")]
