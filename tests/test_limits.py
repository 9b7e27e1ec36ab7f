"""The limits of a child are settings of its task, and no part of what its evaluation is."""

import json

import gymnasium
import pytest
from _small import ID, LENGTH, TINY

from nas_env.command_line.train import main
from nas_env.errors import InvalidValue
from nas_env.problem import Problem
from nas_env.run.store import open_store
from nas_env.tasks import make_task
from search_spaces import make_space, published_architecture

TOKENS = [0] * LENGTH


def problem(store, **limits):
    tiny = {name: value for name, value in TINY.items() if name not in ("task", "recipe")}
    task = {**TINY["task"], **limits}
    return Problem(task, "convolutional", recipe=TINY["recipe"], store=store, **tiny)


def evaluation(store, **limits):
    ((_, found),) = problem(store, **limits).evaluate([TOKENS])
    return found


def test_the_papers_largest_models_may_be_trained():
    space = make_space({"name": "recurrent_cell", "parameters": 54_000_000})
    cell = space.parse(published_architecture("nascell"))
    task = make_task("penn_treebank")
    cost = space.cost(cell, task.input_shape, task.outputs)
    assert 53_000_000 < cost.parameters < task.max_parameters and cost.flops < task.max_flops
    # 39 layers with 40 filters more in each: the wider ones of its 7x7 layers alone, all skips.
    pooled = {"layers": 13, "block": 3, "pooling": [4, 8], "filters": [46, 76]}
    space = make_space({"name": "convolutional", **pooled, "filter_sizes": [5, 7]})
    largest = space.decode([len(decision.options) - 1 for decision in space.decisions])
    task = make_task("cifar10")
    cost = space.cost(largest, task.input_shape, task.outputs)
    assert 37_400_000 < cost.parameters < task.max_parameters and cost.flops < task.max_flops


@pytest.mark.parametrize("limit", ["max_parameters", "max_flops"])
def test_a_kept_child_is_too_large_under_a_lower_limit_and_trained_once(tmp_path, limit):
    trained = evaluation(tmp_path / "s")
    number = {"max_parameters": trained.parameters, "max_flops": trained.flops}[limit]
    small = evaluation(tmp_path / "s", **{limit: number - 1})
    option = f"--task.{limit.replace('_', '-')}"
    assert (small.status, small.metrics, small.seconds) == ("too_large", {}, {})
    assert f"{number:,} " in small.error
    assert f"the task's {limit} ({option}) is {number - 1:,}" in small.error
    assert evaluation(tmp_path / "s", **{limit: number}) == trained  # its seconds too: kept
    assert [kept for _, kept in open_store(tmp_path / "s").evaluations()] == [trained]


def test_a_child_that_was_too_large_is_trained_under_a_higher_limit(tmp_path):
    assert evaluation(tmp_path / "s", max_parameters=10).status == "too_large"
    assert open_store(tmp_path / "s").evaluations() == []
    trained = evaluation(tmp_path / "s")
    assert trained.status == "ok"
    asked = problem(tmp_path / "s", max_parameters=10)
    request = asked.request(asked.space.decode(TOKENS))
    assert asked.parts(TOKENS, request) == {} and asked.seconds(TOKENS, request) is None


def test_the_limit_reaches_a_worker(tmp_path):
    task = {**TINY["task"], "max_parameters": 10}
    workers = {"name": "workers", "workers": 1}
    env = gymnasium.make(ID, **{**TINY, "task": task}, evaluator=workers)
    env.reset()
    *_, info = [env.step(0) for _ in range(LENGTH)][-1]
    env.close()
    assert info["evaluation"]["status"] == "too_large"


def test_the_option_of_the_command_line(tmp_path):
    """Every child is too large, and the run says so; the store has not been asked to keep any."""
    arguments = ["--children", "3", "--workers", "0", "--quiet", "--run", str(tmp_path / "run")]
    main([*arguments, "--task.max-parameters", "10"])
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["failed"] == {"too_large": 3}
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["make"]["task"]["max_parameters"] == 10


def test_a_limit_is_at_least_one():
    with pytest.raises(InvalidValue, match="max_flops is 0, expected at least 1"):
        make_task({"name": "digits", "max_flops": 0})
