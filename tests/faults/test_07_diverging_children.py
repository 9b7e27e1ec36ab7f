"""Row 7: a child diverges: its status, a finite reward, and an agent whose weights stay finite."""

from dataclasses import replace

import pytest
import torch
from _children import CPU, child
from test_final_split import image_request, text_request
from test_train_agent import TINY, summary_of

from agents import agent_names
from nas_env.command_line.train import main
from nas_env.evaluation import evaluate
from nas_env.run.store import open_store
from nas_env.search.checkpoint import read_checkpoint


def test_diverging_children_are_counted_and_the_search_goes_on(tmp_path):
    arguments = [
        "--children",
        "3",
        *TINY,
        "--quiet",
        "--recipe.learning-rate",
        "1e30",
        "--workers",
        "0",
    ]
    assert main([*arguments, "--run", str(tmp_path / "run")]) == 1  # none succeeded
    assert summary_of(tmp_path / "run")["failed"] == {"diverged": 3}


@pytest.mark.parametrize("request_", [image_request(), text_request()], ids=["images", "text"])
@pytest.mark.parametrize("rate", [1e6, 1e30])
def test_a_learning_rate_that_is_far_too_high(request_, rate):
    """Normalised networks survive more than one would think; no number of theirs is NaN."""
    found = evaluate(replace(request_, recipe={**request_.recipe, "learning_rate": rate}), CPU)
    assert found.status == "diverged" or rate == 1e6
    values = [value for curve in found.curves.values() for value in curve]
    assert all(value == value for value in [*values, *found.metrics.values()])


def test_a_batch_without_numbers(workers):
    """In this process, and in a worker that trains the next child soundly."""
    found = evaluate(child(0, "nan"), CPU)
    assert (found.status, found.error) == ("diverged", "the loss was not finite in epoch 1")
    evaluator = workers()
    assert evaluator.submit(child(0, "nan")).result().status == "diverged"
    assert evaluator.submit(child(1)).result().status == "ok"


@pytest.mark.parametrize("agent", agent_names())
def test_an_agent_whose_children_all_diverge_stays_finite(agent, tmp_path, times):
    """It has played two batches of them and learned from both."""
    if times == 1 and agent not in ("reinforce", "ppo", "controller_ppo"):
        pytest.skip("one of those that only make faults plays")
    run = tmp_path / "run"
    small = ["--children", "18", *TINY, "--workers", "0", "--quiet", "--stop-after-failures", "0"]
    rate = ["--recipe.learning-rate", "1e30"]
    assert main([*small, *rate, "--agent", agent, "--run", str(run)]) == 1
    assert summary_of(run)["failed"] == {"diverged": 18}
    store = open_store(run / "results.sqlite")
    rewards = [each["reward"] for each in store.all_episodes()]
    store.close()
    assert rewards == [0.0] * 18
    checkpoint = read_checkpoint(run / "checkpoint")
    assert checkpoint is not None and checkpoint.episodes == 18
    for name, tensor in checkpoint.tensors.items():
        assert torch.isfinite(tensor.double()).all(), name
