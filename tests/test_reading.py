"""A run as a person looks at it: children, control, its holder; nothing is locked or written."""

import contextlib
import math
import sys

import pytest

import nas_env
from nas_env.command_line.train import main as train
from nas_env.errors import InvalidValue
from nas_env.run.folder import Run
from nas_env.search.reading import runs_below


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A search of a table with its control."""
    run = tmp_path_factory.mktemp("runs") / "table"
    line = ["--env", "NAS-Bench-Digits-v0", "--quiet", "--children", "20", "--control", "random"]
    assert train([*line, "--run", str(run)]) == 0
    return run


def test_a_view_has_what_the_summary_tells(folder):
    view = nas_env.read_run(folder)
    assert (view.name, view.env, view.agent) == ("table", "NAS-Bench-Digits-v0", "reinforce")
    assert view.finished and view.summary is not None
    assert len(view.episodes) == len(view.control) == 20
    assert view.best["reward"] == view.summary["best"]["reward"]
    assert view.metric.name in view.best["metrics"]
    view.space.parse(view.best["architecture"])


def test_children_are_rows_of_plain_values(folder):
    view = nas_env.read_run(folder)
    rows = view.children()
    assert [row["search"] for row in rows] == ["agent"] * 20 + ["control"] * 20
    assert [row["child"] for row in rows] == [*range(1, 21)] * 2
    best = max(rows[:20], key=lambda row: row["reward"])
    assert best[view.metric.name] == view.best["metrics"][view.metric.name]
    assert all(isinstance(value, (str, int, float, type(None))) for value in best.values())


def test_children_become_a_table_of_pandas(folder):
    pytest.importorskip("pandas")
    frame = nas_env.read_run(folder).to_dataframe()
    assert len(frame) == 40 and math.isclose(
        frame[frame.search == "agent"].reward.max(), nas_env.read_run(folder).best["reward"]
    )


def test_without_pandas_one_line_tells_what_is_missing(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InvalidValue, match="needs pandas installed"):
        nas_env.read_run(folder).to_dataframe()


def test_the_holder_is_named_while_there_is_one(folder):
    view = nas_env.read_run(folder)
    assert view.holder is None
    with contextlib.closing(Run(folder)):
        assert view.holder.startswith("process ")
    assert view.holder is None


def test_a_look_keeps_no_run_from_going_on(folder):
    """The look of another process lasts a moment, in which a run may be opened."""
    import fcntl
    import threading

    with open(folder / "lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        threading.Timer(0.02, lambda: fcntl.flock(lock, fcntl.LOCK_UN)).start()
        Run(folder).close()


def test_nothing_is_written(folder):
    def content():
        return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}

    before = content()
    view = nas_env.read_run(folder)
    assert view.children() and view.best and view.holder is None and view.again().episodes
    assert content() == before


def test_what_is_no_run_is_refused_in_one_line(folder, tmp_path):
    for wrong in (tmp_path, tmp_path / "none", folder / "config.json"):
        with pytest.raises(InvalidValue) as told:
            nas_env.read_run(wrong)
        assert str(wrong) in str(told.value) and "\n" not in str(told.value)


def test_a_lost_store_is_told(folder, tmp_path):
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    with pytest.raises(InvalidValue, match="missing"):
        _ = nas_env.read_run(tmp_path).episodes
    assert [*tmp_path.iterdir()] == [tmp_path / "config.json"]


def test_runs_are_listed_without_their_controls(folder):
    assert runs_below(folder.parent) == [folder]
    with pytest.raises(InvalidValue, match="no folder"):
        runs_below(folder / "none")
