"""The benchmark's statistics, its harness, its page, its leaderboard and its tuner."""

import dataclasses
import itertools
import json
import re

import numpy as np
import pytest
from scipy import stats

from agents import agent_names, make_config
from benchmarks._results import FOLDER
from benchmarks.coverage import POPULATIONS, coverage
from nas_env.benchmark import _pool, tune
from nas_env.benchmark.__main__ import main
from nas_env.benchmark._anytime import at_times, expected_best, incumbent, spent
from nas_env.benchmark._environment import all_sequences, make_vector, truth_of
from nas_env.benchmark._file import ResultsFile
from nas_env.benchmark._job import Budget, Job, agent_spec
from nas_env.benchmark._plots import improvements, over_budget, over_compute
from nas_env.benchmark._reading import studies
from nas_env.benchmark._significance import holm, mann_whitney
from nas_env.benchmark._statistics import (
    HELD,
    bootstrap,
    difference,
    improvement,
    interquartile_mean,
    iqm_interval,
    mean_interval,
)
from nas_env.benchmark._submission import Submission, compare, read
from nas_env.benchmark._trials import SPACES, draw, read_spaces, trials
from nas_env.benchmark._verdict import against_control, paragraph, wins
from nas_env.errors import InvalidValue, UnknownName
from search_spaces import make_space
from tests._canvas import texts_outside
from tests._killing import killed_at

ID = "NAS-Bench-Digits-v0"
RNG = np.random.default_rng(0)


# -- statistics ----------------------------------------------------------------------------------
def test_mean_interval_is_students():
    values = [3.0, 5.0, 4.0, 8.0]
    interval = mean_interval(values)
    assert interval.value == 5.0
    assert interval.half == pytest.approx(3.182446 * np.std(values, ddof=1) / 2)
    assert np.isnan(mean_interval([1.0]).low)


@pytest.mark.parametrize("count", [1, 3, 4, 7, 20])
def test_interquartile_mean_is_the_trimmed_mean(count):
    values = RNG.normal(size=count)
    assert interquartile_mean(values) == pytest.approx(stats.trim_mean(values, 0.25))


def test_bootstrap_resamples_within_strata():
    low, high = [0.0] * 4, [10.0] * 4  # across strata the mean would vary
    interval = bootstrap([low, high], lambda x: x.mean(axis=-1))
    assert interval == (5.0, 5.0, 5.0)
    many = iqm_interval(RNG.normal(size=400))
    # 1.96 standard errors of a mean of the middle half: sd 0.74 / sqrt(400) by its influence.
    assert many.half == pytest.approx(1.96 * 1.09 / 20, rel=0.2)
    assert iqm_interval([1.0, 2.0, 3.0]) == iqm_interval([1.0, 2.0, 3.0])


def test_improvement_counts_pairs_and_averages_environments():
    first, second = [[1.0, 2.0, 3.0], [5.0, 5.0]], [[2.0, 2.0], [4.0, 6.0]]
    by_hand = [
        np.mean([(x > y) + (x == y) / 2 for x, y in itertools.product(a, b)])
        for a, b in zip(first, second, strict=True)
    ]
    assert improvement(first, second).value == pytest.approx(np.mean(by_hand)) == 0.5
    certain = improvement([[2.0, 3.0]], [[0.0, 1.0]])
    assert certain == (1.0, 1.0, 1.0)


def test_differences_are_those_of_scipy():
    x, y = RNG.normal(1, 1, 12), RNG.normal(0, 3, 9)
    welch = stats.ttest_ind(x, y, equal_var=False).confidence_interval(0.95)
    assert difference(x, y)[1:] == pytest.approx((welch.low, welch.high))
    paired = stats.ttest_rel(x[:9], y).confidence_interval(0.95)
    assert difference(x[:9], y, paired=True)[1:] == pytest.approx((paired.low, paired.high))
    assert difference([1.0, 1.0], [3.0, 3.0]) == (-2.0, -2.0, -2.0)


