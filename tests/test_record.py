"""The record's program runs whole at a tiny size, and goes on where it was killed."""

import json
import signal
import subprocess
import sys
from contextlib import closing

import pytest

from benchmarks import cifar10_record, network_score, record_network, record_pictures, record_table
from benchmarks._minutes import Minutes, cpu_seconds
from benchmarks._record_networks import STORE, best
from nas_env.command_line.flat_options import parse
from nas_env.command_line.train import main as train
from nas_env.run.store import open_store
from tests._fresh import ROOT
from tests._killing import killed_at

TINY = [
    *["--env", "NAS-Digits-v0", "--recipe", "short", "--rehearsal", "0.1", "--cores", "1"],
    "--task=--space.filters 4 8 --space.layers 2 --task.train-size 64 --task.validation-size 32",
    "--search=--workers 0 --recipe short --recipe.epochs 1",
    "--agent=evolution --agent.population-size 2",
    *["--minutes", "0.08", "--share", "0.5", "--compare", "2", "--compare-epochs", "1"],
    *["--random", "2", "--controls", "all"],
]
KILLED = """
import faulthandler, os, signal, sys
from benchmarks import cifar10_record

def killed(words, retrain=cifar10_record.retrain):
    retrain(words)
    os.kill(os.getpid(), signal.SIGKILL)

faulthandler.enable()
cifar10_record.retrain = killed
sys.exit(cifar10_record.main(sys.argv[1:]))
"""
HAND_MADE = {"filter_height": 3, "filter_width": 3, "stride_height": 1, "stride_width": 1}


@pytest.fixture
def line(tmp_path):
    file = tmp_path / "hand.json"
    layers = [{**HAND_MADE, "filters": 8, "inputs": []}]
    file.write_text(json.dumps({"space": "convolutional", "layers": layers}))
    places = ["--folder", str(tmp_path / "record"), "--out", str(tmp_path / "results")]
    return [*TINY, "--hand-made", str(file), *places]


