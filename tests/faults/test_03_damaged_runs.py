"""Row 3: a run whose files a power cut has shortened is recovered, and ends as one that was not."""

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from nas_env.command_line.store import main as nas_store
from nas_env.command_line.train import main
from nas_env.run.store import open_store
from tests.faults._damage import cuts
from tests.test_resuming import ended, summary_of

TABLE = ["--env", "NAS-Bench-Digits-v0", "--quiet", "--agent", "reinforce"]
TINY = ["--recipe.epochs", "1", "--task.train-size", "64", "--space.layers", "2", "--quiet"]


@pytest.fixture(scope="module")
def table_run(tmp_path_factory):
    """A finished run of a table, with a control, and a checkpoint after each update."""
    folder = tmp_path_factory.mktemp("table") / "run"
    line = [*TABLE, "--children", "40", "--control", "random", "--run", str(folder)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nas_env.search.loop.CHECKPOINT_EVERY", 0.0)
        assert main(line) == 0
    return folder


def copied(run, tmp_path):
    shutil.rmtree(tmp_path / "run", ignore_errors=True)
    return Path(shutil.copytree(run, tmp_path / "run"))


def one_line(capsys):
    error = capsys.readouterr().err.strip()
    assert error and "\n" not in error
    return error


def damaged_and_resumed(run, cut, capsys):
    """Cut a run's store off, see it refused, recover it, and go on; return what was said."""
    file = run / "results.sqlite"
    file.write_bytes(file.read_bytes()[:cut])
    assert main(["--resume", "--quiet", "--run", str(run)]) == 2
    assert f"nas-store recover {file}" in one_line(capsys)
    assert nas_store(["recover", str(file)]) == 0
    said = capsys.readouterr().out
    assert f"go on with: nas-train --resume --run {run}" in said
    assert main(["--resume", "--quiet", "--run", str(run)]) == 0
    return said


@pytest.mark.parametrize("finished", [True, False])
def test_a_run_whose_store_is_cut_off_ends_as_one_that_was_not(
    table_run, finished, tmp_path, chosen, figures, capsys
):
    """Played again from what is whole, to the last digit, the control too; never without a word."""
    content = (table_run / "results.sqlite").read_bytes()
    places = chosen([*range(0, len(content), len(content) // 20)][1:], 2)
    for cut in (0, *places):
        run = copied(table_run, tmp_path)
        if not finished:
            (run / "summary.json").unlink()
        capsys.readouterr()
        said = damaged_and_resumed(run, cut, capsys)
        lost = "played again" in said
        assert lost or cut > 0.9 * len(content), "the last page may have nothing that is used"
        assert ("a reading of a test set may be missing" in said) == (cut == 0)
        assert ended(run) == ended(table_run)
        assert summary_of(run) == summary_of(table_run)
        assert len(list(run.glob("summary.json.earlier-*"))) == (finished and lost)
    figures(cuts=1 + len(places))


def test_a_run_that_trains_goes_on_from_the_evaluations_that_are_whole(tmp_path, capsys):
    whole = tmp_path / "whole"
    line = [*TINY, "--workers", "0", "--children", "5", "--run", str(whole)]
    assert main(line) == 0
    with contextlib.closing(open_store(whole / "results.sqlite")) as opened:
        before = {row.key: row for row in opened.rows()}
    run = copied(whole, tmp_path)
    size = (run / "results.sqlite").stat().st_size
    damaged_and_resumed(run, size - 4_000, capsys)
    with contextlib.closing(open_store(run / "results.sqlite")) as opened:
        after = {row.key: row for row in opened.rows()}
    assert after.keys() == before.keys()
    assert any(after[key] == before[key] for key in before), "with the seconds of their training"
    assert ended(run) == ended(whole) and summary_of(run) == summary_of(whole)


def test_a_search_in_order_of_arrival_goes_on_after_a_recovery(tmp_path, capsys):
    """What came after a lost child is another history, so that no checkpoint of it is used."""
    run = tmp_path / "run"
    line = [*TABLE, "--order", "finished", "--children", "40", "--run", str(run)]
    assert main(line) == 0
    whole = copied(run, tmp_path / "copy")
    size = (run / "results.sqlite").stat().st_size
    damaged_and_resumed(run, size - size // 3, capsys)
    assert ended(run)[-1] == ended(whole)[-1]


def test_an_older_backup_of_the_store_is_not_taken_without_a_word(table_run, tmp_path, capsys):
    run = copied(table_run, tmp_path)
    file = run / "results.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM episodes WHERE number >= 16")
    assert main(["--resume", "--run", str(run)]) == 2
    error = one_line(capsys)
    assert "has 16 of the 40 children that" in error and f"nas-store recover {file}" in error
    assert nas_store(["recover", str(file)]) == 0
    said = capsys.readouterr().out
    assert "is whole" in said and "a reading of a test set may be missing" in said
    assert main(["--resume", "--quiet", "--run", str(run)]) == 0
    assert ended(run) == ended(table_run) and summary_of(run) == summary_of(table_run)


def test_a_store_that_is_gone_is_not_made_anew(table_run, tmp_path, capsys):
    run = copied(table_run, tmp_path)
    (run / "results.sqlite").unlink()
    assert main(["--resume", "--run", str(run)]) == 2
    error = one_line(capsys)
    assert "is missing, and had the 40 children" in error and "backup" in error
    assert not (run / "results.sqlite").exists()
    for told in ("summary.json", "checkpoint", "control/checkpoint"):
        assert str(run / told) in error
        (run / told).rename(tmp_path / Path(told).name.replace("checkpoint", told[:4]))
    assert main(["--resume", "--quiet", "--run", str(run)]) == 0
    assert summary_of(run) == summary_of(table_run)


def test_a_summary_that_is_cut_off_is_made_anew(
    table_run, tmp_path, chosen, figures, capsys, caplog
):
    content = (table_run / "summary.json").read_bytes()
    places = chosen(cuts(content.rstrip(), 100), 2)
    for cut in places:
        run = copied(table_run, tmp_path)
        (run / "summary.json").write_bytes(content[:cut])
        caplog.clear()
        assert main(["--resume", "--quiet", "--run", str(run)]) == 0
        (said,) = caplog.messages
        assert "summary.json is not JSON" in said and "kept as summary.json.damaged-1" in said
        assert (run / "summary.json.damaged-1").read_bytes() == content[:cut]
        assert summary_of(run) == summary_of(table_run)
    figures(cuts=len(places))


def test_a_configuration_that_is_cut_off_says_what_to_do(table_run, tmp_path, chosen, capsys):
    run = copied(table_run, tmp_path)
    content = (run / "config.json").read_bytes()
    for cut in chosen(cuts(content.rstrip(), 100), 5):
        (run / "config.json").write_bytes(content[:cut])
        assert main(["--resume", "--run", str(run)]) == 2
        error = one_line(capsys)
        assert f"with another --run and --store {run / 'results.sqlite'}" in error
        assert str(run / "config.json") in error
    again = [*TABLE, "--children", "40", "--control", "random"]
    again += ["--run", str(tmp_path / "again"), "--store", str(run / "results.sqlite")]
    assert main(again) == 0
    assert summary_of(tmp_path / "again") == summary_of(table_run)
