"""Tables of trained architectures: the format, the look-ups, the environments that they make."""

import json
import os
import pickle
from pathlib import Path

import gymnasium
import numpy as np
import pytest

import nas_env
from agents import agent_names
from nas_env import DataCorrupt, DataNotFound, InvalidValue
from nas_env.command_line.train import main
from nas_env.problem import Problem
from nas_env.table.format import make_table, read_table, shipped, write_table
from nas_env.table.lookup import drawn
from nas_env.tasks.digits import Digits
from search_spaces import make_space
from search_spaces.convolutional import ConvolutionalSpace
from tests import outside_space

SPACE = {"name": "convolutional", "layers": 2, "filter_sizes": [1, 3], "filters": [8]}
TOKENS = np.array(
    [
        [a, b, c, d, e]
        for a in (0, 1)
        for b in (0, 1)
        for c in (0, 1)
        for d in (0, 1)
        for e in (0, 1)
    ]
)
VECTOR = {"vectorization_mode": "vector_entry_point"}


def entries(**changes):
    """A table of 32 sequences, with two seeds and two fidelities."""
    values = np.linspace(0, 0.62, 64).reshape(32, 2)
    whole = {
        "header": {"name": "Tiny", "space": SPACE},
        "tokens": TOKENS,
        "validation/1": values[::-1],
        "validation/9": values,
        "test/9": values + 0.1,
        "seconds/9": np.full((32, 2), 2.0),
        "parameters": np.arange(32),
        "flops": np.arange(32) * 100,
    }
    return {key: value for key, value in {**whole, **changes}.items() if value is not None}


def problem(path, **settings):
    return Problem({"name": "table", "path": str(path)}, **settings)


@pytest.fixture
def path(tmp_path):
    write_table(tmp_path / "tiny.npz", entries())
    return tmp_path / "tiny.npz"


# -- the format ----------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["tiny.npz", "tiny.json"])
def test_what_is_written_is_read(tmp_path, name):
    write_table(tmp_path / name, entries())
    table = read_table(tmp_path / name)
    assert table.space == ConvolutionalSpace(layers=2, filter_sizes=(1, 3), filters=(8,))
    assert table.fidelities == (1, 9)
    rows = table.rows(TOKENS[[3, 0, 31]])
    assert rows.tolist() == [3, 0, 31]
    expected = entries()
    assert np.allclose(table.mean("validation", rows), expected["validation/9"][rows].mean(1))
    assert np.allclose(table.mean("validation", rows, 1), expected["validation/1"][rows].mean(1))
    assert np.allclose(table.mean("test", rows), expected["test/9"][rows].mean(1))
    assert table.seconds(rows).tolist() == [2.0] * 3
    assert table.optimum("test") == pytest.approx(expected["test/9"].mean(1).max())
    assert pickle.loads(pickle.dumps(table)) is table  # by its path


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"tokens": None}, "header and tokens are wanted"),
        ({"header": {"name": "Tiny"}}, "header entry space is missing"),
        ({"header": {"name": "T", "space": SPACE, "format": 2}}, "format is 2, expected 1"),
        ({"header": {"name": "T", "space": SPACE, "metrc": "a"}}, "did you mean 'metric'"),
        ({"tokens": TOKENS[:, :4]}, r"tokens are \(32, 4\), expected \(sequences, 5\)"),
        ({"tokens": TOKENS + 1}, "no option of its decision"),
        ({"tokens": TOKENS[np.zeros(32, int)]}, "lists a sequence twice"),
        ({"accuracy": np.zeros(32)}, "unknown entry 'accuracy'"),
        ({"validation/1": None, "validation/9": None}, "no entry validation"),
        ({"test/9": np.zeros(31)}, "test/9 has 31 rows, others 32"),
        ({"parameters": np.zeros(3, int)}, "parameters has 3 rows, others 32"),
        ({"flops": np.zeros(3, int)}, "flops has 3 rows, others 32"),
        ({"rows": np.full(32, 32)}, "rows are not 32 numbers below 32"),
    ],
    ids=str,
)
def test_a_table_that_is_not_one_gets_one_clear_line(tmp_path, changes, message):
    with pytest.raises(InvalidValue, match=message) as caught:
        write_table(tmp_path / "bad.npz", entries(**changes))
    assert "\n" not in str(caught.value) and not (tmp_path / "bad.npz").exists()


def test_files_that_are_no_tables(tmp_path):
    with pytest.raises(DataNotFound, match="there is no table"):
        problem(tmp_path / "none.npz")
    for name in ("bad.npz", "bad.json"):
        (tmp_path / name).write_bytes(b"PK\x03\x04 no table")
        with pytest.raises(DataCorrupt, match="is not a table") as caught:
            problem(tmp_path / name)
        assert "\n" not in str(caught.value)
    np.savez(tmp_path / "pickled.npz", header=np.array([{}], dtype=object), tokens=TOKENS)
    with pytest.raises(DataCorrupt, match="pickle"):
        problem(tmp_path / "pickled.npz")


