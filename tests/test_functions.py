"""Benchmarks that are functions: the protocol, its two forms, the NK landscape."""

import itertools
import json
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence

import nas_env
from nas_env import DataNotFound, InvalidValue, UnknownName
from nas_env.env._columns import stacked
from nas_env.problem import Problem
from nas_env.table.called import Called
from nas_env.table.format import make_table, shipped, write_table
from nas_env.table.lookup import lookup
from nas_env.table.nk_landscape import NKLandscape
from nas_env.testing import ContractBroken, check_function, check_table
from search_spaces import make_space
from tests import outside_function
from tests._pages import blocks
from train_agent import main

SPACE = make_space({"name": "choices", "options": [2, 3]})
EVERY = np.array(list(itertools.product(range(2), range(3))))


def answer(tokens, **changes):
    values = tokens.sum(axis=1)
    whole = {"validation_fitness": values, "test_fitness": -values, "seconds": values + 1.0}
    return {name: v for name, v in {**whole, **changes}.items() if v is not None}


def called(call=answer, **settings):
    return Called("my_module:fitness", SPACE, call, "validation_fitness", **settings)


# -- a function that is called ---------------------------------------------------------------------
def test_its_figures_come_without_the_test_metric():
    found = called().measure(EVERY)
    assert set(found.values) == {"validation_fitness", "seconds"}
    assert found.values["validation_fitness"].dtype == np.float64
    assert found.values["seconds"].tolist() == [1, 2, 3, 2, 3, 4]
    assert called().test(EVERY).tolist() == [0, -1, -2, -1, -2, -3]
    assert called(lambda t: answer(t, test_fitness=None)).test(EVERY) is None


def test_it_gets_fidelity_and_seed_if_it_has_them():
    def noisy(tokens, fidelity, seed):
        return answer(tokens + fidelity + (0 if seed is None else seed))

    function = called(noisy, fidelities=(1, 9), noisy=True, optima={"validation": 21.0})
    assert function.measure(EVERY[:1]).values["validation_fitness"] == 18
    assert function.measure(EVERY[:1], 1, seed=2).values["validation_fitness"] == 6
    assert function.test(EVERY[:1]) == -18
    assert function.optimum("validation") == function.optimum("validation", 9) == 21
    assert function.optimum("validation", 1) is function.optimum("validation", 9, seed=0) is None
    with pytest.raises(InvalidValue, match=r"has no fidelity 2, expected one of \[1, 9\]"):
        function.measure(EVERY, 2)
    with pytest.raises(InvalidValue, match="has no fidelity 2, expected 0, the only one"):
        called().measure(EVERY, 2)
    with pytest.raises(InvalidValue, match="my_module:fitness has no noise"):
        called().measure(EVERY, seed=0)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda t: 1 / 0, "fails: ZeroDivisionError: division by zero"),
        (lambda: 1, "fails: TypeError: .*takes 0 positional arguments but 1 was given"),
        (lambda t: t, "returns a ndarray, expected a mapping of arrays"),
        (lambda t: {}, "returns nothing, expected validation_fitness among them"),
        (lambda t: {"fitness": t[:, 0]}, "returns fitness, expected validation_fitness among"),
        (lambda t: answer(t, second=t[:, 0]), "unknown answer of .*did you mean 'seconds'"),
        (lambda t: answer(t[:4]), r"returns validation_fitness of shape \(4,\), expected \(6,\)"),
        (lambda t: answer(t, seconds=1.0), r"returns seconds of shape \(\), expected \(6,\)"),
        (lambda t: answer(t, seconds=["1"] * 6), "returns seconds of type <U1, expected numbers"),
        (lambda t: answer(t, flops=t[:, 0] / 2), "flops of type float64, expected whole numbers"),
    ],
)
def test_a_broken_one_gets_one_line_that_names_it(call, message):
    with pytest.raises(InvalidValue, match=message) as caught:
        called(call).measure(EVERY)
    assert "my_module:fitness" in str(caught.value) and "\n" not in str(caught.value)


