"""Children handed over as they finish: killed at any step, a search goes on through that order."""

import pytest

from agents import agent_class, agent_names, make_agent, make_environment
from nas_env.errors import InvalidValue, UnknownName
from nas_env.run.folder import Run
from nas_env.run.store import open_store
from nas_env.search.checkpoint import read_checkpoint
from nas_env.search.loop import Depth, Search
from nas_env.search.order import check_order
from tests._held import Held
from train_agent import main

OURS = [name for name in agent_names() if "finished" in agent_class(name).orders]
WAITING = {"name": "benchmarks._waiting:WaitingEvaluator", "workers": 4, "shortest": 0.002}
TABLE = "nas_env:NAS-Bench-Digits-v0"


class HeldByHistory(Held):
    """Its first child does not finish before three others are in the history."""

    def freed(self):
        return len(self.store.episodes()) >= 3


def search(folder, spec, children=24, workers=4, name=WAITING["name"], **settings):
    """Begin a search or go on with it, in the order in which its children finish."""
    folder.mkdir(exist_ok=True)
    run = Run(folder)
    evaluator = {**WAITING, "name": name, "workers": workers}
    store = open_store(folder / "results.sqlite", "a run")
    environment = make_environment(
        spec, "nas_env:NAS-Digits-v0", evaluator=evaluator, store=store, device="cpu"
    )
    try:
        agent = make_agent(spec, environment, 0)
        problem = environment.unwrapped.problem
        found = Search(agent, problem, run, children=children, order="finished", **settings)
        found.play()
        return found
    finally:
        environment.close()
        run.close()


def history(folder):
    if not (folder / "results.sqlite").exists():
        return []
    store = open_store(folder / "results.sqlite", "a run")
    records = store.episodes()
    store.close()
    return records


def forget(folder):
    """Delete the checkpoints, so that all is gone through again."""
    for checkpoint in (folder / "checkpoint").iterdir():
        checkpoint.unlink()


def learned(agent):
    state = agent.state()
    return {name: tensor.tolist() for name, tensor in state.tensors.items()}, state.values


def test_who_finishes_first_is_taken_first(tmp_path):
    agent = {"name": "evolution", "batch_size": 1}
    found = search(tmp_path, agent, children=8, name=f"{__name__}:HeldByHistory")
    assert [record["proposal"] for record in found.records].index(0) >= 3


@pytest.mark.parametrize("name", OURS)
def test_every_agent_goes_on_through_the_same_order(tmp_path, name):
    whole = search(tmp_path, name)
    assert sorted(record["proposal"] for record in whole.records) == list(range(24))
    assert whole.agent.proposals.open == {}
    forget(tmp_path)
    again = search(tmp_path, name)
    assert again.records == whole.records and learned(again.agent) == learned(whole.agent)


def test_as_many_are_on_their_way_as_the_evaluator_holds(tmp_path):
    found = search(tmp_path, {"name": "reinforce", "batch_size": 2})
    for number, record in enumerate(found.records):
        assert record["proposed"] - number <= 4 + 4  # some have finished, and have not arrived
        assert record["version"] <= record["learned"] == number // 2
    assert max(record["learned"] - record["version"] for record in found.records) > 0
    assert read_checkpoint(tmp_path / "checkpoint").values["proposals"]["version"] == 12


def test_a_longer_budget_goes_on_through_the_history(tmp_path):
    first = search(tmp_path, "evolution", children=10)
    forget(tmp_path)
    longer = search(tmp_path, "evolution", children=20)
    assert longer.records[:10] == first.records and len(longer.records) == 20


def test_no_child_of_another_depth_is_proposed_before_the_last_has_arrived(tmp_path):
    found = search(tmp_path, "reinforce", depth=Depth(first=2, step=1, every=7))
    layers = [len(record["architecture"]["layers"]) for record in found.records]
    assert layers == [2] * 7 + [3] * 7 + [4] * 10


def test_a_history_of_other_proposals_is_not_followed(tmp_path):
    search(tmp_path, "reinforce", children=6)
    forget(tmp_path)
    found = search(tmp_path, "evolution", children=8)
    assert found.records == history(tmp_path) and len(found.records) == 8


def test_agents_with_a_loop_of_their_own_refuse(tmp_path, capsys):
    arguments = ["--agent", "ppo", "--env", TABLE, "--order", "finished", "--quiet"]
    assert main([*arguments, "--run", str(tmp_path / "run")]) == 2
    line = "order is 'finished', but agent ppo has a loop of its own: expected 'submitted'\n"
    assert capsys.readouterr().err.endswith(line)
    assert not (tmp_path / "run").exists()
    with pytest.raises(InvalidValue, match="agent dqn has a loop of its own"):
        check_order("finished", agent_class("dqn"), "dqn")
    with pytest.raises(UnknownName, match="did you mean 'finished'"):
        check_order("finish", agent_class("reinforce"), "reinforce")


def test_the_order_is_part_of_the_run(tmp_path, capsys):
    run = ["--run", str(tmp_path / "run"), "--quiet"]
    few = ["--env", TABLE, "--agent", "evolution", "--children", "8"]
    assert main([*few, "--order", "finished", "--control", "random", *run]) == 0
    assert main(["--resume", "--order", "finished", *run]) == 0
    assert main(["--resume", "--order", "submitted", *run]) == 2
    assert "--order is submitted, the run has finished" in capsys.readouterr().err