def test_a_changed_file_is_read_again(path):
    before = read_table(path)
    write_table(path, entries(**{"validation/9": np.zeros(32)}))
    os.utime(path, ns=(0, 1))
    assert before.optimum() > 0 == read_table(path).optimum()


def test_sequences_of_large_spaces_are_found():
    """Past the size up to which each possible sequence has a place of its own."""
    space = ConvolutionalSpace(layers=6, filters=(8,))
    tokens = space.sample_batch(np.random.default_rng(0), 50)
    header = {"name": "Large", "space": space.spec}
    table = make_table({"header": header, "tokens": tokens, "validation/1": np.arange(50.0)})
    assert table._dense is None
    assert table.rows(tokens[::-1]).tolist() == list(range(50))[::-1]
    others = space.sample_batch(np.random.default_rng(1), 50)
    assert table.rows(others).tolist() == [-1] * 50


# -- what it answers -----------------------------------------------------------------------------
def test_rewards_are_the_mean_of_the_seeds(path):
    tiny = problem(path)
    (_, evaluation), (_, other) = tiny.evaluate(TOKENS[[5, 6]].tolist())
    mean = entries()["validation/9"][5].mean()
    assert evaluation.metrics == {"validation_accuracy": mean}
    assert tiny.objective.reward(evaluation) == mean
    assert (other.parameters, other.flops) == (6, 600) and evaluation.status == "ok"
    assert tiny.seconds(TOKENS[5].tolist(), tiny.request(tiny.space.decode(TOKENS[5]))) == 2.0
    figures = tiny.answers.figures(TOKENS[5].tolist())
    assert figures["test_accuracy"] == pytest.approx(entries()["test/9"][5].mean())
    assert figures["regret"] == pytest.approx(
        entries()["test/9"][31].mean() - figures["test_accuracy"]
    )


def test_a_lower_fidelity(path):
    ((_, evaluation),) = problem(path, recipe={"fidelity": 1}).evaluate([TOKENS[0].tolist()])
    assert evaluation.metrics["validation_accuracy"] == entries()["validation/1"][0].mean()
    with pytest.raises(
        InvalidValue, match=r"no validation at fidelity 2, expected one of \[1, 9\]"
    ):
        problem(path, recipe={"fidelity": 2}).verify_data()


def test_a_sampled_seed_stays_and_is_fair(path, tmp_path):
    rewards = np.array(
        [
            [
                e.metrics["validation_accuracy"]
                for _, e in problem(
                    path, recipe={"noise": "sample"}, evaluation_seed=seed
                ).evaluate(TOKENS.tolist())
            ]
            for seed in (0, 0, 1)
        ]
    )
    assert (rewards[0] == rewards[1]).all() and (rewards[0] != rewards[2]).any()
    values = entries()["validation/9"]
    assert all(reward in row for reward, row in zip(rewards[0], values, strict=True))
    shares = [np.bincount(drawn(np.arange(3000), seed, 3)) / 3000 for seed in range(3)]
    assert np.abs(np.array(shares) - 1 / 3).max() < 0.03
    write_table(tmp_path / "one.npz", entries(**{"validation/9": values[:, 0]}))
    with pytest.raises(InvalidValue, match="has one number an architecture"):
        problem(tmp_path / "one.npz", recipe={"noise": "sample"}).verify_data()


def test_failed_and_absent_architectures_are_failures(tmp_path):
    values = entries()["validation/9"].copy()
    values[0], values[1, 0] = np.nan, np.nan
    listed = slice(0, 30)
    changes = {
        name: entries()[name][listed]
        for name in ("tokens", "validation/1", "test/9", "seconds/9", "parameters", "flops")
    }
    header = {"name": "Tiny", "space": SPACE, "metric": "loss", "maximise": False}
    write_table(
        tmp_path / "t.npz", entries(header=header, **changes, **{"validation/9": values[listed]})
    )
    some = problem(tmp_path / "t.npz")
    found = [e for _, e in some.evaluate(TOKENS[[0, 1, 31]].tolist())]
    assert [e.status for e in found] == ["failed", "ok", "failed"]
    assert [e.error for e in found] == ["its training failed", "", "not in Tiny"]
    assert [e.metrics for e in found] == [{}, {"validation_loss": values[1, 1]}, {}]
    worst = -np.nanmax(values[listed].mean(1))
    assert [some.objective.reward(e) for e in found] == [worst, -values[1, 1], worst]
    figures = some.answers.measure(TOKENS[:2])
    assert some.rewards(figures, some.answers).tolist() == [worst, -values[1, 1]]


