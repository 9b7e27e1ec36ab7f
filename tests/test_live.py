"""What is seen of a search while it goes on: in a log file, and in a terminal."""

import io
import time

import pytest
from rich.console import Console

from nas_env.evaluation._work import Work
from nas_env.metrics import VALIDATION_ACCURACY
from nas_env.search.display import Display
from nas_env.training.outcome import Progress

GOOD = {"status": "ok", "reward": 0.5}


class Clock:
    def __init__(self):
        self.now = time.monotonic()

    def __call__(self):
        return self.now


@pytest.fixture
def search():
    """A display that writes into a file, its clock, and the work that it shows."""

    class Search:
        def __init__(self):
            self.file, self.clock, self.work = io.StringIO(), Clock(), Work()
            self.begun = []  # what nobody holds would end

        def display(self, children=10, done=0, **keywords):
            console = Console(file=self.file, highlight=False, markup=False)
            return Display(
                console,
                "NAS-X-v0 reinforce",
                children,
                done,
                work=self.work,
                metric=VALIDATION_ACCURACY,
                clock=self.clock,
                **keywords,
            )

        def begin(self):
            """A child that begins now."""
            child = self.work.child()
            self.begun.append(child)
            report = child.__enter__()
            self.work.children()[-1].began = self.clock.now
            return child, report

        def lines(self):
            text = self.file.getvalue()
            self.file.seek(0)
            self.file.truncate()
            assert "\x1b" not in text and "\r" not in text, "a log file has no control characters"
            return text.splitlines()

    return Search()


def after(search, display, seconds):
    """The lines of so many seconds, with a look at each."""
    for _ in range(seconds):
        search.clock.now += 1
        display.show()
    return search.lines()


def end(child):
    child.__exit__(None, None, None)


def test_a_long_child_shows_its_epochs_and_a_line_comes_every_minute(search):
    display = search.display(expected=600)
    child, report = search.begin()
    report(Progress(0, 5, {}))
    assert after(search, display, 15) == [
        "NAS-X-v0 reinforce  0/10  10 min left  child 1: epoch 0/5, 10 s"
    ]
    report(Progress(2, 5, {"training_loss": 1.5, "validation_accuracy": 0.41}))
    (line,) = after(search, display, 15)
    assert line == "NAS-X-v0 reinforce  0/10  10 min left  child 1: epoch 2/5, accuracy 0.410, 20 s"
    assert len(after(search, display, 180)) == 3, "no news, and yet a line a minute"
    end(child)
    (line,) = after(search, display, 59)
    assert "  1/10  " in line
    assert "child" not in line


def test_children_of_a_few_seconds_are_not_shown(search):
    display = search.display()
    for number in range(1, 11):
        child, _ = search.begin()
        lines = after(search, display, 6)
        end(child)
        display.child(number, GOOD, GOOD)
        assert not any("child" in line for line in lines)
    assert search.lines() == ["NAS-X-v0 reinforce  10/10  best 0.500  last 0.500  600/h"]


def test_children_at_the_same_time_share_the_line(search):
    display = search.display(children=100, done=20)
    for epoch in range(5):
        search.begin()[1](Progress(epoch, 5, {}))
    (line,) = after(search, display, 10)
    assert line == (
        "NAS-X-v0 reinforce  20/100  child 21: epoch 0/5, 10 s; child 22: epoch 1/5, 10 s; "
        "child 23: epoch 2/5, 10 s; 2 more"
    )


def test_the_time_left_is_first_as_estimated_and_then_as_measured(search):
    display = search.display(children=4, expected=100)
    first, report = search.begin()
    assert "  90 s left" in after(search, display, 10)[0]
    search.clock.now += 10
    end(first)
    (line,) = after(search, display, 1)
    assert "  1/4  " in line
    assert "  63 s left" in line  # 21 s for one of four
    _, report = search.begin()
    report(Progress(1, 2, {}))
    (line,) = after(search, display, 10)
    assert "  52 s left" in line  # 31 s for one and a half


