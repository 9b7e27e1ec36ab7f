"""Row 3: files that a power cut has shortened are recovered, or refused in a line that helps."""

import contextlib
import sqlite3

import numpy as np
import pytest
import torch

from nas_env.command_line.store import main as nas_store
from nas_env.data.images import _cache
from nas_env.errors import StoreError
from nas_env.run.store import open_store
from nas_env.run.store._base import Row
from nas_env.search.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from tests.faults._damage import PLAYED, RECORD, cuts, fresh, held, sample, survives
from tests.test_store import OK, request


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return sample(tmp_path_factory.mktemp("store"))


def test_a_store_that_is_cut_off(store, tmp_path, chosen, figures, capsys):
    content, before = store
    places = [cut for cut in chosen(cuts(content, RECORD), 12) if cut]
    seen = [
        survives(fresh(tmp_path / "s", content[:cut]), before, PLAYED, capsys) for cut in places
    ]
    assert set(seen) == {"recovered"}
    figures(cuts=len(seen), recovered=seen.count("recovered"))


@pytest.mark.parametrize("page", [1, 4])
def test_a_page_that_is_gone_hides_no_other(store, page, tmp_path, capsys):
    """The first one describes all tables; the other leads to the pages of the episodes."""
    content, before = store
    begin = 4_096 * (page - 1)
    file = fresh(tmp_path / "s", content[:begin] + bytes(4_096) + content[begin + 4_096 :])
    assert survives(file, before, PLAYED, capsys) == "recovered"
    found = held(file, PLAYED)
    if page == 1:
        assert found == before
    assert len(found.rows) + len(found.episodes) + len(found.lines) >= 9


def test_a_store_whose_journal_is_cut_off(tmp_path, chosen, figures, capsys):
    """The journal of a transaction that had changed most pages when the machine went down."""
    file = tmp_path / "s"
    with contextlib.closing(open_store(file, "r")) as opened:
        for number in range(30):
            opened.put(request(number), OK)
        opened.record_episodes(0, [{"n": number} for number in range(300)])
    before = held(file, "r")
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 2")  # pages are written before the end
        connection.execute("BEGIN IMMEDIATE")
        for number in range(30, 90):
            row = Row.of(request(number), OK, "r")
            connection.execute("INSERT INTO evaluations VALUES (?,?,?,?,?)", row)
        half, journal = file.read_bytes(), (tmp_path / "s-journal").read_bytes()
    assert half != file.read_bytes()
    lost = 0
    for cut in (len(journal), *chosen(cuts(journal, 600), 12)):
        place = fresh(tmp_path / "cut", half, "s")
        (tmp_path / "cut" / "s-journal").write_bytes(journal[:cut])
        try:
            found = held(place, "r")
        except StoreError as error:
            assert f"nas-store recover {place}" in str(error)
            place.write_bytes(half)
            (tmp_path / "cut" / "s-journal").write_bytes(journal[:cut])
            assert nas_store(["recover", str(place)]) == 0
            assert (tmp_path / "cut" / "s.damaged-1").read_bytes() == half
            found = held(place, "r")
            lost += len(before.rows - found.rows)
            assert len(found.rows) > len(before.rows) / 2
            assert found.episodes == before.episodes[: len(found.episodes)]
        else:
            assert before.rows <= found.rows and found.episodes == before.episodes
    capsys.readouterr()
    figures(lost=lost)  # where the disk itself had lost what it had said to have


def test_a_checkpoint_or_manifest_that_is_cut_off(tmp_path, chosen, figures, caplog):
    """The one before is used, and said so; where none is left, that is said."""
    folder = tmp_path / "checkpoint"
    for number in (1, 2, 3):
        weights = torch.arange(40.0) * number
        write_checkpoint(folder, Checkpoint(number, {"w": weights}, {"n": number}))
    tried = 0
    for suffix in (".json", ".safetensors"):
        newest = folder / f"000000003{suffix}"
        content = newest.read_bytes()
        for cut in chosen(cuts(content, 200), 30):
            if content[:cut] == content.rstrip():  # a manifest without its last line's end is whole
                continue
            newest.write_bytes(content[:cut])
            caplog.clear()
            found = read_checkpoint(folder, tell=True)
            assert found is not None and found.episodes == 2 and found.values == {"n": 2}
            assert "000000003 is damaged: the checkpoint before it, 000000002," in caplog.text
            tried += 1
        newest.write_bytes(content)
    for file in folder.glob("*.json"):
        file.write_bytes(b"")
    caplog.clear()
    assert read_checkpoint(folder, tell=True) is None
    assert "no checkpoint is whole; playing again from child 1" in caplog.text
    figures(cuts=tried)


# -- data caches ---------------------------------------------------------------------------------
@pytest.mark.parametrize("name", [_cache.PIXELS, _cache.TABLE, _cache.MANIFEST])
def test_a_cache_of_images_that_is_cut_off_counts_as_none(name, tmp_path, chosen, figures):
    images = np.zeros(3, _cache.IMAGE)

    def fill(folder):
        (folder / _cache.PIXELS).write_bytes(bytes(range(192)) + b"x" * 192)
        images["hash"] = _cache.hashes(folder / _cache.PIXELS, 3)
        return {"classes": ["bee", "fly"]}, images

    place = tmp_path / "cache"
    with _cache.held(place, ""):
        _cache.save(place, fill)
    content = (place / name).read_bytes()
    places = chosen(cuts(content.rstrip(b"\n"), 60), 20)
    for cut in places:
        (place / name).write_bytes(content[:cut])
        assert _cache.load(place) is None
    with _cache.held(place, ""):
        _cache.save(place, fill)
    kept = _cache.load(place)
    assert kept is not None and np.array_equal(kept.images, images)
    figures(file=name, cuts=len(places))
