"""Row 18: wrong configurations, on a command line, in a file, in a run: one line and exit 2."""

import json

import pytest
from _inject import said

from nas_env.command_line.train import main
from nas_env.files import LARGEST

TINY = ["--space.layers", "1", "--space.filters", "2", "3", "--recipe.epochs", "1", "--quiet"]
TINY += ["--workers", "0", "--children", "2", "--task.train-size", "32"]
TINY += ["--task.validation-size", "32"]


LINES = {
    "--env NAS-Digit-v0": "did you mean 'NAS-Digits-v0'",
    "--env no_such_module:X-v0": "cannot import",
    "--agent reinforc": "did you mean 'reinforce'",
    "--agent os:path": "not a subclass of Agent",
    "--childen 5": "did you mean --children?",
    "--recipe.epoch 5": "did you mean --recipe.epochs?",
    "--children abc": "--children",
    "--children": "--children",
    "--children 0": "at least 1",
    "--children -3": "at least 1",
    "--children 99999999999999999999": "at most",
    "--seed -1": "at least 0",
    "--recipe.epochs 0": "at least 1",
    "--recipe.epochs 99999999999999999999": "at most",
    "--recipe.learning-rate nan": "learning_rate is nan",
    "--recipe.learning-rate inf": "learning_rate is inf",
    "--recipe.schedule stepp": "stepp",
    "--recipe nope": "unknown recipe 'nope'",
    "--agent.preset nope": "unknown preset of reinforce 'nope'",
    "--agent.entropy -1": "at least 0",
    "--device gpu": "expected auto, cpu, cuda or cuda:N",
    "--device cuda:99": "GPUs",
    "--space.layers 0": "1",
    "--space.filter-sizes 2": "odd",
    "--space.filters": "filters",
    "--task.train-size 100000": "do not fit",
    "--track wandbb": "did you mean 'wandb'",
    "--control randm": "randm",
    "junk": "junk",
    "--resume": "--run",
    "--resume --run nowhere": "no run to resume",
    "--resume --run nowhere --seed 3": "no run to resume",
    "--resume auto": "--run",
    "--resume nowhere --run nowhere": "nowhere",
    "--agent tests.outside_space:Nothing": "unknown agent in tests.outside_space 'Nothing'",
    "--space tests.outside_space:Outsid": "unknown search space in tests.outside_space",
    "--store /no/such/folder/s.sqlite": "/no/such/folder",
    "--run train.txt": "is a file",
    "--minutes nan": "minutes is nan",
    "--depth.first -1": "first is -1",
    "--depth.first 9": "--depth.first is 9, the space has 4 layers",
    "--env NK-24-4-v0 --depth.first 2": "space choices has no depth",
    "--space recurrent_cell": "space recurrent_cell does not fit digits: it reads",
    "--workers -1": "workers is -1",
    "--workers 2 --evaluator in_process": "--workers",
    "--memory-limit 0": "memory_limit is 0",
    "--time-limit nan": "time_limit is nan",
    "--evaluation-seed -1": "evaluation_seed is -1",
    "--recipe.epochs 2.5": "--recipe.epochs",
    "--recipe.batch-size 0": "batch_size is 0",
    "--recipe.precision float8": "--recipe.precision",
    "--agent.learning-rate nan": "learning_rate is nan",
    "--objective.failure-reward nan": "failure_reward is nan",
    "--space.layers 99999": "layers is 99999",
    "--space.filters 1000000000": "filters is (1000000000,), expected at most",
    "--space.filter-sizes 100001": "filter_sizes is (100001,), expected at most",
    "--space.filters 4 4": "expected different numbers",
    "--task.validation-size 0": "validation_size is 0",
    "--env NK-24-4-v0 --recipe.epochs 2": "unknown option --recipe.epochs",
    "--order finished --agent ppo": "has a loop of its own",
    "--stop-after-failures -1": "stop_after_failures is -1",
}


