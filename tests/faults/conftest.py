"""What the rows of the fault matrix share: how large they are, and where their figures go.

``FAULTS=10`` makes each row ten times as large; ``FAULTS_FIGURES=FILE`` has what was measured
appended to a file, a line of JSON each. ``make faults`` sets both.
"""

import json
import os
import random
import resource
from pathlib import Path

import pytest

TIMES = int(os.environ.get("FAULTS") or 1)


@pytest.fixture(scope="session")
def times():
    """How many times larger than in ``make test`` a row is."""
    return TIMES


@pytest.fixture
def chosen(request):
    """Draws some of many cases, the same in each run of a test; all of them by ``FAULTS=10``."""

    def draw(cases, few):
        if TIMES > 1:
            return list(cases)
        return random.Random(request.node.name).sample(list(cases), few)

    return draw


@pytest.fixture
def figures(request):
    """Keeps what was measured: ``figures(killed=100, lost=0)``.

    The row is the number in the name of the test's file; a file about several rows gives it.
    """
    part = request.path.name.split("_")[1]
    row = int(part) if part.isdecimal() else part

    def keep(**measured):
        if file := os.environ.get("FAULTS_FIGURES"):
            line = {"row": row, "test": request.node.name, "times": TIMES, **measured}
            with Path(file).open("a") as figures:
                figures.write(json.dumps(line) + "\n")

    return keep


@pytest.fixture
def within(figures):
    """Keeps the seconds of something, and checks them in ``make faults``: a test is not timed."""

    def check(seconds, most, what):
        figures(what=what, seconds=round(seconds, 2), most=most)
        assert TIMES == 1 or seconds <= most, f"{what} took {seconds:.1f} s, at most {most}"

    return check


@pytest.fixture
def bounded():
    """A limit of memory for this test: what wants gigabytes more than there is now fails."""
    used = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (used + 2**31, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_DATA, before)
