"""Row 19: names and paths that cannot be or lead out: one line, and nothing is made outside."""

import json
import os
import shutil
import sqlite3
from pathlib import Path

import gymnasium
import pytest
from _inject import said

from nas_env.benchmark.__main__ import main as benchmark
from nas_env.command_line.train import main
from nas_env.errors import DataCorrupt, DataNotFound, InvalidValue, NASError, StoreError
from nas_env.files import read_json, write_bytes
from nas_env.problem import Problem
from nas_env.run.folder import Run
from nas_env.run.store import open_store
from nas_env.search.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from nas_env.table.format import read_table
from nas_env.tasks import make_task
from nas_env.tracking.wandb import _run_id

TINY = ["--space.layers", "1", "--space.filters", "2", "3", "--recipe.epochs", "1", "--quiet"]
TINY += ["--workers", "0", "--children", "2", "--task.train-size", "32"]
TINY += ["--task.validation-size", "32"]

NAMES = {
    "a\nb": "it has a control character, '\\n'",
    "a\tb": "it has a control character, '\\t'",
    "a\x00b": "it has a control character, '\\x00'",
    "a\x85b": "it has a control character, '\\x85'",
    "a\udcffb": "it has bytes that are no text, '\\udcff'",
    "n" * 300: "it has a name of 300 bytes, expected at most 2",
    "é" * 128: "it has a name of 256 bytes, expected at most 2",
    "/".join(["d" * 200] * 20): "bytes, expected at most 3,840",
    "file/below": "file is a file, expected a folder",
    "dangling": "which is not there",
    "dangling/below": "which is not there",
    "loop": "which is not there",
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working folder with a file and links that lead nowhere."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("nothing of ours")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    return tmp_path


@pytest.mark.parametrize("option", ["--run", "--store"])
@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:12])
def test_a_path_that_cannot_be_is_refused_before_anything_is_made(here, capsys, option, name):
    before = sorted(os.listdir(here))
    run = [] if option == "--run" else ["--run", "run"]
    assert main([*TINY, *run, option, name]) == 2
    assert NAMES[name] in said(capsys)
    assert sorted(os.listdir(here)) == before


@pytest.mark.parametrize("line", [["--run", ""], ["--run="], ["--store", ""], [""]], ids=str)
def test_an_empty_value_is_refused(here, capsys, line):
    assert main([*line, *TINY]) == 2
    assert "is '', expected a value" in said(capsys)
    assert sorted(os.listdir(here)) == ["dangling", "file", "loop"]


def test_a_file_where_a_folder_is_wanted_and_the_other_way_round(here, capsys):
    (here / "folder").mkdir()
    assert main([*TINY, "--run", "file"]) == 2
    assert "file is a file, expected a folder" in said(capsys)
    assert main([*TINY, "--run", "run", "--store", "folder"]) == 2
    assert "it is a folder, expected a file" in said(capsys)
    assert main([*TINY, "--run", "run", "--store", "file"]) == 2
    assert "file is not a store of evaluations" in said(capsys)
    assert not (here / "run").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to(here, capsys):
    (here / "closed").mkdir(mode=0o500)
    assert main([*TINY, "--run", "closed/run"]) == 2
    assert "closed cannot be written to" in said(capsys)


@pytest.mark.parametrize("name", ["a\nb", "n" * 300, "a\x00b"], ids=lambda n: ascii(n)[:12])
def test_a_run_to_resume_that_cannot_be(here, capsys, name):
    assert main(["--resume", "--run", name]) == 2
    assert NAMES[name] in said(capsys)


@pytest.mark.parametrize(
    "name", ["", "a\nb", "a\x00b", "n" * 300, "dangling"], ids=lambda n: ascii(n)[:12]
)
def test_a_store_of_gym_make_that_cannot_be(here, name):
    with pytest.raises(InvalidValue, match=r"store of evaluations"):
        gymnasium.make("nas_env:NAS-Digits-v0", store=name)
    with pytest.raises(InvalidValue):
        Problem("digits", "convolutional", store=name)