def test_equal_networks_share_an_answer(tmp_path):
    """A sequence that is not listed is answered by its canonical form's."""
    space = ConvolutionalSpace(layers=2, filter_sizes=(1, 3), filters=(8,))
    canonical = {space.encode(space.decode(t).canonical()) for t in TOKENS.tolist()}
    tokens = np.array(sorted(canonical))
    assert len(tokens) < len(TOKENS)
    header = {"name": "Folded", "space": SPACE}
    values = np.arange(len(tokens)) / 100
    write_table(tmp_path / "t.npz", {"header": header, "tokens": tokens, "validation/1": values})
    gymnasium_env = gymnasium.make_vec(
        "nas_env:NAS-Bench-Digits-v0",
        num_envs=32,
        **VECTOR,
        task={"name": "table", "path": str(tmp_path / "t.npz")},
    )
    gymnasium_env.reset()
    for column in TOKENS.T:
        _, rewards, *_, info = gymnasium_env.step(column)
    for sequence, reward in zip(TOKENS.tolist(), rewards, strict=True):
        assert (
            values[sorted(canonical).index(space.encode(space.decode(sequence).canonical()))]
            == reward
        )
    assert (info["final_info"]["evaluation"]["status"] == "ok").all()


def test_a_table_wants_its_own_space_and_evaluator(path):
    with pytest.raises(InvalidValue, match=r"space is .*, that of Tiny is Conv"):
        problem(path, layers=1).verify_data()
    with pytest.raises(InvalidValue, match="evaluator is 'in_process', task table needs 'table'"):
        problem(path, evaluator="in_process")
    with pytest.raises(InvalidValue, match="evaluator is 'table', task digits needs 'in_process'"):
        Problem("digits", "convolutional", evaluator="table")


def test_an_evaluator_answers_requests_too(path):
    tiny = problem(path)
    request = tiny.request(tiny.space.decode(TOKENS[7].tolist()))
    ((_, expected),) = tiny.evaluate([TOKENS[7].tolist()])
    assert tiny.evaluator.submit(request).result() == expected


# -- the tables that there are -------------------------------------------------------------------
def test_the_embedded_table():
    table = read_table(shipped("nas_bench_digits.npz"))
    assert shipped("nas_bench_digits.npz").stat().st_size < 1_000_000
    assert table.space.size == len(table.tokens) == 5_832
    assert table.column("validation").shape == table.column("test").shape == (3_162, 3)
    assert table.fidelities == (1, 2, 3, 4)
    for name, values in table.columns.items():
        known = np.isfinite(values)  # the seconds of some networks were taken of two seeds alone
        assert known.any(axis=1).all() if name.startswith("seconds") else known.all()
    rows = {}
    for tokens, row in zip(table.tokens.tolist()[::97], table.row_of[::97].tolist(), strict=True):
        assert rows.setdefault(table.space.decode(tokens).canonical(), row) == row


def test_the_embedded_table_counts_the_networks_that_were_trained():
    table = read_table(shipped("nas_bench_digits.npz"))
    assert table.parameters is not None
    assert (table.parameters.min(), table.parameters.max()) == (478, 11_302)
    for tokens, row in zip(table.tokens.tolist()[::731], table.row_of[::731], strict=True):
        cost = table.space.cost(table.space.decode(tokens), Digits.input_shape, Digits.outputs)
        assert table.parameters[row] == cost.parameters


@pytest.mark.parametrize("classes, pixels", [(10, 8), (100, 32), (120, 16)])
@pytest.mark.parametrize("space", ["convolutional", "nas_bench_201"])
def test_a_count_knows_classes_and_pixels(space, classes, pixels):
    """Each class more is one more row of the last layer, and its bias; a pixel is a product."""
    made = make_space(space)
    architecture = made.decode(made.sample(np.random.default_rng(0)))
    one = made.cost(architecture, (3, pixels, pixels), 1)
    many = made.cost(architecture, (3, pixels, pixels), classes)
    width = made.build(architecture, (3, pixels, pixels), 1).classifier.in_features
    assert many.parameters - one.parameters == (classes - 1) * (width + 1)
    assert many.flops - one.flops == 2 * (classes - 1) * width
    double = made.cost(architecture, (3, 2 * pixels, 2 * pixels), 1)
    assert double.parameters == one.parameters
    assert double.flops - 2 * width == 4 * (one.flops - 2 * width)


