"""The sweep of the examples: a combination runs as W&B's agent runs it, and is measured."""

from pathlib import Path

import pytest
import yaml
from _tracked import wandb_parts, wandb_rows

from nas_env.command_line import train

SWEEP = yaml.safe_load((Path(__file__).parents[1] / "examples" / "sweep.yaml").read_text())


def command(choose):
    """The words of the command, as W&B's agent makes them of a combination."""
    chosen = {name: choose(told) for name, told in SWEEP["parameters"].items()}
    words = [f"--{name}={value}" for name, value in chosen.items()]
    return [w for part in SWEEP["command"] for w in (words if part == "${args}" else [part])]


def lowest(told):
    return told["values"][0] if "values" in told else told["min"]


def highest(told):
    return told["values"][-1] if "values" in told else told["max"]


@pytest.mark.parametrize("choose", [lowest, highest])
def test_a_combination_runs_and_the_sweeps_metric_is_there(choose, tmp_path, monkeypatch):
    environment, program, *line = command(choose)
    assert (environment, program) == ("${env}", SWEEP["program"])
    for name, value in {"MODE": "offline", "RUN_ID": "swept", "SWEEP_ID": "s"}.items():
        monkeypatch.setenv(f"WANDB_{name}", value)  # as W&B's agent sets them
    monkeypatch.chdir(tmp_path)
    line = [word.replace("children=300", "children=34") for word in line]
    assert train.main(line) == 0
    (run,) = tmp_path.glob("runs/*")
    ((*records,),) = wandb_parts(run)
    told = next(record.run for record in records if record.HasField("run"))
    assert (told.run_id, told.sweep_id) == ("swept", "s")
    updates = [u.key for r in records if r.HasField("summary") for u in r.summary.update]
    assert SWEEP["metric"]["name"] in updates
    assert any("search/best_reward" in row for row in wandb_rows(records))