def test_the_folder_of_a_store_is_not_made(here):
    before = sorted(os.listdir(here))
    with pytest.raises(InvalidValue, match=f"there is no folder {here}/new/folder"):
        open_store("new/folder/all.sqlite")
    assert sorted(os.listdir(here)) == before


@pytest.mark.parametrize("program", ["run", "tune", "report", "export"])
def test_a_benchmark_says_before_it_begins_that_its_file_cannot_be(here, capsys, program):
    commands = {
        "run": ["--results", "file/below.sqlite"],
        "tune": ["--results", "r.sqlite", "--out", "file/below.json"],
        "report": ["r.sqlite", "--out", "file/below"],
        "export": ["r.sqlite", "--agent", "evolution", "--out", "n" * 300],
    }
    before = sorted(os.listdir(here))
    assert benchmark([program, *commands[program]]) == 2
    error = said(capsys)
    assert "file is a file, expected a folder" in error or "a name of 300 bytes" in error
    assert sorted(os.listdir(here)) == before


@pytest.mark.parametrize("name", ["a\x00b", "n" * 300, ""], ids=lambda n: ascii(n)[:12])
def test_a_table_that_cannot_be(here, name):
    with pytest.raises(DataNotFound if name else DataCorrupt):
        read_table(name)


def test_a_table_that_is_nested_without_end(here):
    (here / "table.json").write_text("[" * 60_000)
    with pytest.raises(DataCorrupt, match="is not a table"):
        read_table("table.json")


@pytest.mark.parametrize("text", ["[]", "{", '{"wandb": 1}', "[" * 60_000], ids=lambda t: t[:12])
def test_the_file_of_a_trackers_run_that_is_none(here, text):
    (here / "id.json").write_text(text)
    with pytest.raises(InvalidValue, match=r"^id.json"):
        _run_id(Path("id.json"))


# -- files that are not ours ---------------------------------------------------------------------
def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "theirs.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE bookmarks (address TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="is not a store of evaluations: it has a table 'bookm"):
        open_store(path)
    assert path.read_bytes() == before


def test_a_store_with_other_columns_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / "s") as connection:
        connection.execute("CREATE TABLE evaluations (key TEXT)")
        connection.execute("PRAGMA user_version = 1")
    with pytest.raises(StoreError, match="is not a store of evaluations: no such column: request"):
        open_store(tmp_path / "s")


