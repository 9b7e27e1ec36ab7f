"""The pages of a search for its trackers: what they hold, and that they stay cheap."""

import numpy as np
import pytest

from nas_env import drawing
from nas_env.problem import Problem
from nas_env.search import album as module
from nas_env.search.album import Album
from nas_env.search.preferences import draw_preferences, preferences
from nas_env.tracking import Labels, Tracker, Trackers

SPACE = {"name": "convolutional", "layers": 2}


class Pages(Tracker):
    """Keeps what it is shown."""

    def start(self, folder, labels, config, resume_from):
        self.tables, self.pictures = [], []

    def log(self, number, values):
        raise AssertionError("nothing but tables and pictures")

    def table(self, number, key, table):
        self.tables.append((number, table))

    def picture(self, number, key, picture):
        self.pictures.append((number, key, picture))

    def finish(self):
        pass


@pytest.fixture(scope="module")
def problem():
    return Problem("digits", SPACE, device="cpu")


def records_of(problem, count, failed=()):
    rng, records = np.random.default_rng(0), []
    for tokens in problem.space.sample_batch(rng, count):
        architecture = problem.space.decode(tokens.tolist())
        ok = len(records) + 1 not in failed
        records.append(
            {
                "tokens": tokens.tolist(),
                "reward": float(rng.random()) if ok else 0.0,
                "status": "ok" if ok else "died",
                "error": None,
                "metrics": {"validation_accuracy": 0.5} if ok else {},
                "parameters": 100,
                "flops": 200,
                "architecture": architecture.to_dict(),
                "canonical": str(architecture.canonical()),
                "seconds": 0.1,
            }
        )
    return records


def shown(problem, records, folder):
    """The pages of a search that had these children."""
    pages = Pages()
    trackers = Trackers([pages])
    trackers.start(folder, Labels("a"), {})
    seen = []
    album = Album(trackers, problem, lambda: seen)
    for number, record in enumerate(records, 1):
        seen.append(record)
        album.child(number, record, None)
    album.show(len(seen), last=True)
    album.show(len(seen), last=True)
    return pages


def test_five_thousand_children_stay_cheap(problem, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(Album, "_drawing", lambda self, record: drawn.append(record))
    monkeypatch.setattr(drawing, "to_rgb", lambda figure: np.zeros((1, 1, 3), np.uint8))
    pages = shown(problem, records_of(problem, 500) * 10, tmp_path)
    sizes = [len(table.rows) for _, table in pages.tables]
    assert sizes == [32, 64, 128, 256, 512, 1024, 2048, 4096, 5000]
    assert sum(sizes) < 3 * 5_000
    assert len(drawn) <= module.DRAWN * len(sizes)
    assert [key for _, key, _ in pages.pictures] == ["search/preferences"] * len(sizes)


def test_the_best_come_first_and_the_failed_last(problem, tmp_path):
    records = records_of(problem, 40, failed=(3, 7))
    (_, first), (number, table) = shown(problem, records, tmp_path).tables
    assert (len(first.rows), number, len(table.rows)) == (32, 40, 40)
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    best = max(range(40), key=lambda i: records[i]["reward"])
    assert rows[0]["child"] == best + 1 and {r["child"] for r in rows[-2:]} == {3, 7}
    assert rows[-1]["validation_accuracy"] is None
    assert [row["drawing"] is not None for row in rows] == [True] * 12 + [False] * 28
    assert "reward" in rows[0]["drawing"].caption and rows[12]["architecture"] is None


def test_equal_architectures_are_drawn_once(problem, tmp_path):
    records = records_of(problem, 20)
    ((_, table),) = shown(problem, [records[0]] * 20, tmp_path).tables
    assert [row[1] is not None for row in table.rows] == [True] + [False] * 19


def test_pictures_stop_when_they_have_had_their_time(problem, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FREE", -1.0)
    monkeypatch.setattr(module, "AT_END", 0.0)
    pages = shown(problem, records_of(problem, 40), tmp_path)
    assert len(pages.tables) == 2 and not pages.pictures
    assert all(row[1] is None for _, table in pages.tables for row in table.rows)


def test_nothing_is_made_for_nobody(problem):
    Album(Trackers(), problem, lambda: 1 / 0).show(40, last=True)


def test_preferences_of_a_search_that_grows_deeper():
    found = preferences([[0]] * 4 + [[0, 3]] * 2 + [[1, 3]] * 2, decisions=3, windows=2)
    assert found.options.tolist() == [0, 3, -1]
    np.testing.assert_array_equal(found.shares, [[1, 0.5], [np.nan, 1], [np.nan, np.nan]])


@pytest.mark.parametrize("layers", [1, 20])
def test_preferences_are_drawn_for_few_and_for_hundreds_of_decisions(layers):
    space = Problem("digits", {"name": "convolutional", "layers": layers}, device="cpu").space
    tokens = space.sample_batch(np.random.default_rng(0), 60)
    figure = draw_preferences([{"tokens": row.tolist()} for row in tokens], space)
    height, width, _ = drawing.to_rgb(figure).shape
    assert 150 < height < 1_100 and 500 < width < 1_100
