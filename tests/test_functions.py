"""Benchmarks that are functions: the protocol, its two forms, the NK landscape."""

import itertools

import numpy as np
import pytest

from nas_env import DataNotFound, InvalidValue, UnknownName
from nas_env.table.called import Called
from nas_env.table.format import make_table
from nas_env.table.lookup import lookup
from nas_env.table.nk_landscape import NKLandscape
from search_spaces import make_space

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
    assert found.positions.tolist() == [0, 1, 2, 3, 4, -1]
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