def test_it_may_change_the_sequences_that_it_gets():
    def sorting(tokens):
        tokens.sort(axis=1)
        return answer(tokens)

    given = EVERY.copy()
    called(sorting).measure(given)
    assert np.array_equal(given, EVERY)


def test_its_own_clear_errors_stay():
    def missing(tokens):
        raise DataNotFound("there is no model.npz")

    with pytest.raises(DataNotFound, match=r"there is no model\.npz"):
        called(missing).measure(EVERY)


# -- a table as a function -------------------------------------------------------------------------
def test_a_table_is_such_a_function():
    table = make_table(
        {
            "header": {"name": "Tiny", "space": SPACE.spec},
            "tokens": EVERY[:5],
            "rows": [0, 1, 2, 0, 1],
            "validation/9": [[0.1, 0.3], [0.4, 0.6], [np.nan, np.nan]],
            "test/9": [0.5, 0.7, 0.9],
            "parameters": [10, 11, 12],
        }
    )
    function = lookup(table)
    assert function is lookup(table) and function.table is table
    found = function.measure(EVERY)
    assert found.known.tolist() == [True] * 5 + [False]
    assert function.positions(EVERY).tolist() == [0, 1, 2, 3, 4, -1]
    assert np.allclose(found.values["validation_accuracy"][[0, 1, 3]], [0.2, 0.5, 0.2])
    assert np.isnan(found.values["validation_accuracy"][[2, 5]]).all()
    assert found.values["parameters"][:5].tolist() == [10, 11, 12, 10, 11]
    assert function.measure(EVERY[:5]).known is None
    assert function.networks(EVERY).tolist() == [0, 1, 2, 0, 1, -1]
    assert function.optimum("validation") == 0.5 and function.optimum("test") == 0.9
    assert function.test(EVERY[:2]).tolist() == [0.5, 0.7]
    assert function.optimum("validation", seed=3) in (0.4, 0.6)


# -- the NK landscape ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "n, k, seed", [(1, 0, 0), (3, 0, 0), (3, 2, 1), (6, 1, 2), (8, 4, 3), (10, 3, 4), (9, 8, 5)]
)
def test_the_optimum_of_a_small_landscape_is_that_of_all_its_sequences(n, k, seed):
    landscape = NKLandscape(n, k, seed)
    every = np.array(list(itertools.product((0, 1), repeat=n)))
    assert landscape.fitness(every).max() == pytest.approx(landscape.optimum, abs=1e-12)


def test_a_landscape_is_the_mean_of_its_contributions():
    landscape = NKLandscape(6, 2, seed=1)
    assert landscape.tables.shape == (6, 8)
    tokens = (1, 0, 1, 1, 0, 1)
    windows = (0b101, 0b011, 0b110, 0b101, 0b011, 0b110)  # three decisions each, round the circle
    expected = np.mean([landscape.tables[i, code] for i, code in enumerate(windows)])
    assert landscape.fitness(np.array([tokens])) == pytest.approx(expected)


def test_the_landscape_that_ships_stays():
    landscape = NKLandscape()
    assert landscape.optimum == pytest.approx(0.782997592867938, abs=1e-12)
    sample = np.random.default_rng(0).integers(2, size=(10_000, 24))
    fitness = landscape.fitness(sample)
    assert fitness.max() < landscape.optimum
    assert fitness[0] == pytest.approx(landscape.fitness(sample[:1])[0])


@pytest.mark.parametrize("settings", [{"k": 24}, {"n": 0}, {"k": -1}, {"n": 50, "k": 11}])
def test_a_landscape_refuses_bad_sizes(settings):
    with pytest.raises(InvalidValue, match="expected"):
        NKLandscape(**settings)


def test_unknown_answers_are_named():
    with pytest.raises(UnknownName, match="validation_fitness"):
        called(lambda t: answer(t, validaton_fitness=t[:, 0])).measure(EVERY)


