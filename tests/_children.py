"""Children that do what a child must not, and what is left of their processes."""

import time
from pathlib import Path

import torch

from nas_env.problem import Problem
from tests._processes import told

PATIENCE = 600.0  # seconds; no machine is so busy
CPU = torch.device("cpu")
TESTS = Path(__file__).parent
SPACE = {"layers": 2, "filter_sizes": [1, 3], "filters": [2, 3, 4]}


def problem(fault="", note="", read="", evaluator="in_process", task="FaultyImages"):
    return Problem(
        {"name": f"faulty:{task}", "train_size": 64, "validation_size": 32, "read": str(read)},
        "convolutional",
        recipe={"fault": fault, "note": str(note)},
        device="cpu",
        evaluator=evaluator,
        **SPACE,
    )


def tokens(number):
    """Of two different children."""
    return [number] * problem().space.length()


def child(number=0, fault="", note="", read="", task="FaultyImages"):
    """The request of a child that does what it must not."""
    asked = problem(fault, note, read, task=task)
    return asked.request(asked.space.decode(tokens(number)))


def pids(note):
    """The processes that have left their number, a line each."""
    return [int(line) for line in note.read_text().split()] if note.exists() else []


def wait_for(note, *futures):
    """Wait until a child has left its number, or has come to an end without it."""
    until(lambda: pids(note) or any(future.done() for future in futures))


def running(pid):
    """Whether a process lives; one that nobody has waited for yet does not."""
    return told(pid).runs


def until(condition):
    """Wait for what must come; only a test that hangs sees the limit."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)
