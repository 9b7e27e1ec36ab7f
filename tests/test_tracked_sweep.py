"""The sweep of the examples: a combination runs as W&B's agent runs it, and is measured."""

import json
import os
import subprocess
import sys
from pathlib import Path

import yaml

from tests._tracked import wandb_parts, wandb_rows

ROOT = Path(__file__).parents[1]
SWEEP = yaml.safe_load((ROOT / "examples" / "sweep.yaml").read_text())


def command():
    """The words of the command, as W&B's agent makes them of a combination."""
    chosen = {
        name: told["values"][-1] if "values" in told else told["max"]
        for name, told in SWEEP["parameters"].items()
    }
    words = [f"--{name}={value}" for name, value in chosen.items()]
    return [w for part in SWEEP["command"] for w in (words if part == "${args}" else [part])]


def test_a_combination_runs_and_the_sweeps_metric_is_there(tmp_path):
    said, program, *line = command()
    assert (said, program) == ("${env}", SWEEP["program"])
    # As W&B's agent sets them.
    swept = {"WANDB_MODE": "offline", "WANDB_RUN_ID": "swept", "WANDB_SWEEP_ID": "s"}
    line = [word.replace("children=300", "children=34") for word in line]
    done = subprocess.run(
        [sys.executable, str(ROOT / "train_agent.py"), *line],
        env={**os.environ, **swept, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    (run,) = tmp_path.glob("runs/*")
    ((*records,),) = wandb_parts(run)
    told = next(record.run for record in records if record.HasField("run"))
    assert (told.run_id, told.sweep_id) == ("swept", "s")
    config = {item.key: item.value_json for item in told.config.update}
    assert json.loads(config["agent"])["batch_size"] == 16, "the settings, not the name alone"
    updates = [u.key for r in records if r.HasField("summary") for u in r.summary.update]
    assert SWEEP["metric"]["name"] in updates
    assert any("search/best_reward" in row for row in wandb_rows(records))