# -- environments ----------------------------------------------------------------------------------
VECTOR = {"vectorization_mode": "vector_entry_point"}
OURS = "tests.outside_function"


def register(id, **options):
    settings = {"space": outside_function.SPACE, "metric": "validation_fitness"}
    nas_env.register_function(id, **{**settings, "function": f"{OURS}:fitness", **options})


def endings(id, tokens, times=1, **settings):
    """Rewards and final infos of one vector of episodes, and of single ones."""
    many = gymnasium.make_vec(id, num_envs=len(tokens), **VECTOR, **settings)
    for _ in range(times):
        many.reset()
        for column in np.array(tokens).T:
            _, rewards, *_, info = many.step(column)
    env, singles = gymnasium.make(id, **settings), []
    for row in tokens:
        env.reset()
        for token in row:
            _, reward, *_, last = env.step(token)
        singles.append((reward, {key: last[key] for key in ("evaluation", "architecture")}))
    final = {key: info["final_info"][key] for key in ("evaluation", "architecture")}
    expected = stacked([single for _, single in singles], many.unwrapped._add_info)
    many.close()
    env.close()
    return rewards.tolist(), final, [reward for reward, _ in singles], expected


ROWS = [(0, 0, 1, 0, 1, 1), (1, 1, 1, 1, 1, 1), (1, 0, 0, 0, 0, 0)]


def test_a_registered_function_is_an_environment():
    register("Function-v0")
    rewards, final, singles, expected = endings("Function-v0", ROWS)
    assert rewards == singles == pytest.approx([5, 0, 10 / 6])
    found = final["evaluation"]
    assert found["status"].tolist() == ["ok", "failed", "ok"]
    assert found["error"].tolist() == ["", "the function has no value for it", ""]
    assert found["metrics"]["_validation_fitness"].tolist() == [True, False, True]
    assert set(found["metrics"]) == {"validation_fitness", "_validation_fitness"}  # no test metric
    assert found["parameters"].tolist() == [3, 6, 1]
    assert data_equivalence(final, {key: expected[key] for key in final})


@pytest.mark.parametrize("tokens", [[1, 2], [1, 1], [2, 2, 0]], ids=str)
@pytest.mark.parametrize("times", [1, 2])
def test_a_table_with_failures_gives_the_same_infos_in_a_vector(tmp_path, tokens, times):
    """Of the first decision 0 is trained, 1 has failed, 2 is not listed."""
    space = {"name": "choices", "options": [3]}
    entries = {"header": {"name": "Holes", "space": space}, "tokens": [[0], [1]]}
    write_table(tmp_path / "t.npz", {**entries, "validation/1": [0.5, np.nan], "flops": [7, 8]})
    nas_env.register_table("Holes-v0", tmp_path / "t.npz")
    rewards, final, singles, expected = endings("Holes-v0", [(t,) for t in [0, *tokens]], times)
    assert rewards == singles
    assert data_equivalence(final, {key: expected[key] for key in final})
    rewards, final, singles, expected = endings("Holes-v0", [(t,) for t in tokens], times)
    assert data_equivalence(final, {key: expected[key] for key in final})


def test_fidelity_and_noise_belong_to_the_recipe():
    options = {"metric": "validation_loss", "maximise": False, "failure_reward": -9.0}
    register("Loss-v0", function=f"{OURS}:loss", fidelities=[1, 2], noisy=True, **options)
    assert endings("Loss-v0", ROWS[:1])[0] == [-1.5]
    assert endings("Loss-v0", ROWS[:1], recipe={"fidelity": 1})[0] == [-3]
    noisy = {"recipe": {"noise": "sample"}, "evaluation_seed": 3}
    assert endings("Loss-v0", ROWS[:1], **noisy)[0] == endings("Loss-v0", ROWS[:1], **noisy)[2]
    assert endings("Loss-v0", ROWS[:1], **noisy)[0] != [-1.5]


