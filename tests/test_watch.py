"""``nas-watch``: a search in the terminal, while it runs, when it is done, or was killed."""

import contextlib
import io
import os
import pty
import re
import select
import shutil
import signal
import sys
import time

import pytest
from rich.console import Console

import nas_env
from nas_env.command_line._frame import Seen, frame
from nas_env.command_line.train import main as train
from nas_env.command_line.watch import main
from nas_env.run.at_work import FILE, AtWork, read_at_work, tell, tell_no_more
from nas_env.run.folder import Run

CHILD = {"child": 41, "seconds": 34.0, "epoch": 2, "epochs": 5, "worker": "worker 1"}
CHILD["values"] = {"validation_accuracy": 0.41}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A search of a table, with its control."""
    run = tmp_path_factory.mktemp("runs") / "table"
    line = ["--env", "NAS-Bench-Digits-v0", "--quiet", "--children", "40", "--control", "random"]
    assert train([*line, "--run", str(run)]) == 0
    return run


@pytest.fixture
def unfinished(finished, tmp_path):
    """The same run before its end."""
    run = tmp_path / "table"
    shutil.copytree(finished, run)
    (run / "summary.json").unlink()
    return run


@pytest.fixture
def playing(unfinished):
    """A run that this process holds, and tells of."""
    child = {**CHILD, "architecture": nas_env.read_run(unfinished).episodes[0]["architecture"]}
    with contextlib.closing(Run(unfinished)):
        tell(unfinished, AtWork(2, 1, [child], 720.0, 0.97, 600.0))
        yield unfinished


@pytest.fixture
def width(monkeypatch):
    """Sets the width of what is printed."""
    return lambda columns: monkeypatch.setenv("COLUMNS", str(columns))


def watched(run, capsys):
    assert main([str(run), "--once"]) == 0
    return capsys.readouterr().out.splitlines()


# -- a frame -------------------------------------------------------------------------------------
def test_a_finished_run_is_printed_once(finished, capsys, width):
    width(120)
    head, progress, control, best, rewards, _, _, last, *_ = watched(finished, capsys)
    view = nas_env.read_run(finished)
    assert head == "table: NAS-Bench-Digits-v0 reinforce, finished"
    assert re.fullmatch(r"40/40 children  [\d,]+/h  took .+", progress)
    assert re.fullmatch(r"random control: 40/40 children  .+  best 0\.\d{3}", control)
    number = view.episodes.index(view.best) + 1
    assert best.startswith(f"best {view.best['reward']:.3f}, child {number}, validation accuracy")
    assert set("▁█") <= set(rewards)
    assert last.split()[:2] == ["40", f"{view.episodes[-1]['reward']:.3f}"]


def test_who_plays_and_what_is_at_work_is_shown(playing, capsys, width):
    width(120)
    lines = watched(playing, capsys)
    assert f"playing, process {os.getpid()} since" in lines[0]
    assert lines[1] == "40/40 children  720/h  97% busy  about 10 min left"
    assert lines[-2].split()[:6] == ["at", "work,", "1", "of", "2", "child"]
    assert lines[-1].split()[:6] == ["worker", "1", "41", "2/5", "0.410", "34"]
    assert "x" in lines[-1], "the boxes of its architecture"


def test_a_run_that_was_killed_is_stopped(unfinished, capsys):
    tell(unfinished, AtWork(2, 1, [CHILD]))
    lines = watched(unfinished, capsys)
    assert lines[0].endswith("reinforce, stopped")
    assert not any("at work" in line for line in lines)


def test_why_children_failed_is_said(tmp_path, capsys, width):
    width(100)
    line = ["--env", "NAS-Digits-v0", "--quiet", "--children", "2", "--workers", "0"]
    run = tmp_path / "failed"
    train([*line, "--task.max-parameters", "1", "--run", str(run)])
    lines = watched(run, capsys)
    assert lines[2] == "best: no child succeeded"
    assert lines[3].startswith("failed: 2 too_large; the last is child 2: ")


@pytest.mark.parametrize("columns", [20, 50, 79, 200])
def test_no_line_is_wider_than_the_terminal(playing, capsys, width, columns):
    width(columns)
    assert max(map(len, watched(playing, capsys))) <= columns


def test_only_ascii_is_shown_where_nothing_else_can_be(finished):
    """As over ssh to a machine without a locale."""
    console = Console(file=io.StringIO(), width=100)
    console.print(frame(Seen(nas_env.read_run(finished)), 100, 20, plain=True))
    (rewards,) = [x for x in console.file.getvalue().splitlines() if x.startswith("rewards")]
    assert rewards.isascii() and {"_", "@"} <= set(rewards)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "a run is missing: nas-watch RUN, the folder of a search"),
        (["nowhere"], "nowhere holds no run: it has no config.json"),
        (["x", "--onec"], "unknown option --onec: did you mean --once?"),
    ],
)
def test_bad_input_is_one_line(words, expected, capsys):
    assert main(words) == 2
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", f"nas-watch: {expected}\n")


# -- in a terminal -------------------------------------------------------------------------------
class Terminal:
    """A watch in a terminal of its own."""

    def __init__(self, run):
        self.process, self.file = pty.fork()
        if self.process == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
            sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
            os.environ.update(TERM="xterm-256color", COLUMNS="80", LINES="24")
            os._exit(main([str(run), "--every", "0.1"]))
        self.text = ""

    def until(self, words):
        deadline = time.monotonic() + 60
        while words not in self.text:
            assert time.monotonic() < deadline, self.text
            if select.select([self.file], [], [], 0.1)[0]:
                self.text += os.read(self.file, 4096).decode(errors="replace")

    def press(self, key):
        os.write(self.file, key)

    def status(self):
        """Its exit status, once all that it prints is read."""
        with contextlib.suppress(OSError):  # the end of a terminal
            while part := os.read(self.file, 4096):
                self.text += part.decode(errors="replace")
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])


@pytest.mark.parametrize(("key", "status"), [(b"q", 0), (b"\x03", 130)], ids=["q", "Ctrl-C"])
def test_a_key_leaves_it_and_the_terminal_as_it_was(playing, key, status):
    terminal = Terminal(playing)
    terminal.until("playing")
    terminal.press(key)
    assert terminal.status() == status
    assert "Traceback" not in terminal.text
    assert terminal.text.rindex("\x1b[?1049l") > terminal.text.index("\x1b[?1049h")


def test_a_run_that_ends_while_it_is_watched(playing, finished):
    terminal = Terminal(playing)
    terminal.until("playing")
    shutil.copy(finished / "summary.json", playing)
    assert terminal.status() == 0
    assert "reinforce, finished" in terminal.text


# -- what is told --------------------------------------------------------------------------------
def test_a_search_tells_of_itself_while_it_plays(tmp_path, monkeypatch):
    monkeypatch.setattr("nas_env.search.display.TICK", 0.01)
    heard = []
    monkeypatch.setattr("nas_env.search.display.tell", lambda *told: heard.append(told))
    line = ["--env", "NAS-Digits-v0", "--quiet", "--children", "1", "--workers", "0"]
    line += ["--task.train-size", "64", "--recipe.epochs", "1", "--agent", "random_search"]
    assert train([*line, "--run", str(tmp_path / "run")]) == 0
    assert {folder for folder, _ in heard} == {tmp_path / "run"}
    assert heard[0][1].workers == 1


def test_what_was_told_long_ago_holds_no_more(tmp_path):
    tell(tmp_path, AtWork(1, 0, []))
    assert read_at_work(tmp_path) == AtWork(1, 0, [], time=read_at_work(tmp_path).time)
    tell(tmp_path, AtWork(1, 0, [], time=time.time() - 3_600))
    assert read_at_work(tmp_path) is None
    tell_no_more(tmp_path)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("content", ["", "[]", '{"workers": 1}', "null", "{"])
def test_a_damaged_file_tells_nothing(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    assert read_at_work(tmp_path) is None
