"""Row 4: of a store or a checkpoint in which a bit has changed nothing is taken that is not so."""

import pytest
import torch

from nas_env.search.checkpoint import KEPT, Checkpoint, read_checkpoint, write_checkpoint
from tests.faults._damage import PLAYED, flips, fresh, sample, survives


def test_flips_in_a_store(tmp_path, times, figures, capsys):
    """Those in bytes that are not used change nothing; every other one is seen."""
    content, before = sample(tmp_path / "whole")
    count = 30 * times
    seen = [
        survives(fresh(tmp_path / "s", each), before, PLAYED, capsys)
        for each in flips(content, count)
    ]
    figures(flips=count, changed=0, **{name.replace(" ", "_"): seen.count(name) for name in seen})
    assert {"same", "recovered"} <= set(seen)


def test_a_page_that_says_that_it_has_fewer_rows(tmp_path, capsys):
    """SQLite reads it without a word: only all pages together show that a row is missing."""
    content, before = sample(tmp_path / "whole")
    seen = []
    for begin in range(4_096, len(content), 4_096):
        if content[begin] in (0x0A, 0x0D) and (rows := content[begin + 4]):
            fewer = content[: begin + 4] + bytes([rows - 1]) + content[begin + 5 :]
            seen.append(survives(fresh(tmp_path / "s", fewer), before, PLAYED, capsys))
    assert len(seen) >= 4 and set(seen) == {"recovered"}


@pytest.mark.parametrize("suffix", [".json", ".safetensors"])
def test_flips_in_a_checkpoint(tmp_path, times, figures, caplog, suffix):
    for number in (1, 2, 3):
        weights = torch.linspace(0, number, 50)
        write_checkpoint(tmp_path, Checkpoint(number, {"w": weights}, {"n": [number, 0.125]}))
    newest, count = tmp_path / f"000000003{suffix}", 30 * times
    for each in flips(newest.read_bytes(), count):
        newest.write_bytes(each)
        caplog.clear()
        found = read_checkpoint(tmp_path, tell=True)
        assert found is not None and found.episodes == 2 and found.values == {"n": [2, 0.125]}
        assert "000000003 is damaged: the checkpoint before it, 000000002," in caplog.text
    figures(flips=count, detected=count)


@pytest.mark.parametrize("suffix", [".json", ".safetensors"])
@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b[:-9] + b"!" + b[-8:]])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path, suffix, damage):
    for number in (1, 2, 3, 4):
        write_checkpoint(tmp_path, Checkpoint(number, {"w": torch.ones(3) * number}))
    assert len(list(tmp_path.glob("*.json"))) == KEPT
    newest = tmp_path / f"000000004{suffix}"
    newest.write_bytes(damage(newest.read_bytes()))
    checkpoint = read_checkpoint(tmp_path)
    assert checkpoint is not None
    assert checkpoint.episodes == 3
    assert checkpoint.tensors["w"].tolist() == [3, 3, 3]