@pytest.mark.parametrize(
    "options, message",
    [
        ({"function": "tests.nowhere:fitness"}, "cannot import 'tests.nowhere'"),
        ({"function": f"{OURS}:fitnes"}, "unknown name in .*did you mean 'fitness'"),
        ({"function": f"{OURS}:SPACE"}, "SPACE is a dict, expected a function"),
        ({"function": f"{OURS}:broken"}, r"broken returns validation_fitness of shape \(7,\)"),
        ({"metric": "validation_los"}, "fitness returns .*expected validation_los among them"),
        ({"objective": "weighted_product", "function": f"{OURS}:loss"}, "loss fails: TypeError"),
        ({"function": 3}, "function is 3, expected a text"),
        ({"metric": "fitness"}, "metric_name is 'fitness', expected 'validation_fitness'"),
        ({"maximise": False}, "failure_reward is missing"),
        ({"fidelities": [9, 1]}, r"fidelities are \(9, 1\), expected ascending"),
        ({"recipe": {"fidelity": 3}}, "fitness has no fidelity 3, expected 0, the only one"),
        ({"recipe": {"noise": "sample"}}, "noise is 'sample', but .*fitness has no noise"),
        ({"optimun": 1.0}, "did you mean 'optimum'"),
    ],
    ids=str,
)
def test_a_bad_one_gets_one_line_before_the_first_episode(options, message):
    settings = {key: options.pop(key) for key in ("recipe", "objective") if key in options}
    register("Bad-v0", **options)
    for make in (gymnasium.make, lambda id, **s: gymnasium.make_vec(id, **VECTOR, **s)):
        with pytest.raises(InvalidValue, match=message) as caught:
            make("Bad-v0", **settings).reset()
        assert "\n" not in str(caught.value)


def test_an_objective_gets_the_costs_that_the_function_has():
    register("Costs-v0")
    product = {"name": "weighted_product", "cost": "parameters", "target": 3, "weight": -1}
    assert endings("Costs-v0", ROWS[:1], objective=product)[0] == [5]
    with pytest.raises(InvalidValue, match=r"fitness: 'flops' was not measured"):
        gymnasium.make("Costs-v0", objective={**product, "cost": "flops"}).reset()


def test_a_task_that_trains_refuses_a_space_without_networks():
    with pytest.raises(InvalidValue, match="space is 'choices', which describes no networks"):
        gymnasium.make("NAS-Digits-v0", space="choices")


def test_an_evaluator_asks_the_function_too():
    problem = Problem("nk_landscape")
    tokens = [0, 1] * 12
    ((architecture, expected),) = problem.evaluate([tokens])
    assert problem.evaluator.submit(problem.request(architecture)).result() == expected
    assert expected.metrics["validation_fitness"] == NKLandscape().fitness(np.array([tokens]))[0]
    regret = NKLandscape().optimum - expected.metrics["validation_fitness"]
    assert problem.answers.figures(tokens) == {"regret": pytest.approx(regret)}


@pytest.mark.parametrize("agent", ["random_search", "reinforce"])
def test_one_file_from_outside_is_searched_and_compared(agent, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(outside_function.__file__).parent))
    arguments = ["--env", "outside_function:Ones-v0", "--agent", agent, "--children", "24"]
    assert main([*arguments, "--quiet", "--run", str(tmp_path / "run")]) == 0
    best = json.loads((tmp_path / "run" / "summary.json").read_text())["best"]
    assert best["test_fitness"] == pytest.approx(best["validation_fitness"] + 1)
    assert best["regret"] == pytest.approx(11 - best["test_fitness"])


# -- the page --------------------------------------------------------------------------------------
def test_the_ten_lines_of_the_page_are_a_benchmark(tmp_path, monkeypatch):
    ten_lines = blocks("docs/functions.md")[0]
    (tmp_path / "my_bench.py").write_text(ten_lines)
    monkeypatch.syspath_prepend(str(tmp_path))
    arguments = ["--env", "my_bench:Trap-v0", "--agent", "local_search", "--children", "20"]
    assert main([*arguments, "--quiet", "--run", str(tmp_path / "run")]) == 0
    best = json.loads((tmp_path / "run" / "summary.json").read_text())["best"]
    assert best["regret"] == pytest.approx(1 - best["validation_fitness"])
    assert best["reward"] == best["validation_fitness"]