def killed_after_training(line):
    """Run the program until its first final training is over, and kill it there."""
    program = [sys.executable, "-c", KILLED, *line]
    ended = subprocess.run(program, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def test_a_record_is_made_whole_though_it_was_killed_twice(line, tmp_path, capsys):
    assert killed_at(25, lambda: cifar10_record.main(line))
    killed_after_training(line)
    state = json.loads((tmp_path / "record" / "state.json").read_text())
    assert cifar10_record.main(line) == 0
    kept = json.loads((tmp_path / "results" / "record_0.08_0.json").read_text())["figures"]
    assert kept["networks"]["found"]["plan"] == {
        **state["plans"]["found"],
        "done": True,
        "failed": False,
    }
    assert [*kept["networks"]] == ["found", "hand-made", "random search", "random 1", "random 2"]
    for name, network in kept["networks"].items():
        assert 0 <= network["mean"] <= 1 and network["minutes"]["cpu"] > 0
        assert kept["parts"][f"{name}: final training"]["PFLOP"] > 0
    assert {*kept["added"]} == {"over random networks", "over random search", "over hand-made"}
    assert kept["legs"][: len(state["legs"]) - 1] == state["legs"][:-1]
    assert sum(leg["part"] == "found: search" for leg in kept["legs"]) >= 2
    assert (tmp_path / "record" / "found" / "final" / "network").is_dir()
    assert not (tmp_path / "record" / "hand-made" / "final" / "network").exists()
    found = ["--network", str(tmp_path / "record" / "found" / "final" / "network")]
    capsys.readouterr()
    assert network_score.main([*found, "--task", "digits", "--recipe", "short"]) == 0
    assert f": {kept['networks']['found']['mean']:.4f} of 397 test" in capsys.readouterr().out
    file = tmp_path / "results" / "record_0.08_0.json"
    again = ["--record", str(file), "--folder", str(tmp_path / "again")]
    assert record_network.main([*again, "--network", "random 1"]) == 0
    mean = kept["networks"]["random 1"]["mean"]
    assert f"accuracy {mean:.4f}; in the record {mean:.4f}" in capsys.readouterr().out
    assert (tmp_path / "again" / "random-1" / "final" / "network").is_dir()
    assert record_pictures.main(["--record", str(file), "--folder", str(tmp_path)]) == 0
    for name in ("record_0.08_0.png", "record_0.08_0_network.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    capsys.readouterr()
    assert record_table.main(["--records", str(file)]) == 0
    printed = capsys.readouterr().out
    error = 100 * (1 - kept["networks"]["found"]["mean"])
    assert f"| found | {error:.2f}% (" in printed and "over random networks: " in printed
    rows = [row.split(" | ")[0] for row in printed.splitlines() if row.startswith("| ")]
    assert {f"| {part}" for part in kept["parts"]} <= {*rows}


def test_the_best_of_a_search_is_the_best_by_its_reward(tmp_path):
    """A cost of such a weight lets the smallest network win, whatever its accuracy."""
    words = "--env NAS-Digits-v0 --space.filters 4 16 --space.layers 1 --task.train-size 400"
    words += " --recipe short --recipe.epochs 2 --workers 0 --quiet --agent random_search"
    words += " --children 6 --objective weighted_product --objective.weight -9"
    assert train([*words.split(), "--run", str(tmp_path)]) == 0
    with closing(open_store(tmp_path / STORE)) as store:
        played = store.all_episodes()
    smallest = min(played, key=lambda episode: episode["parameters"])
    assert best(tmp_path, 1, pytest.fail) == smallest["architecture"]
    accurate = max(played, key=lambda episode: episode["metrics"]["validation_accuracy"])
    assert smallest["parameters"] < accurate["parameters"]


def test_a_record_that_is_made_is_not_made_again_and_its_controls_may_follow(line, tmp_path):
    place = line.index("--controls")
    alone = [*line[:place], *line[place + 2 :]]
    assert cifar10_record.main(alone) == 0
    state = (tmp_path / "record" / "state.json").read_bytes()
    assert cifar10_record.main(alone) == 0
    assert (tmp_path / "record" / "state.json").read_bytes() == state
    assert cifar10_record.main([*alone, "--controls", "random"]) == 0
    kept = json.loads((tmp_path / "results" / "record_0.08_0.json").read_text())["figures"]
    assert [*kept["networks"]] == ["found", "random 1", "random 2"]
    assert {*kept["added"]} == {"over random networks"}


@pytest.mark.parametrize(
    "words", [["--recipe", "short --recipe.learning-rate 1e30"], ["--task=--task.max-parameters 9"]]
)
def test_a_control_that_fails_is_told_and_the_others_follow(words, line, tmp_path):
    given = parse(cifar10_record.Options, [*line, *words], "record")
    given.place.mkdir()
    known = {"options": given.decided, "plans": {}}
    record = cifar10_record.Record(given, Minutes(given.place / "state.json", "cpu", 1, known))
    record.train("hand-made", given.hand_made, 0.02)
    kept = json.loads((tmp_path / "results" / "record_0.08_0.json").read_text())["figures"]
    assert (kept["failed"], kept["networks"]) == (["hand-made"], {})


def test_other_options_are_refused_where_a_record_was_begun(line, tmp_path, capsys):
    folder = tmp_path / "record"
    known = cifar10_record.Options(folder=folder).decided
    folder.mkdir()
    Minutes(folder / "state.json", "cpu", 2, {"options": known, "plans": {}}).keep()
    assert cifar10_record.main(["--folder", str(folder), "--seed", "1"]) == 2
    (told,) = capsys.readouterr().err.splitlines()
    assert told.endswith("was begun with another seed: name another --folder")


@pytest.mark.parametrize(
    "words", ["--share 1", "--minutes 0", "--device cuda", "--compare 0", "--controls few"]
)
def test_a_wrong_option_gets_one_line(words, capsys):
    assert cifar10_record.main(words.split()) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_seconds_of_processes_below_are_counted():
    code = "import time\nwhile time.process_time() < 0.5: pass\nprint(flush=True)\ninput()"
    before = cpu_seconds()
    below = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    below.stdout.readline()
    running = cpu_seconds()
    below.communicate(b"\n")
    assert running - before >= 0.45 and cpu_seconds() >= running


def test_a_hand_made_network_of_another_space_is_refused_at_once(line, tmp_path, capsys):
    place = line.index("--hand-made") + 1
    assert cifar10_record.main([*line[:place], "published:airbench94", *line[place + 1 :]]) == 2
    expected = "--hand-made: space is 'staged', expected 'convolutional'"
    assert expected in capsys.readouterr().err
    assert not (tmp_path / "record").exists()
