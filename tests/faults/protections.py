"""Takes each protection of the fault matrix out of a copy, and sees that its test fails.

``python -m tests.faults.protections --rows 8 9`` tries those of two rows, without ``--rows`` of
all. The test must pass in the copy before: where it is skipped, or cannot run, nothing was tried.
The exit status is 0 if each protection was missed.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from nas_env.command_line.program import command
from nas_env.errors import InvalidValue
from tests._processes import told
from tests.faults._protection import LIMIT, ROWS, Protection
from tests.faults._taken_out import PROTECTIONS

ROOT = Path(__file__).parents[2]
PACKAGES = "agents", "nas_env", "search_spaces"


class Ran(NamedTuple):
    """What came of a test: ``passed``, ``failed``, ``skipped`` or ``broken``; and why."""

    end: str
    why: str = ""


class Copy:
    """The sources in a folder of their own, in which a protection can be taken out.

    Args:
        folder: Folder that is empty.
    """

    def __init__(self, folder: Path):
        self.folder, self.report = folder / "copy", folder / "report.xml"
        self.output, self.used = folder / "output", folder / "used"
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for name in filter(None, names.split("\0")):
            if (ROOT / name).is_file():  # neither deleted, nor a link to a folder
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.folder / name)
        # A compiled file is known by its source's content: one that changes twice within a second
        # has the time that it had.
        compiling = ["compileall", "-q", "--invalidation-mode", "checked-hash", str(self.folder)]
        subprocess.run([sys.executable, "-m", *compiling], check=True)
        own = {"PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        others = {k: v for k, v in os.environ.items() if not k.startswith("FAULTS")}
        self.environment = {"OMP_NUM_THREADS": "1", **others, **own}
        self._check_imports()

    def _check_imports(self) -> None:
        """Check that the packages are those of the copy, not of another folder's installation."""
        code = (
            f"import {', '.join(PACKAGES)}\nfor each in {', '.join(PACKAGES)}: print(each.__file__)"
        )
        line = [sys.executable, "-c", code]
        found = subprocess.run(
            line, cwd=self.folder, env=self.environment, check=True, capture_output=True, text=True
        )
        for file in found.stdout.splitlines():
            assert Path(file).is_relative_to(self.folder), f"{file} is imported"

    def without(self, protection: Protection) -> Ran:
        """Run the test of a protection that is taken out."""
        files = {self.folder / change.file for change in protection.changes}
        whole = {file: file.read_text() for file in files}
        for change in protection.changes:
            file = self.folder / change.file
            file.write_text(file.read_text().replace(change.there, change.instead))
        try:
            return self.run([protection.test], protection.limit)[protection.test]
        finally:
            for file, text in whole.items():
                file.write_text(text)

    def run(self, tests: list[str], limit: float) -> dict[str, Ran]:
        """Run tests; those that are not done within some seconds hang, and have failed."""
        self.report.unlink(missing_ok=True)
        line = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
        line += ["--basetemp", str(self.used), "--junitxml", str(self.report)]
        line += [f"tests/faults/{test}" for test in tests]
        with self.output.open("w") as output:
            process = subprocess.Popen(
                line, cwd=self.folder, env=self.environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            return dict.fromkeys(tests, Ran("failed", f"not done after {limit:.0f} seconds"))
        finally:
            end_session(process)
        cases = [*ElementTree.parse(self.report).iter("testcase")] if self.report.exists() else []
        broken = Ran("broken", " ".join(self.output.read_text()[-300:].split()))
        return {test: outcome(cases, test) or broken for test in tests}


def outcome(cases: list[ElementTree.Element], test: str) -> Ran | None:
    """Return what pytest reports of a test, with all its parameters if none are named."""
    module, _, name = test.partition("::")
    place = f"tests.faults.{module.removesuffix('.py')}"
    own = [
        case
        for case in cases
        if case.get("classname") == place and f"{case.get('name')}[".startswith(f"{name}[")
    ]
    told = {each.tag: each.get("message", "") for case in own for each in case}
    for tag, end in (("failure", "failed"), ("error", "broken"), ("skipped", "skipped")):
        if tag in told:
            return Ran(end, " ".join(told[tag].split())[:120])
    return Ran("passed") if own else None


def end_session(process: subprocess.Popen) -> None:
    """Kill a process and what it has started, also what has made groups of its own."""
    while living := [each for each in map(int, filter(str.isdigit, os.listdir("/proc")))
                     if is_of(each, process.pid)]:  # fmt: skip
        for each in living:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        process.poll()
        time.sleep(0.05)


def is_of(process: int, session: int) -> bool:
    """Tell whether a process lives and is of a session."""
    found = told(process)
    return found.runs and found.session == session


def tried(copy: Copy, protection: Protection, before: Ran) -> bool:
    """Take a protection out, say in a line what came of it, and return whether it was missed."""
    began, end = time.monotonic(), "not tried"
    why = f"with it the test is {before.end}: {before.why}"
    if before.end == "passed":
        found = copy.without(protection)
        end = {"failed": "missed", "passed": "NOT MISSED"}.get(found.end, end)
        why = f"[{time.monotonic() - began:.0f} s] {found.why}"
    print(f"{protection.row:2}  {end:10}  {protection.told}  {why}", flush=True)
    return end == "missed"


@dataclass(frozen=True)
class Options:
    """Take protections out of a copy, a line each.

    Attributes:
        rows: Rows of the fault matrix.
    """

    rows: tuple[int, ...] = tuple(ROWS)

    def __post_init__(self) -> None:
        for row in self.rows:
            if row not in ROWS:
                raise InvalidValue(f"--rows: {row} is no row, expected 1 to {ROWS[-1]}")


def measure(options: Options) -> int:
    """Try the protections of some rows; return 1 where one was not missed."""
    chosen = [each for each in PROTECTIONS if each.row in options.rows]
    with tempfile.TemporaryDirectory(prefix="nas-env-without-") as folder:
        copy = Copy(Path(folder))
        before = copy.run(list({each.test: None for each in chosen}), 2 * LIMIT)
        missed = [tried(copy, each, before[each.test]) for each in chosen]
    print(f"{missed.count(True)} of {len(missed)} protections were missed")
    return int(not all(missed))


main = command("python -m tests.faults.protections", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
