"""Training does not grow by what it frees."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nas_env.training.allocator import HUGE_PAGES, training_environment

#: Trains a small language model whose logits are large, and prints by how many MB it grew after
#: the first steps.
GROWTH = """
import sys
import torch
from nas_env.training import language
from nas_env.training.language_recipe import LanguageRecipe
from nas_env.training.text import LanguageData
from search_spaces import published_architecture
from search_spaces.recurrent_cell._network import cell_model
from search_spaces.recurrent_cell import RecurrentCellSpace

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 // 2**20

if "as it comes" in sys.argv:
    language.map_large_blocks = lambda: None
torch.set_num_threads(1)
cell = RecurrentCellSpace().parse(published_architecture("lstm"))
child = cell_model(cell, vocabulary=10_000, hidden=8, dropout=0.0)
tokens = torch.randint(10_000, (20 * 35 * 60 + 20,))
sizes, step = [], language._Steps.step
language._Steps.step = lambda self: sizes.append(resident()) or step(self)
data = LanguageData(tokens, tokens[:2_000], 10_000)
recipe = LanguageRecipe(epochs=1, learning_rate=0.1, precision="bfloat16")
language.train(child, data, recipe, seed=0, device=torch.device("cpu"))
print(sizes[-1] - sizes[9])
"""


def growth(*arguments):
    command = [sys.executable, "-c", GROWTH, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="counts memory by /proc")
def test_a_language_child_does_not_grow_by_its_logits():
    """28 MB of them a step; glibc 2.36 as it comes grew by hundreds of MB in 50 steps."""
    assert growth() < 60


def test_the_tunables_of_the_caller_are_kept(monkeypatch):
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    assert training_environment()["GLIBC_TUNABLES"] == HUGE_PAGES
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.check=0")
    assert training_environment()["GLIBC_TUNABLES"] == f"glibc.malloc.check=0:{HUGE_PAGES}"