def test_the_other_block_of_the_page_runs(capsys):
    exec(blocks("docs/functions.md")[-1], {})
    reward, optimum = map(float, capsys.readouterr().out.split())
    assert 0 < reward < optimum == NKLandscape(40, 8, 1).optimum


# -- the benchmark ---------------------------------------------------------------------------------
def test_the_benchmark_compares_reports_and_validates(tmp_path, capsys):
    from nas_env.benchmark import export, report, run, validate
    from nas_env.benchmark.table import main as main_table

    results, page = tmp_path / "r.sqlite", tmp_path / "page"
    where = ["--environments", "NK-24-4-v0", "--results", str(results), "--workers", "1"]
    agents = ["--agents", "random_search", "local_search", "--seeds", "3", "--episodes", "20"]
    assert run.main([*where, *agents, "--quiet"]) == 0
    assert report.main([str(results), "--out", str(page)]) == 0
    text = (page / "index.md").read_text()
    assert "The optimum is 0.7830." in text and "### Validation fitness" in text
    submission = tmp_path / "submission.json"
    chosen = [str(results), "--agent", "random_search", "--out", str(submission)]
    assert export.main(chosen) == 0 and validate.main([str(submission)]) == 0
    assert main_table([str(submission)]) == 0
    assert "| `random_search` | 3 |  | 0." in capsys.readouterr().out  # no test metric
    regrets = [r["regret"] for r in json.loads(submission.read_text())["figures"]["runs"]]
    assert all(0 < regret["validation"] < 0.4 for regret in regrets)


# -- the contract that ships -----------------------------------------------------------------------
@pytest.mark.parametrize("task", ["nk_landscape", "nas_bench_digits", {"function": "fitness"}])
def test_what_ships_keeps_the_contract(task):
    own = {"name": "function", "space": outside_function.SPACE, "metric_name": "validation_fitness"}
    if isinstance(task, dict):
        task = {**own, "function": f"{OURS}:{task['function']}", "optimum": 50 / 6}
    check_function(task)
    check_table(shipped("nas_bench_digits.npz"))


@pytest.mark.parametrize(
    "name, message",
    [
        ("moody", "expected the same figures a second time"),
        ("relative", "the same figures for .* alone"),
        ("ordered", "do not depend on the order"),
        ("hopeless", "a number for some sequences"),
        ("fitness", "nothing better than 1.0, got 8.3"),
    ],
)
def test_a_function_that_breaks_the_contract_is_told_how(name, message):
    task = {"name": "function", "space": outside_function.SPACE, "optimum": 1.0}
    task |= {"function": f"{OURS}:{name}", "metric_name": "validation_fitness"}
    with pytest.raises(ContractBroken, match=message):
        check_function(task)


def test_a_submission_from_outside_is_validated_by_those_who_trust_its_module(
    tmp_path, monkeypatch, capsys
):
    from nas_env.benchmark import export, run, validate

    monkeypatch.syspath_prepend(str(Path(outside_function.__file__).parent))
    results, submission = tmp_path / "r.sqlite", tmp_path / "submission.json"
    where = ["--environments", "outside_function:Ones-v0", "--results", str(results)]
    played = ["--agents", "random_search", "--seeds", "1", "--episodes", "5", "--quiet"]
    assert run.main([*where, *played, "--workers", "1"]) == 0
    chosen = [str(results), "--agent", "random_search", "--out", str(submission)]
    assert export.main(chosen) == 0
    assert validate.main([str(submission)]) == 2
    assert "if you trust it, --trust outside_function" in capsys.readouterr().err
    assert validate.main([str(submission), "--trust", "outside_function"]) == 0