@pytest.mark.parametrize("line", LINES)
def test_bad_input_gets_one_clear_line(line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.txt").touch()
    assert main(line.split()) == 2
    error = capsys.readouterr().err.strip()
    assert LINES[line] in error
    assert len(error.splitlines()) == 1, error
    assert "Traceback" not in error
    assert [p.name for p in tmp_path.iterdir()] == ["train.txt"], "nothing is left behind"


FILES = {
    '{"children": "3"}': "file.json: children is '3', expected a whole number",
    '{"children": 0}': "file.json: children is 0, expected at least 1",
    '{"childen": 3}': "file.json: unknown setting 'childen': did you mean 'children'?",
    '{"quiet": true}': "file.json: unknown setting 'quiet'",
    '{"agent": {"name": "reinforc"}}': "file.json: unknown agent 'reinforc': did you mean",
    '{"agent": {"entropi": 1}}': "file.json: unknown setting of reinforce 'entropi'",
    '{"agent": 3}': "file.json: agent is 3, expected a text or an object",
    '{"make": {"tusk": {}}}': "file.json: unknown keyword of make 'tusk': did you mean 'task'?",
    '{"make": {"space": 2}}': "file.json: make.space is 2, expected a text or an object",
    '{"make": {"objective": 3}}': "file.json: make.objective is 3, expected a text or an object",
    '{"make": {"objective": {"expnent": 2}}}': "did you mean 'exponent'?",
    '{"make": {"recipe": "papr"}}': "file.json: unknown recipe 'papr'",
    '{"make": {"recipe": {"epoch": 2}}}': "file.json: unknown recipe setting 'epoch'",
    '{"make": {"evaluator": "worker"}}': "file.json: unknown evaluator 'worker'",
    '{"make": {"evaluator": {"workers": 0.5}}}': "file.json: unknown workers '0.5'",
    '{"make": {"device": "gpu"}}': "file.json: device is 'gpu'",
    '{"depth": {"frist": 1}}': "file.json: unknown depth setting 'frist'",
    '{"control": "randm"}': "file.json: unknown control 'randm'",
    '{"store": 3}': "file.json: store is 3",
    "[]": "file.json: it is a list, expected an object",
    "{": "file.json is not JSON",
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("text", FILES)
def test_a_file_that_is_wrong_gets_one_line(here, capsys, text):
    (here / "file.json").write_text(text)
    assert main(["--config", "file.json", "--quiet"]) == 2
    error = capsys.readouterr().err
    assert FILES[text] in error and error.count("\n") == 1, error
    assert [path.name for path in here.iterdir()] == ["file.json"]


@pytest.mark.parametrize("words", [["--config"], ["--config", ""], ["--config", "nowhere.json"]])
def test_a_file_that_is_not_there(here, capsys, words):
    assert main(words) == 2
    error = capsys.readouterr().err
    assert words[-1] in error and error.count("\n") == 1


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a finished run."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    assert main([*TINY, "--run", str(folder)]) == 0
    return folder


def changed(**values):
    """Changes a run's JSON; None takes a key out."""

    def change(text):
        entries = {**json.loads(text), **values}
        return json.dumps({key: value for key, value in entries.items() if value != "gone"})

    return change


def deep(text):
    return text.replace('"depth": {', '"depth": {"deep": ' + "[" * 60_000 + "]" * 60_000 + ",")


CONFIGS = {
    "a list": (lambda text: "[1, 2]", "it is a list, expected an object"),
    "a missing key": (changed(env="gone"), "env is missing"),
    "a key below": (changed(make={}), "make.task is missing"),
    "a wrong type": (changed(children="many"), "children is 'many', expected a whole number"),
    "a truth": (changed(seed=True), "seed is True, expected a whole number"),
    "no object": (changed(agent=[]), "agent is a list, expected an object"),
    "NaN": (lambda text: text.replace('"seed": 0', '"seed": NaN'), "NaN is not a number of JSON"),
    "infinity": (lambda text: text.replace('"seed": 0', '"seed": -Infinity'), "-Infinity is not"),
    "a key twice": (lambda text: '{"seed": 1, ' + text.lstrip("{ \n"), "key 'seed' stands twice"),
    "too deep": (deep, "nested too deeply"),
    "huge": (lambda text: text + " " * LARGEST, "bytes, expected at most 1,048,576"),
    "half": (lambda text: text[:-20], "is not JSON"),
    "no text": (lambda text: "\udcff\udcfe" + text, "is not JSON"),
    "a range": (changed(children=-5), "children is -5, expected at least 1"),
    "an agent": (changed(agent={"name": "nobody"}), "unknown agent 'nobody'"),
    "a depth": (changed(depth={"first": 0, "step": 1, "every": 1, "x": 1}), "depth setting 'x'"),
    "a tracker": (changed(track=[1]), "track[0] is 1, expected a text"),
    "a setting": (
        changed(agent={"name": "reinforce", "batch_size": "x"}),
        "batch_size is 'x', expected a whole number",
    ),
}


@pytest.mark.parametrize("fault", CONFIGS)
def test_a_config_that_is_no_runs_is_one_line_with_file_and_key(finished, tmp_path, capsys, fault):
    change, expected = CONFIGS[fault]
    path = tmp_path / "run" / "config.json"
    path.parent.mkdir()
    text = change((finished / "config.json").read_text())
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert main(["--resume", "--run", str(path.parent)]) == 2
    error = said(capsys)
    assert str(path) in error and expected in error


SUMMARIES = {
    "a list": (lambda text: "[]", "it is a list, expected an object"),
    "a missing key": (changed(best="gone"), "best is missing"),
    "a wrong type": (changed(seconds="long"), "seconds is 'long', expected a number"),
    "a control": (changed(random_search={}), "random_search.children is missing"),
}


@pytest.mark.parametrize("fault", SUMMARIES)
def test_a_summary_that_is_none_is_made_anew_in_one_line_with_file_and_key(
    finished, tmp_path, caplog, fault
):
    change, expected = SUMMARIES[fault]
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "config.json").write_bytes((finished / "config.json").read_bytes())
    path = folder / "summary.json"
    path.write_text(change((finished / "summary.json").read_text()))
    assert main(["--resume", "--quiet", "--run", str(folder)]) == 0
    (line,) = caplog.messages
    assert str(path) in line and expected in line and "\n" not in line
    assert json.loads(path.read_text())["children"] == 2
    assert (folder / "summary.json.damaged-1").exists()
