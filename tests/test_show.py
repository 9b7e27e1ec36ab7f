"""The command ``nas-show``."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from PIL import Image

from nas_env.command_line.show import main
from nas_env.command_line.train import main as train
from search_spaces import published_architecture


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A search of a table, which takes no time."""
    folder = tmp_path_factory.mktemp("runs") / "table"
    line = ["--env", "NAS-Bench-Digits-v0", "--children", "6", "--agent", "random_search"]
    assert train([*line, "--run", str(folder), "--quiet"]) == 0
    return folder


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """An empty folder to work in, without a display."""
    monkeypatch.chdir(tmp_path)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_display_the_picture_is_written_and_named(run, capsys):
    assert main([str(run)]) == 0
    name = capsys.readouterr().out.strip()
    assert name.startswith("table-child-") and "</svg>" in Path(name).read_text()
    assert f"table: best, {name[6:-4].replace('-', ' ')}" in Path(name).read_text()


def test_with_a_display_its_viewer_opens_the_picture(run, tmp_path, monkeypatch, capsys):
    viewer = tmp_path / "xdg-open"
    viewer.write_text('#!/bin/sh\ncp "$1" opened.svg\n')
    viewer.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("sys.platform", "linux")
    assert main([str(run)]) == 0
    assert capsys.readouterr().out == ""
    assert "</svg>" in (tmp_path / "opened.svg").read_text()


@pytest.mark.parametrize("ending", ["svg", "png", "gif"])
def test_a_picture_is_written_where_it_is_asked_for(run, ending, capsys):
    assert main([str(run), "--child", "2", "--out", f"deep/a.{ending}"]) == 0
    assert capsys.readouterr().out == f"deep/a.{ending}\n"
    if ending != "svg":
        with Image.open(f"deep/a.{ending}") as picture:
            assert getattr(picture, "n_frames", 1) == (1 if ending == "png" else 10)


def test_a_strip_shows_moments_of_the_design(run):
    assert main([str(run), "--strip", "3", "--out", "strip.svg"]) == 0
    assert Path("strip.svg").read_text().count("decision ") == 3


@pytest.mark.parametrize("name", ["zoph-v1", "airbench94", "nascell", "lstm"])
def test_a_network_of_the_literature_is_shown(name, capsys):
    assert main([f"published:{name}", "--text"]) == 0
    assert capsys.readouterr().out.startswith(name)
    assert main([f"published:{name}", "--out", "a.gif"]) == 0


def test_a_file_and_a_pipe_are_shown(monkeypatch, capsys):
    text = json.dumps(published_architecture("zoph_le_2017_v1"))
    Path("found.json").write_text(text)
    assert main(["found.json", "--text"]) == 0
    of_file = capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(["-", "--text"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == of_file.splitlines()[1:]
    assert len(of_file.splitlines()) == 1 + 17


def test_choices_are_shown(capsys):
    Path("c.json").write_text('{"space": "choices", "choices": [0, 7, 1]}')
    assert main(["c.json", "--text"]) == 0 and main(["c.json", "--out", "a.gif"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + 3 + 1


WRONG = {
    "": "what to show is missing",
    "runs/none": "there is no runs/none",
    "published:zoph": "did you mean 'zoph-v1'",
    "published:lstm --out a.jpg": "--out is a.jpg, expected a name that ends in .svg, .png or .gif",
    "published:lstm --text --out a.svg": "expected one of them",
    "published:lstm --strip 0": "--strip is 0, expected 1 or more",
    "published:lstm --strip 2 --text": "expected no --text",
    "published:lstm --child 2": "--child 2 is for a run's folder",
    "published:lstm --chld 2": "did you mean --child?",
    "empty.json": "empty.json",
    "other.json": "other has no space, expected the JSON of an architecture",
    "wrong.json": "layers",
    ".": ".",
    "published:lstm --out other.json/a.svg": "cannot be written",
}


@pytest.mark.parametrize("line", WRONG, ids=repr)
def test_what_is_wrong_is_said_in_one_line(line, capsys):
    Path("empty.json").touch()
    Path("other.json").write_text('{"children": 3}')
    Path("wrong.json").write_text('{"space": "convolutional", "layers": 3}')
    assert main(line.split()) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and WRONG[line] in captured.err
    assert len(captured.err.splitlines()) == 1 and captured.err.startswith("nas-show: ")


def test_a_child_that_is_not_there_is_refused(run, capsys):
    assert main([str(run), "--child", "7"]) == 2
    assert "has children 1 to 6" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", "{", '{"space": "nothing"}', "x" * 100_000])
def test_a_pipe_without_an_architecture_is_refused(text, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(["-"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