def test_holm_and_mann_whitney():
    assert holm({"a": 0.02, "b": 0.01, "c": 0.5, "d": 0.04}) == pytest.approx(
        {"b": 0.04, "a": 0.06, "d": 0.08, "c": 0.5}
    )
    assert mann_whitney([1.0, 1.0], [1.0, 1.0]) == 1.0
    assert mann_whitney([1, 2, 3, 4], [5, 6, 7, 8]) == pytest.approx(2 / 70)


# -- what is in hand -----------------------------------------------------------------------------
def test_incumbent_keeps_the_first_of_equals_and_skips_failures():
    selection = np.array([[np.nan, 1.0, 1.0, 2.0, np.nan], [3.0, 2.0, 1.0, 3.0, 4.0]])
    told = np.arange(10.0).reshape(2, 5)
    expected = [[np.nan, 1, 1, 3, 3], [5, 5, 5, 5, 9]]
    assert np.array_equal(incumbent(selection, told), expected, equal_nan=True)


def test_compute_counts_a_repeated_architecture_once():
    times = spent(np.array([2.0, 2.0, 3.0]), np.array([False, True, False]))
    assert times.tolist() == [2.0, 2.0, 5.0]
    curve = at_times(times, np.array([1.0, 4.0, 9.0]), np.array([1.9, 2.0, 4.9, 5.0]))
    assert np.array_equal(curve, [np.nan, 4.0, 4.0, 9.0], equal_nan=True)


SELECTION = np.array([1.0, 2.0, 2.0, 0.0, 3.0, 3.0])
TOLD = np.array([5.0, 1.0, 7.0, 9.0, 2.0, 4.0])


@pytest.mark.parametrize("draws", [1, 2, 3, 4])
def test_expected_best_with_replacement_is_the_mean_over_all_sequences(draws):
    weights = np.array([1.0, 2.0, 3.0, 1.0, 1.0, 2.0])
    total = 0.0
    for chosen in itertools.product(range(6), repeat=draws):
        at = list(chosen)
        total += np.prod(weights[at] / weights.sum()) * incumbent(SELECTION[at], TOLD[at])[-1]
    found = expected_best(SELECTION, TOLD, [draws], weights=weights)
    assert found[0] == pytest.approx(total)


@pytest.mark.parametrize("draws", [1, 2, 3, 5, 6, 9])
def test_expected_best_without_replacement_is_the_mean_over_all_orders(draws):
    orders = [list(order)[:draws] for order in itertools.permutations(range(6))]
    by_hand = np.mean([incumbent(SELECTION[at], TOLD[at])[-1] for at in orders])
    found = expected_best(SELECTION, TOLD, [draws], replacement=False)
    assert found[0] == pytest.approx(by_hand)


def test_expected_best_is_over_the_searches_that_have_something():
    selection = np.array([np.nan, 1.0, 2.0])
    told = np.array([np.nan, 10.0, 20.0])
    cases = [incumbent(selection[[i, j]], told[[i, j]])[-1] for i in range(3) for j in range(3)]
    assert expected_best(selection, told, [2])[0] == pytest.approx(np.nanmean(cases))


def test_all_sequences_with_the_probability_of_a_sample():
    space = make_space({"name": "convolutional", "layers": 2, "filter_sizes": [3], "filters": [6]})
    tokens, probability = all_sequences(space)
    assert len({tuple(t) for t in tokens.tolist()}) == len(tokens) == space.size
    assert probability.sum() == pytest.approx(1) and np.ptp(probability) == 0
    assert all_sequences(make_space("convolutional")) is None


# -- the harness ---------------------------------------------------------------------------------
def play(path, *arguments):
    common = ["--environments", ID, "--results", str(path), "--workers", "1", "--quiet"]
    return main(["run", *common, *arguments])