@pytest.mark.parametrize(
    "text", ["[]", "[" * 60_000, '{"episodes": "x"}', "\udcff", ""], ids=lambda t: ascii(t)[:12]
)
def test_a_manifest_that_is_none_is_passed_over_for_the_one_before(tmp_path, text):
    write_checkpoint(tmp_path, Checkpoint(3, search={"seconds": 1.0}))
    (tmp_path / "000000004.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    found = read_checkpoint(tmp_path)
    assert found is not None and found.episodes == 3


def test_a_file_that_cannot_be_written_is_one_line_and_leaves_no_half(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(NASError, match="taken cannot be written: "):
        write_bytes(tmp_path / "taken", b"content")
    assert os.listdir(tmp_path) == ["taken"]


def test_a_run_of_python_is_checked_as_well(here):
    for make in (Run.create, Run.resume):
        with pytest.raises(InvalidValue, match="control character"):
            make(here / "a\nb")
    with pytest.raises(InvalidValue, match="cannot be read: No such file"):
        read_json(here / "nothing.json")


# -- what lies in a folder leads nowhere else ----------------------------------------------------
@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """The folder of a run with its control."""
    folder = tmp_path_factory.mktemp("played") / "run"
    assert main([*TINY, "--control", "random", "--run", str(folder)]) == 0
    return folder


LINKED = ["checkpoint", "control", "results.sqlite", "config.json", "summary.json", "lock", "wandb"]


@pytest.mark.parametrize("name", LINKED)
def test_a_link_in_a_runs_folder_is_refused_before_anything_is_written(
    played, tmp_path, capsys, name
):
    """A run of a stranger could have files written, and deleted, anywhere."""
    run, outside = tmp_path / "run", tmp_path / "outside"
    shutil.copytree(played, run)
    outside.mkdir()
    (outside / "thesis.tex").write_text("years of work")
    shutil.rmtree(run / name) if (run / name).is_dir() else (run / name).unlink(missing_ok=True)
    file = name in ("results.sqlite", "config.json", "summary.json", "lock")
    (run / name).symlink_to(outside / "thesis.tex" if file else outside)
    assert main(["--resume", "--children", "5", "--quiet", "--run", str(run)]) == 2
    assert f"{run / name} is a link to {outside}" in said(capsys)
    assert os.listdir(outside) == ["thesis.tex"]
    assert (outside / "thesis.tex").read_text() == "years of work"


def test_the_folder_of_a_run_may_be_a_link_itself(played, tmp_path):
    shutil.copytree(played, tmp_path / "large disk")
    (tmp_path / "run").symlink_to(tmp_path / "large disk")
    assert main(["--resume", "--children", "3", "--quiet", "--run", str(tmp_path / "run")]) == 0


def test_only_what_is_its_own_is_deleted_beside_a_checkpoint(tmp_path):
    names = [
        "thesis.tex",
        "1.json",
        "000000001.txt",
        ".config.json.12",
        "000000001.safetensors.bak",
    ]
    for name in names:
        (tmp_path / name).touch()
    for name in ("000000001.json", "000000001.safetensors", ".000000001.json.77"):
        (tmp_path / name).touch()
    for number in range(2, 6):
        write_checkpoint(tmp_path, Checkpoint(number))
    kept = [f"00000000{n}.{suffix}" for n in (3, 4, 5) for suffix in ("json", "safetensors")]
    assert sorted(os.listdir(tmp_path)) == sorted([*names, *kept])


@pytest.mark.parametrize("id", ["../../out", "/tmp/out", "a/../../out", "..", "", "x" * 300])
def test_the_id_of_a_trackers_run_leads_nowhere(tmp_path, monkeypatch, id):
    """It is a part of the name of the folder of W&B."""
    from nas_env.tracking import make_trackers

    monkeypatch.setenv("WANDB_MODE", "offline")
    run = tmp_path / "a" / "run"
    run.mkdir(parents=True)
    (run / "tracking.json").write_text(json.dumps({"wandb": id}))
    trackers = make_trackers(["wandb"])
    trackers.start(run, "digits", {})
    trackers.finish()
    assert os.listdir(tmp_path) == ["a"] and os.listdir(tmp_path / "a") == ["run"]
    assert not os.path.exists("/tmp/out")


LISTED = {
    "../outside.png": "outside of the folder",
    "{}": "outside of the folder",  # the whole path
    "link.png": "a link that leaves the folder",
    "..\\outside.png": "not there",
}


@pytest.mark.parametrize("name", LISTED)
def test_names_in_a_listing_of_images_lead_nowhere(tmp_path, monkeypatch, name):
    """Neither above the folder nor by a link, though a picture is there."""
    from tests._own import draw_csv

    monkeypatch.setenv("NAS_DATA", str(tmp_path / "cache"))
    file, outside = draw_csv(tmp_path / "set"), tmp_path / "outside.png"
    header, *rows = file.read_text().splitlines()
    first, label = rows[0].split(",")
    shutil.copy(file.parent / first, outside)
    (file.parent / "link.png").symlink_to(outside)
    file.write_text("\n".join([header, f"{name.format(outside)},{label}", *rows]) + "\n")
    with pytest.raises(NASError, match=LISTED[name]) as error:
        make_task({"name": "images", "path": str(file)}).settled()
    assert "\n" not in str(error.value)
