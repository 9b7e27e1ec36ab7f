"""The examples of clusters: read by Ray, and run with stand-ins for Slurm and Ray."""

import os
import subprocess
from pathlib import Path

import pytest
from _cluster import ROOT

EXAMPLES = ROOT / "examples" / "cluster"
#: A stand-in writes down how it was called; srun goes on to what it is to start.
CALLED = '#!/bin/bash\necho "$(basename "$0") $*" >> "$CALLS"\n'
STANDINS = {
    "scontrol": '[[ $1 == show ]] && printf "%s\\n" one two || true\n',
    "srun": 'while [[ $1 == --* ]]; do shift; done; "$@"\n',
    "ray": "[[ $1 != get-auth-token ]] || { mkdir -p ~/.ray; echo key > ~/.ray/auth_token; }\n",
    "nas-train": 'echo "at $RAY_ADDRESS" >> "$CALLS"; sleep "${SLEEP:-0}"\n'
    'until (($(grep -c "^ray start" "$CALLS") >= 2)); do sleep 0.05; done\n',
}


def test_the_yaml_is_a_cluster_that_ray_takes():
    pytest.importorskip("ray")
    import yaml
    from ray.autoscaler._private import util

    path = EXAMPLES / "aws.yaml"
    found = util.prepare_config(yaml.safe_load(path.read_text()))
    util.validate_config({**found, "cluster_synced_files": []})
    assert found["available_node_types"]["gpus"]["max_workers"] == 8
    starts = [*found["head_start_ray_commands"], *found["worker_start_ray_commands"]]
    assert all("RAY_AUTH_MODE=token" in line for line in starts if "ray start" in line)
    assert any("--dashboard-host=127.0.0.1" in line for line in starts)


@pytest.fixture
def slurm(tmp_path):
    """Runs the script on two nodes of a job, as far as stand-ins go; returns what was called."""
    for name, body in STANDINS.items():
        (tmp_path / name).write_text(CALLED + body)
        (tmp_path / name).chmod(0o755)
    calls = tmp_path / "calls"
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "CALLS": str(calls),
        "SLURM_JOB_ID": "7",
        "SLURM_JOB_NODELIST": "[one-two]",
        "SLURM_CPUS_PER_TASK": "8",
        "SLURM_GPUS_ON_NODE": "4",
    }

    def run(run: Path, *words: str) -> list[str]:
        command = ["bash", EXAMPLES / "slurm.sh", run, *words]
        subprocess.run(command, env=environment, check=True)
        return calls.read_text().splitlines()

    return run


def test_the_script_for_slurm_starts_all_nodes_and_resumes_a_run(slurm, tmp_path):
    called = slurm(tmp_path / "run", "--children", "9")
    starts = [line for line in called if line.startswith("ray start")]
    assert len(starts) == 2 and all("--num-cpus=8 --num-gpus=4" in line for line in starts)
    assert sum("--head" in line for line in starts) == 1
    assert f"nas-train --run {tmp_path}/run --evaluator ray --children 9" in called
    assert "at one:20007" in called
    assert not [line for line in called if "key" in line]
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").touch()
    assert f"nas-train --run {tmp_path}/run --resume" in slurm(tmp_path / "run", "--children", "9")