def test_an_estimate_that_was_too_low_is_not_shown_on(search):
    display = search.display(expected=15)
    search.begin()
    assert "left" in after(search, display, 10)[0]
    assert "left" not in after(search, display, 60)[0]


def test_a_batch_is_counted_child_by_child(search):
    """The agent is told of its batch when the last child of it is done."""
    display = search.display()
    slow, _ = search.begin()
    for _ in range(3):
        end(search.begin()[0])
    (line,) = after(search, display, 10)
    assert "  3/10  " in line
    assert "child 1: 10 s" in line
    end(slow)
    for number in range(1, 5):
        display.child(number, GOOD, GOOD)
    for number in (5, 6):  # repeated: not trained again
        display.child(number, GOOD, GOOD)
    search.begin()
    (line,) = after(search, display, 10)
    assert "  6/10  best 0.500  last 0.500" in line
    assert "child 7: 10 s" in line


def test_what_is_only_replayed_does_not_count_as_speed(search):
    """A run that is lengthened plays its first children again, from the store."""
    display = search.display(children=20, done=8, expected=240)
    for number in range(1, 9):
        display.child(number, GOOD, GOOD)
    search.begin()
    (line,) = after(search, display, 10)
    assert "  8/20  best 0.500  last 0.500  4 min left  child 9: 10 s" in line


def test_what_failed_is_said(search):
    display = search.display(children=1)
    display.child(1, {"status": "diverged", "reward": 0.0}, GOOD)
    assert "best 0.500  last diverged" in search.lines()[0]


@pytest.mark.parametrize("width", [60, 80, 140])
def test_a_terminal_has_a_line_and_one_of_the_children_at_work(search, width):
    console = Console(file=search.file, force_terminal=True, width=width, legacy_windows=False)

    def rendered():
        display.show()
        lines = console.render_lines(display.output.lines.get_renderable(), pad=False)
        return ["".join(segment.text for segment in line) for line in lines]

    label = "NAS-X-v0 reinforce"
    with Display(console, label, 10, work=search.work, clock=search.clock) as display:
        (line,) = rendered()
        assert line.startswith(label)
        assert "0/10" in line
        for _ in range(3):
            search.begin()
        search.clock.now += 20
        line, at_work = rendered()
        assert "0/10" in line
        assert at_work.startswith("  child 1: 20 s; child 2: 20 s; child 3: 20 s")
        assert max(map(len, (line, at_work))) <= width


def test_the_clock_is_looked_at_without_any_call(search, monkeypatch):
    monkeypatch.setattr("nas_env.search.display.TICK", 0.01)
    monkeypatch.setattr("nas_env.search._outputs.LINE_EVERY", 0.0)
    with search.display():
        deadline = time.monotonic() + 60
        while not search.file.getvalue():
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_the_display_counts_down_to_the_end_of_the_minutes(search):
    display = search.display(children=1_000, expected=60, seconds_left=60)
    child, _ = search.begin()
    assert "left" in after(search, display, 11)[0]
    end(child)
    display.child(1, GOOD, GOOD)
    assert "40 s left" in after(search, display, 10)[0], "and not as long as 999 children take"
    assert "left" not in after(search, display, 60)[-1]


def test_a_process_of_a_notebooks_cell_changes_one_line(search, monkeypatch):
    """``!nas-train`` seems to have a terminal, which knows no more than a line's beginning."""
    monkeypatch.setenv("JPY_PARENT_PID", "1")
    console = Console(file=search.file, force_terminal=True, highlight=False)
    with Display(console, "NAS-X-v0", 2, work=search.work, clock=search.clock) as display:
        for number in (1, 2):
            search.clock.now += 20
            display.child(number, GOOD, GOOD)
            display.show()
    printed = search.file.getvalue()
    assert "\x1b" not in printed
    first, *_, last = printed.split("\r")
    assert first == "" and last.rstrip() == "NAS-X-v0  2/2  best 0.500  last 0.500  180/h"
    assert printed.endswith("\n") and printed.count("\n") == 1
