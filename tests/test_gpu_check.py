"""The checks of a GPU: whole on a CPU, where nothing but torch, numpy and scipy is."""

import json
import os
import subprocess
import sys
import time

import pytest
import torch
from test_laboratory import MISSING

from benchmarks._gpu.running import Check, carried_out
from benchmarks._gpu.scale import scale_of
from benchmarks.gpu_check import CHECKS, main
from tests._pages import ROOT

ABSENT = (*MISSING, "PIL", "onnx", "pandas", "safetensors", "torchvision")


def test_all_checks_run_on_a_bare_machine(tmp_path):
    """Modules that are not there cannot be imported by any process."""
    hidden = f"import sys; sys.modules.update(dict.fromkeys({ABSENT}))"
    (tmp_path / "sitecustomize.py").write_text(hidden)
    words = ["--device", "cpu", "--quick", "--seconds", "900", "--out", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu_check", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads((tmp_path / "gpu_check_cpu_quick.json").read_text())["figures"]
    assert figures.pop("all right")
    assert set(figures) == set(CHECKS)
    assert figures["side-by-side"]["children an hour, 2 at once"] > 0
    assert figures["rates"]["airbench94, 64 images a step"]["share of the bfloat16 product"] > 0
    assert figures["neighbours"]["healthy: equal to the last digit"]
    assert figures["resuming"]["equal to the last digit"]


def hang(scale):
    yield {"first": 1}
    time.sleep(1_000)


def refuse(scale):
    yield {"first": 1}
    raise ValueError("it cannot\nbe done")


def end(scale):
    yield {"first": 1}
    os._exit(3)


@pytest.mark.parametrize(
    ("run", "says"),
    [
        (hang, "not done within 1 seconds"),
        (refuse, "ValueError: it cannot"),
        (end, "its process ended with status 3"),
    ],
)
def test_a_check_that_goes_wrong_keeps_what_it_had(run, says):
    found = list(carried_out(Check(run, 1), scale_of("cpu", quick=True), 1.0))
    assert found == [{"first": 1}, {"right": False, "error": says}]


def test_figures_are_written_before_all_checks_are_done(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("benchmarks.gpu_check.CHECKS", {"a": Check(refuse, 9), "b": Check(end, 9)})
    assert main(["--device", "cpu", "--out", str(tmp_path)]) == 1
    figures = json.loads((tmp_path / "gpu_check_cpu.json").read_text())["figures"]
    assert [figures[name]["first"] for name in "ab"] == [1, 1] and not figures["all right"]
    assert main(["--device", "cpu", "--seconds", "0", "--out", str(tmp_path)]) == 1
    assert "no time was left" in capsys.readouterr().out
    assert main(["--device", "cpu", "--only", "c", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "gpu_check: unknown check 'c': known are a, b\n"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_machine_without_a_gpu_is_told_in_one_line(tmp_path, capsys):
    assert main(["--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "gpu_check: device is 'cuda', this machine has 0 GPUs\n"
    assert not any(tmp_path.iterdir())
