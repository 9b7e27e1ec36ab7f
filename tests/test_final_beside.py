"""The networks that a final training trains beside the chosen one."""

import json

import pytest

from nas_env.command_line.retrain import main
from nas_env.evaluation import in_process
from nas_env.run.store import open_store

LAYER = {"filter_height": 1, "filter_width": 3, "stride_height": 1, "stride_width": 1, "filters": 6}
ONE = {"space": "convolutional", "layers": [{**LAYER, "inputs": []}]}
TWO = {"space": "convolutional", "layers": [*ONE["layers"], {**LAYER, "inputs": [1]}]}
SMALL = ["--recipe.epochs", "1", "--workers", "0", "--quiet", "--no-network"]
DIGITS = ["--env", "NAS-Digits-v0", "--task.train-size", "64", "--space.layers", "1", *SMALL]
TEXT = ["--env", "NAS-PyDocs-v0", "--task.train-size", "2000", "--task.validation-size", "500"]
TEXT += ["--space.embedding", "4", "--space.cell-layers", "1", "--recipe.steps", "20", *SMALL]


@pytest.fixture
def file(tmp_path):
    """A file with a network of one layer."""
    path = tmp_path / "one.json"
    path.write_text(json.dumps(ONE))
    return str(path)


def retrained(folder, *words):
    """The result of a final training that succeeded."""
    assert main([*words, "--run", str(folder)]) == 0
    return json.loads((folder / "final" / "final.json").read_text())


def test_networks_beside_are_trained_and_tested_likewise(file, tmp_path, monkeypatch):
    (tmp_path / "two.json").write_text(json.dumps(TWO))
    beside = ["--beside", "random:2", str(tmp_path / "two.json")]
    line = ["--architecture", file, *DIGITS, "--seeds", "2", *beside]
    result = retrained(tmp_path / "run", *line)
    assert [row["name"] for row in result["beside"]] == ["random 1", "random 2", "two"]
    assert result["random_search"] is None
    for row in result["beside"]:
        assert len(row["seeds"]) == 2 and row["interval_over_seeds"] and row["parameters"]
        assert 0 <= row["mean"] <= 1 and row["test_examples"] == 397
    store = open_store(tmp_path / "run" / "results.sqlite")
    finals = [request for request, _ in store.evaluations()]
    store.close()
    assert len({json.dumps(each.recipe) for each in finals}) == 1
    assert {each.split for each in finals} == {"final"}
    monkeypatch.setattr(in_process, "evaluate", lambda *_: pytest.fail("trained again"))
    assert retrained(tmp_path / "run", *line) == result


def test_they_belong_to_the_one_use_of_the_test_set(file, tmp_path, capsys):
    line = ["--architecture", file, *DIGITS, "--seeds", "1"]
    first = retrained(tmp_path / "run", *line, "--beside", "random:1")
    more = retrained(tmp_path / "run", *line, "--beside", "random:2")
    assert more["beside"][0] == first["beside"][0] and len(more["beside"]) == 2
    assert main([*line, "--run", str(tmp_path / "run"), "--recipe.learning-rate", "0.02"]) == 2
    assert "needs --again" in capsys.readouterr().err


def test_the_lstm_of_torch_is_as_large_as_the_cell(tmp_path):
    """Where the units are given, it has as many parameters as the cell, not as many units."""
    line = ["--architecture", "published:nascell", *TEXT, "--seeds", "1"]
    beside = ["--beside", "native:lstm", "random:1", "--space.hidden", "12"]
    result = retrained(tmp_path / "run", *line, *beside)
    lstm, random = result["beside"]
    assert random["parameters"] == result["chosen"]["parameters"]
    assert 0.8 * random["parameters"] < lstm["parameters"] <= random["parameters"]
    assert lstm["architecture"] == {"native": "lstm"} and lstm["mean"] > 1


def test_they_are_in_the_table_and_on_the_card(file, tmp_path, capsys):
    loud = [word for word in DIGITS if word not in ("--quiet", "--no-network")]
    line = ["--architecture", file, *loud, "--seeds", "1", "--beside", "random:1"]
    retrained(tmp_path / "run", *line)
    assert "random 1" in capsys.readouterr().out
    card = (tmp_path / "run" / "final" / "network" / "README.md").read_text()
    assert "random 1" in card.partition("## Other networks by the same recipe")[2]


def test_a_wrong_one_gets_one_line_and_nothing_is_trained(file, tmp_path, capsys):
    given = {
        "published:lstm": "--beside published:lstm: the architecture has an unknown key 'nodes'",
        "published:nascel": "did you mean 'nascell'",
        "random:0": "expected random:N, N from 1 to 1,000",
        "random:x": "expected random:N",
        "native:lstm": "space convolutional has no such network",
        str(tmp_path / "none.json"): "cannot be read",
    }
    for text, says in given.items():
        line = ["--architecture", file, *DIGITS, "--run", str(tmp_path / "run"), "--beside", text]
        assert main(line) == 2
        (told,) = capsys.readouterr().err.splitlines()
        assert says in told and told.startswith("nas-retrain: ")
    twice = ["--architecture", file, *DIGITS, "--beside", "random:1", "random:2"]
    assert main(twice) == 2 and "random 1 twice" in capsys.readouterr().err
    assert main(["--architecture", "published:lstm", *TEXT, "--beside", "native:gru"]) == 2
    assert "unknown reference model 'gru': known are lstm" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