def content(path):
    """What is in a file of results, but for the clock."""
    found = {}
    for job, record in ResultsFile(path).all():
        assert job.key not in found
        assert record.pop("wall_seconds") > 0
        found[job.key] = record
    return found


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Four agents, three seeds, thirty episodes."""
    path = tmp_path_factory.mktemp("benchmark") / "results.sqlite"
    names = ["random_search", "evolution", "local_search", "reinforce_tabular"]
    assert play(path, "--agents", *names, "--seeds", "3", "--episodes", "30") == 0
    return path


@pytest.mark.parametrize("label", ["priority_queue:controller-u", "package.module:Name" * 5])
def test_no_text_of_a_picture_leaves_its_canvas(played, label):
    (study,) = studies(ResultsFile(played).all())
    labels = {name: name if name == study.control else f"{name}-{label}" for name in study.runs}
    named = dataclasses.replace(study, runs={labels[n]: runs for n, runs in study.runs.items()})
    for draw_picture in (over_budget, over_compute, improvements):
        figure = draw_picture(named, named.amount)
        assert figure is not None and texts_outside(figure) == []


def test_records_are_what_the_table_says(played):
    with_environment = make_vector(ID, {}, 1)
    truth = truth_of(with_environment)
    for job, record in ResultsFile(played).all():
        rows = truth.networks(np.array(record["tokens"]))
        assert len(rows) == 30 and job.budget == Budget("episodes", 30)
        assert record["test"] == truth.function.table.mean("test", rows).tolist()
        assert record["validation"] == record["reward"]
        assert record["distinct"][-1] == len(set(rows.tolist()))
    with_environment.close()


def test_nothing_is_played_twice(played, monkeypatch):
    monkeypatch.setattr(_pool, "play", None)
    names = ["random_search", "evolution"]
    assert play(played, "--agents", *names, "--seeds", "3", "--episodes", "30") == 0


def test_killed_at_any_moment_and_resumed(tmp_path):
    arguments = ["--agents", "random_search", "reinforce", "--seeds", "4", "--episodes", "40"]
    whole, killed = tmp_path / "whole.sqlite", tmp_path / "killed.sqlite"
    assert play(whole, *arguments) == 0
    for step in (1, 4, 5, 6):
        assert killed_at(step, lambda: play(killed, *arguments))
    assert play(killed, *arguments) == 0
    assert content(killed) == content(whole)


def test_two_workers_give_the_same(tmp_path, played):
    path = tmp_path / "parallel.sqlite"
    arguments = ["--agents", "random_search", "reinforce_tabular", "--seeds", "2"]
    assert play(path, *arguments, "--episodes", "30", "--workers", "2") == 0
    here = content(played)
    assert len(content(path)) == 4
    assert all(here[key] == record for key, record in content(path).items())


def test_a_damaged_row_is_played_again(tmp_path, played):
    path = tmp_path / "damaged.sqlite"
    raw = bytearray(played.read_bytes())
    at = raw.index(b'"tokens": [[') + 12
    raw[at] ^= 1
    path.write_bytes(raw)
    assert len(content(path)) == 11


def test_a_budget_of_distinct_architectures(tmp_path):
    path = tmp_path / "distinct.sqlite"
    budget = ["--budget", "distinct", "--episodes", "25", "--seeds", "1"]
    assert play(path, "--agents", "random_search", "reinforce", *budget) == 0
    labels = {job.label: record["distinct"] for job, record in ResultsFile(path).all()}
    assert set(labels) == {"random_search-u", "reinforce-u"}
    assert all(distinct[-1] == 25 and distinct[-2] < 25 for distinct in labels.values())
    (study,) = studies(ResultsFile(path).all())
    assert study.counted == "distinct architectures"
    assert study.runs["reinforce-u"].distinct.tolist() == [list(range(1, 26))]
    assert Budget("distinct", 5).left(episodes=50, distinct=3) == 0


def test_environments_without_a_table_report_validation(tmp_path):
    path = tmp_path / "trained.sqlite"
    make = {"layers": 1, "recipe": {"epochs": 1}}
    arguments = ["--environments", "NAS-Digits-v0", "--make", json.dumps(make), "--quiet"]
    where = ["--agents", "random_search", "--results", str(path), "--workers", "1"]
    assert main(["run", *arguments, *where, "--seeds", "1", "--episodes", "2"]) == 0
    (study,) = studies(ResultsFile(path).all())
    assert study.reported == "validation" and study.optimum is None and study.exact is None
    assert (study.runs["random_search"].seconds > 0).all()
    assert main(["report", str(path), "--out", str(tmp_path / "page")]) == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--agents", "evolutoin"], "unknown agent 'evolutoin': did you mean 'evolution'?"),
        (["--agents", "evolution:x"], "unknown preset of evolution 'x'"),
        (["--seeds", "0"], "seeds is 0, expected at least 1"),
        (["--make", "{"], "--make is not JSON"),
        (["--make", '{"depth": 3}'], "unexpected keyword argument 'depth'"),
        (["--environments", "NAS-Nothing-v0"], "cannot make NAS-Nothing-v0"),
        (["--environments", "CartPole-v1"], "is not an environment of architectures"),
        (["--sedes", "3"], "unknown option --sedes: did you mean --seeds?"),
    ],
)
def test_bad_input_is_one_line(arguments, says, tmp_path, capsys):
    assert main(["run", *arguments, "--results", str(tmp_path / "r.sqlite")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("nas-benchmark run: ") and says in error and error.count("\n") == 1


def test_the_installed_command_names_its_commands(capsys):
    assert main([]) == 2 and main(["--help"]) == 0
    assert "{export,report,run,table,tune,validate}" in capsys.readouterr().out
    assert main(["runn"]) == 2
    error = capsys.readouterr().err
    assert error == "nas-benchmark: unknown command 'runn': did you mean 'run'?\n"


def test_agents_are_named_with_their_presets():
    assert agent_spec("evolution:authors")[1] == "evolution:authors"
    spec, label = agent_spec("agents.evolution:Evolution", "distinct")
    assert spec["avoid_repeats"] and label == "agents.evolution:Evolution-u"
    assert agent_spec("agents.evolution:Evolution:authors")[0]["population_size"] > 75


# -- the page ------------------------------------------------------------------------------------
def synthetic(path, strengths, seeds=12, episodes=8):
    """Searches of made-up agents: each draws the best of so many from the real table."""
    environment = make_vector(ID, {}, 1)
    truth = truth_of(environment)
    table = truth.function.table
    order = np.argsort(table.mean("validation")[table.row_of])
    results = ResultsFile(path)
    for (name, strength), seed in itertools.product(strengths.items(), range(seeds)):
        rng = np.random.default_rng([len(name), seed])
        place = (rng.random(episodes) ** (1 / strength) * len(order)).astype(int)
        tokens = table.tokens[order[place]]
        validation = table.mean("validation", truth.networks(tokens)).tolist()
        record = {
            "tokens": tokens.tolist(),
            "reward": validation,
            "validation": validation,
            "test": truth.test(tokens).tolist(),
            "seconds": truth.seconds(tokens).tolist(),
            "distinct": list(range(1, episodes + 1)),
            "wall_seconds": 0.01 * episodes,
            "metric": "validation_accuracy",
            "problem": environment.unwrapped.problem.spec,
            "maximise": True,
            "optimum": truth.optimum,
            "versions": {"python": "3"},
        }
        spec = {"name": name}
        results.add(Job(ID, {}, spec, name, seed, Budget("episodes", episodes)), record)
    environment.close()
    return path


STRENGTHS = {"random_search": 1.0, "equal_one": 1.0, "strong": 100.0, "poor": 0.05}


def test_page_says_what_is_real_and_what_is_not(tmp_path):
    path = synthetic(tmp_path / "results.sqlite", STRENGTHS)
    assert main(["report", str(path), "--out", str(tmp_path), "--marks", "4"]) == 0
    page = (tmp_path / "index.md").read_text()
    assert "**beats random search:** `strong`;" in page
    assert "**cannot be distinguished from it:** `equal_one`;" in page
    assert "**worse:** `poor`." in page
    assert "`strong` has the best mean; **it cannot be distinguished from:** none." in page
    assert "5 of the 6 pairs of agents differ significantly" in page
    assert "| random search, exact | all |" in page and "at 4 | at 8 |" in page
    assert re.search(r"\| `strong` \| .* \| better \|", page)
    assert f"--environments {ID} --agents equal_one poor random_search strong" in page
    for picture in re.findall(r"\]\((\S+\.png)\)", page):
        assert (tmp_path / picture).stat().st_size > 10_000


def test_few_seeds_are_never_significant(tmp_path):
    path = synthetic(tmp_path / "results.sqlite", STRENGTHS, seeds=3)
    (study,) = studies(ResultsFile(path).all())
    assert not any(c.verdict for c in against_control(study, 8).values())
    assert not any(wins(study, 8).values())
    assert "So few seeds cannot make any difference significant." in paragraph(study, 8)


def test_a_page_says_that_few_seeds_make_bootstrap_intervals_too_narrow(tmp_path):
    for seeds, says in ((5, True), (20, False)):
        path = synthetic(tmp_path / f"{seeds}.sqlite", STRENGTHS, seeds=seeds)
        assert main(["report", str(path), "--out", str(tmp_path)]) == 0
        assert ("bootstrap intervals are too narrow" in (tmp_path / "index.md").read_text()) == says


def test_coverage_is_what_was_kept():
    """With a tenth of the studies; what a page says is of the whole."""
    kept = json.loads((FOLDER / "coverage.json").read_text())["figures"]["normal"]
    assert {s: round(100 * kept[str(s)]["IQM, bootstrap"]) for s in HELD} == HELD
    for seeds in (3, 20):
        for name, share in coverage(POPULATIONS["normal"], seeds, 200).items():
            assert share == pytest.approx(kept[str(seeds)][name], abs=0.08)


def test_exact_random_search_is_what_many_searches_come_to(tmp_path):
    path = synthetic(tmp_path / "results.sqlite", {"random_search": 1.0}, seeds=120)
    (study,) = studies(ResultsFile(path).all())
    measured = study.runs["random_search"].value
    error = measured.std(axis=0) / np.sqrt(len(measured))
    assert (np.abs(measured.mean(axis=0) - study.exact) < 4 * error).all()
    environment = make_vector(ID, {}, 1)
    table = truth_of(environment).function.table
    environment.close()
    best = np.argmax(table.mean("validation"))
    assert study.perfect == pytest.approx(100 * table.mean("test")[best])


def test_report_of_validation_and_of_several_environments(tmp_path):
    path = synthetic(tmp_path / "results.sqlite", STRENGTHS)
    synthetic(path, STRENGTHS, episodes=6)
    assert main(["report", str(path), "--out", str(tmp_path), "--reported", "validation"]) == 0
    page = (tmp_path / "validation.md").read_text()
    assert "## All environments" in page and page.count("### Validation accuracy (%)") == 2


def test_changed_settings_replace_the_old_ones(tmp_path):
    path = synthetic(tmp_path / "results.sqlite", {"random_search": 1.0}, seeds=2)
    job, record = next(iter(ResultsFile(path).all()))
    ResultsFile(path).add(dataclasses.replace(job, agent={"name": "x", "rate": 2}), record)
    (study,) = studies(ResultsFile(path).all())
    assert study.runs["random_search"].seeds == (0,)


# -- the leaderboard -----------------------------------------------------------------------------
@pytest.fixture(scope="module")
def submitted(played, tmp_path_factory):
    path = tmp_path_factory.mktemp("submission") / "evolution.json"
    assert main(["export", str(played), "--agent", "evolution", "--out", str(path)]) == 0
    return path


def test_a_submission_is_valid_and_listed(submitted, capsys):
    assert main(["validate", str(submitted)]) == 0
    assert "is valid: evolution, 3 seeds" in capsys.readouterr().out
    assert main(["table", str(submitted)]) == 0
    assert "| `evolution` | 3 |" in capsys.readouterr().out


def test_figures_are_those_of_the_results(submitted, played):
    figures = read(submitted).figures
    (study,) = studies(ResultsFile(played).all())
    last = study.runs["evolution"].value[:, -1] / study.scale
    assert [r["test"] for r in figures["runs"]] == pytest.approx(last.tolist())
    best = {r["validation"] for r in figures["runs"]}
    assert figures["runs"][0]["curve"]["validation"]["30"] in best


def tamper(path, change):
    values = json.loads(path.read_text())
    change(values)
    return values


TAMPERED = {
    "format is 2, this validates": lambda v: v.update(format=2),
    "unknown environment 'NAS-Bench-Digits-v9'": lambda v: v.update(
        environment="NAS-Bench-Digits-v9"
    ),
    "NAS-X-v0 comes from the module 'os': if you trust it, --trust os": lambda v: v.update(
        environment="os:NAS-X-v0"
    ),
    "problem.task.version is 7 in the file, 0 here": lambda v: v["problem"]["task"].update(
        version=7
    ),
    "make has evaluator": lambda v: v["make"].update(evaluator="os:system"),
    "make names something from outside": lambda v: v["make"].update(task="os:system"),
    "seed 1, episode 3: 8 tokens, expected 9": lambda v: v["runs"][1]["tokens"][2].pop(),
    "seed 0, episode 1: token 0 (layer 1 filter height) is 3": lambda v: v["runs"][0]["tokens"][
        0
    ].__setitem__(0, 3),
    "tokens is -1": lambda v: v["runs"][0]["tokens"][0].__setitem__(0, "-1"),
    "seed 2 has 31 episodes, the budget is 1 to 30": lambda v: v["runs"][2]["tokens"].append(
        v["runs"][2]["tokens"][0]
    ),
    "seed 0 has 0 episodes": lambda v: v["runs"][0].update(tokens=[]),
    "two runs have the same seed": lambda v: v["runs"].append(v["runs"][0]),
    "figures.runs[0].test is claimed as 0.99": lambda v: v["figures"]["runs"][0].update(test=0.99),
    "figures.runs[1].curve.test.10 is claimed as null": lambda v: v["figures"]["runs"][1]["curve"][
        "test"
    ].update({"10": None}),
    "figures.runs[1].distinct is claimed as 1": lambda v: v["figures"]["runs"][1].update(
        distinct=1
    ),
    "figures.mean is claimed as": lambda v: v["figures"]["mean"].update(rank=1),
    "unknown part of a submission 'rank'": lambda v: v.update(rank=1),
    "runs is not a list of at least one run": lambda v: v.update(runs=[]),
    "unknown part of a budget 'x'": lambda v: v["budget"].update(x=1),
    "part of a submission figures is missing": lambda v: v.pop("figures"),
}


@pytest.mark.parametrize("says", TAMPERED)
def test_tampered_submissions_are_refused(says, submitted, tmp_path, capsys):
    path = tmp_path / "tampered.json"
    path.write_text(json.dumps(tamper(submitted, TAMPERED[says])))
    assert main(["validate", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("nas-benchmark validate: ") and error.count("\n") == 1
    if says != "tokens is -1":
        assert says in error


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, "null", "\xff", '{"format": 1}'])
def test_what_is_no_submission_is_refused(text, tmp_path, capsys):
    path = tmp_path / "bad.json"
    path.write_text(text, encoding="latin-1")
    assert main(["validate", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_order_of_the_episodes_counts(submitted, tmp_path):
    def turned(values):
        values["runs"][0]["tokens"].reverse()

    path = tmp_path / "turned.json"
    path.write_text(json.dumps(tamper(submitted, turned)))
    assert main(["validate", str(path)]) == 2


def test_numbers_are_compared_as_numbers():
    compare({"a": [1.0, None]}, {"a": [1.0, None]})
    compare({"a": 1}, {"a": 1.0})
    for claimed in ({"a": True}, {"a": "1"}, {"a": 1.1}, {"a": None}, {}, [1.0], {"a": np.nan}):
        with pytest.raises(InvalidValue):
            compare(claimed, {"a": 1.0})
    assert {field.name for field in dataclasses.fields(Submission)} >= {"format", "figures"}


# -- the tuner -----------------------------------------------------------------------------------
@pytest.mark.parametrize("name", agent_names())
def test_every_agent_has_ranges_and_takes_what_is_drawn(name):
    spec, _ = agent_spec(name)
    drawn = trials(spec, read_spaces(SPACES), 20, seed=0)
    assert drawn[0] == spec
    assert len({json.dumps(d, sort_keys=True) for d in drawn}) == (1 if len(drawn) == 1 else 20)
    for configuration in drawn:
        make_config(configuration)
    assert trials(spec, read_spaces(SPACES), 5, seed=0) == drawn[:5]


def test_ranges():
    rng = np.random.default_rng(0)
    logs = [draw({"log": [0.01, 1.0]}, rng) for _ in range(2000)]
    assert min(logs) >= 0.01 and max(logs) <= 1 and np.median(logs) == pytest.approx(0.1, rel=0.2)
    assert {draw({"int": [1, 3]}, rng) for _ in range(100)} == {1, 2, 3}
    assert draw({"choice": [True]}, rng) is True
    for bad in ({"log": [-1, 1]}, {"int": 3}, {}, {"log": [1, 2], "int": [1, 2]}):
        with pytest.raises(InvalidValue):
            draw(bad, rng)
    with pytest.raises(UnknownName, match="did you mean 'log'"):
        draw({"logg": [1, 2]}, rng)


def test_tuning_goes_on_and_finds_the_better_rate(tmp_path, monkeypatch):
    out = tmp_path / "tuning.json"
    few = ["--trials", "4", "--seeds", "2", "--best", "2", "--fresh-seeds", "3", "--workers", "1"]
    budget = ["--episodes", "30", "--marks", "15", "30", "--agents", "evolution", "random_search"]
    where = ["--results", str(tmp_path / "t.sqlite"), "--out", str(out), "--quiet"]
    assert main(["tune", *few, *budget, *where]) == 0
    found = json.loads(out.read_text())
    rows = found["agents"]["evolution"]["trials"]
    assert len(rows) == 4 and sum(row["fresh"] is not None for row in rows) == 2
    assert rows[0]["fresh"]["mean"] >= rows[1]["fresh"]["mean"]
    assert rows[2]["score"]["mean"] >= rows[3]["score"]["mean"]
    assert found["agents"]["evolution"]["best"] == rows[0]["settings"]
    assert len(found["agents"]["random_search"]["trials"]) == 1
    monkeypatch.setattr(_pool, "play", None)  # nothing is left to play
    assert main(["tune", *few, *budget, *where]) == 0
    assert json.loads(out.read_text()) == found


def test_scores_are_regrets_at_the_marks():
    record = {
        "maximise": True,
        "optimum": {"validation": 0.9},
        "distinct": [1, 2, 3],
        "reward": [0.5, 0.7, 0.8],
        "validation": [0.5, 0.7, 0.8],
        "seconds": [1.0, 1.0, 1.0],
    }
    found = tune.score(record, Budget("episodes", 3), (1, 3), "validation")
    assert found == pytest.approx(-(0.4 + 0.1) / 2)