def test_the_embedded_table_is_what_training_gives():
    from benchmarks.digits_table import train

    table = read_table(shipped("nas_bench_digits.npz"))
    for position, seed in ((2, 0), (700, 2)):
        trained = train(table.tokens[position].tolist(), seed)
        row = table.row_of[position]
        for epoch, accuracy in zip(table.fidelities, trained["validation"], strict=True):
            # Sums in another order, on another CPU, move a few of the 400 images.
            assert abs(table.column("validation", epoch)[row, seed] - accuracy) < 0.05
        assert abs(table.column("test")[row, seed] - trained["test"]) < 0.05


@pytest.fixture
def nas_bench_201_data():
    folder = Path(os.environ.get("NAS_DATA") or ".")
    if not (folder / "nas-bench-201.npz").is_file():
        pytest.skip("NAS-Bench-201 is wanted: set NAS_DATA to the folder of nas-bench-201.npz")


@pytest.mark.parametrize(
    "id, best", [("CIFAR10", 0.9437), ("CIFAR100", 0.7351), ("ImageNet16", 0.4731)]
)
def test_nas_bench_201(nas_bench_201_data, id, best):
    env = gymnasium.make(f"NAS-Bench-201-{id}-v0", recipe={"fidelity": 12})
    table = env.unwrapped.problem.table
    assert len(table.tokens) == 15_625 == env.unwrapped.search_space.size
    assert table.optimum("test") == pytest.approx(best, abs=1e-4)  # as published
    env.close()


@pytest.mark.parametrize(
    "id, parameters, multiply_adds",
    [
        ("CIFAR10", (1_531_546, 129_306), (220_119_690, 15_647_370)),
        ("CIFAR100", (1_537_396, 135_156), (220_125_540, 15_653_220)),
        ("ImageNet16", (1_538_696, 136_456), (55_037_560, 3_919_480)),
    ],
)
def test_nas_bench_201_counts_the_classes_and_the_pixels(
    nas_bench_201_data, id, parameters, multiply_adds
):
    """The authors' own numbers; their multiply-adds have one more for each class, its bias."""
    classes = {"CIFAR10": 10, "CIFAR100": 100, "ImageNet16": 120}[id]
    env = gymnasium.make(f"NAS-Bench-201-{id}-v0")
    cells = [(3,) * 6, (4, 2, 1, 2, 1, 1)]
    found = [evaluation for _, evaluation in env.unwrapped.problem.evaluate(cells)]
    assert tuple(e.parameters for e in found) == parameters
    assert tuple(e.flops // 2 + classes for e in found) == multiply_adds
    env.close()


def test_the_parameters_of_nas_bench_201_are_those_of_its_file(nas_bench_201_data):
    """For CIFAR-10, all 15,625 of them; the file knows no others."""
    with np.load(Path(os.environ["NAS_DATA"]) / "nas-bench-201.npz") as file:
        millions = file["params_M_c10"].astype(float)
    env = gymnasium.make("NAS-Bench-201-CIFAR10-v0")
    assert np.array_equal(env.unwrapped.problem.table.parameters, (millions * 1e6).round())
    env.close()


def test_without_the_table_of_nas_bench_201(monkeypatch, tmp_path):
    monkeypatch.setenv("NAS_DATA", str(tmp_path))
    env = gymnasium.make("NAS-Bench-201-CIFAR10-v0")
    with pytest.raises(DataNotFound, match=r"looked for .*nas-bench-201\.npz; put"):
        env.unwrapped.reset()
    env.close()


# -- a space and a table from outside ------------------------------------------------------------
@pytest.mark.parametrize("agent", agent_names())
def test_two_files_from_outside_run_under_every_agent(agent, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(outside_space.__file__).parent))
    monkeypatch.syspath_prepend(str(Path(outside_space.__file__).parent))
    arguments = ["--env", "outside_space:Towers-v0", "--agent", agent, "--children", "24"]
    assert main([*arguments, "--quiet", "--run", str(tmp_path / "run")]) == 0
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["children"] == 24 and 0 <= summary["best"]["regret"] < 0.5
    table = read_table(outside_space.TABLE)
    assert summary["best"]["reward"] <= table.optimum() and "test_accuracy" in summary["best"]


def test_a_search_over_a_table_keeps_its_history(tmp_path):
    nas_env.register_table("Towers-v1", outside_space.TABLE)
    assert (
        main(
            [
                "--env",
                "Towers-v0",
                "--agent",
                "random_search",
                "--children",
                "5",
                "--quiet",
                "--run",
                str(tmp_path / "run"),
            ]
        )
        == 0
    )
    from nas_env.run.store import open_store

    store = open_store(tmp_path / "run" / "results.sqlite")
    records = store.all_episodes()
    assert len(records) == 5 and store.evaluations() == []
    assert all(record["seconds"] == 1 + sum(record["tokens"]) for record in records)
    store.close()
