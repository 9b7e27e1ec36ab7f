"""Finds a network and trains it on CIFAR-10 in so many minutes, controls beside (docs/record.md).

NAS_DATA=... python -m benchmarks.cifar10_record --minutes 60 --controls all

The search and the final training of what it found share the minutes. Every step is a command,
``nas-train`` or ``nas-retrain``, whose folder is kept. The same command goes on where it was
killed, and what was spent before counts.
"""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._minutes import Minutes
from benchmarks._pace import asked, pace
from benchmarks._record_figures import figures, saved, shown
from benchmarks._record_networks import best, folder_of, random_networks
from benchmarks._record_options import Options
from nas_env.command_line.outcomes import INTERRUPTED, NONE_SUCCEEDED
from nas_env.command_line.program import command
from nas_env.command_line.retrain import main as retrain
from nas_env.command_line.train import main as train
from nas_env.errors import InvalidValue, NASError
from nas_env.files import write_json
from nas_env.run.folder import Run
from nas_env.search.checkpoint import read_checkpoint
from search_spaces import InvalidArchitecture

ENOUGH = 0.03  # share of a search's minutes that may be left
SHORTEST = 0.001  # minutes of a search that is called again though its minutes are over
FOUND = "found"  # the name of what is searched and trained before the controls
RESERVE = 0.02  # share of the final training's minutes that its epochs leave


def check(options: Options) -> None:
    """Check, before any minute is spent, the network that is only trained at the end."""
    try:
        asked(options.final("hand-made", options.hand_made, 1))[0].close()
    except (InvalidArchitecture, InvalidValue) as error:
        raise InvalidValue(f"--hand-made: {error}") from None


def measure(options: Options) -> None:
    """Search, train what was found, then the controls; keep the figures of what is done."""
    if options.wants("hand-made"):
        check(options)
    options.place.mkdir(parents=True, exist_ok=True)
    known = {"options": options.decided, "plans": {}}
    minutes = Minutes(options.place / "state.json", options.count, options.cores, known)
    if (before := minutes.state["options"]) != options.decided:
        changed = {name for name in before if before[name] != options.decided.get(name)}
        names = ", ".join(sorted(changed)) or "options"
        raise InvalidValue(f"{options.place} was begun with another {names}: name another --folder")
    with contextlib.closing(Run(options.place)):  # no other process works there
        record = Record(options, minutes)
        record.whole(FOUND, options.agent)
        record.controls()
        shown(record.keep())


@dataclass(frozen=True)
class Record:
    """The steps of a record, each of which goes on where it was killed.

    Attributes:
        options: What is wanted.
        minutes: What was spent.
    """

    options: Options
    minutes: Minutes

    def whole(self, name: str, agent: str) -> None:
        """Search and train what is found, both within the minutes."""
        spent = [f"{name}: search", f"{name}: comparison"]
        self.search(name, agent)
        file = folder_of(self.options.place, name).with_suffix(".json")
        if not file.is_file():
            with self.minutes.part(spent[1]):
                network = best(self.searched(name), self.options.compare, self.compared)
            write_json(file, network)
        self.train(name, str(file), self.options.minutes, spent)

    def controls(self) -> None:
        """Train the controls that are wanted: hand-made, of random search, and random networks.

        The random networks have the minutes that the final training had; the others have all.
        """
        options = self.options
        if options.wants("hand-made"):
            self.train("hand-made", options.hand_made, options.minutes)
        if options.wants("random-search"):
            self.whole("random search", "random_search")
        if options.wants("random"):
            self.random_networks()

    def random_networks(self) -> None:
        """Train random networks within the limits, each for the minutes of the found one's."""
        minutes, options = self.minutes.state["plans"][FOUND]["minutes"], self.options
        drawn = random_networks(self.searched(FOUND), options.random, options.seed)
        for number, network in enumerate(drawn, 1):
            name = f"random {number}"
            file = folder_of(options.place, name).with_suffix(".json")
            write_json(file, network)
            self.train(name, str(file), minutes)

    def searched(self, name: str) -> Path:
        """Return the folder of a search."""
        return folder_of(self.options.place, f"{name} search")

    def search(self, name: str, agent: str) -> None:
        """Search until the minutes are over, as they are counted here.

        The command's own minutes are by the clock, and know nothing of children that a kill
        lost: it is given more of them as long as there are minutes left.
        """
        options, folder = self.options, self.searched(name)
        part, most = f"{name}: search", options.share * options.minutes
        done = (folder / "summary.json").is_file()
        while not done or most - self.minutes.counted(part) > ENOUGH * most:
            left = max(SHORTEST, most - self.minutes.counted(part))
            checkpoint = read_checkpoint(folder / "checkpoint")
            before = checkpoint.search["seconds"] / 60 if checkpoint else 0.0
            words = [
                *["--env", options.env, *shlex.split(options.task)],
                *["--agent", *shlex.split(agent), "--seed", str(options.seed)],
                *["--workers", str(options.cores), "--children", "1000000"],
                *["--device", options.device, *shlex.split(options.search)],
                *["--minutes", f"{before + left:.4f}", "--run", str(folder), "--resume", "auto"],
            ]
            with self.minutes.part(part):
                status = train(words)
            done = (folder / "summary.json").is_file()
            if not (done and status == NONE_SUCCEEDED):  # there may be minutes left for more
                ended(part, status, words)

    def compared(self, architecture: Mapping[str, Any]) -> float:
        """Return the validation metric of a network after some epochs by the final recipe."""
        file = self.options.place / "compared.json"
        write_json(file, architecture)
        words = self.options.final("compared", str(file), self.options.compare_epochs)
        problem, job = asked(words, self.options.place / "compared.sqlite")
        try:
            evaluation = problem.evaluator.submit(job.request).result()
            return evaluation.metrics.get(problem.task.metric.name, -1.0)
        finally:
            problem.close()

    def train(
        self, name: str, architecture: str, minutes: float, spent: Sequence[str] = ()
    ) -> None:
        """Train a network to the end and test it, in the minutes that others have left of it.

        Args:
            name: What the network is called.
            architecture: What ``nas-retrain --architecture`` takes.
            minutes: Minutes of all parts together.
            spent: Earlier parts that belong to them, beside the rehearsal, which is made here.
        """
        plans = self.minutes.state["plans"]
        if name not in plans:
            plans[name] = self.planned(name, architecture, minutes, spent)
            self.minutes.keep()
        words = self.options.final(name, architecture, plans[name]["epochs"])
        if not plans[name].get("done"):
            with self.minutes.part(f"{name}: final training"):
                status = retrain([*words, "--no-network"])
            if name == FOUND or status != NONE_SUCCEEDED:  # a control may diverge
                ended(name, status, words)
            plans[name] |= {"done": True, "failed": status != 0}
            self.minutes.keep()
        if name == FOUND:  # the folder of the network, which takes none of the minutes
            ended(name, retrain([*words, "--quiet"]), words)
        self.keep()

    def planned(
        self, name: str, architecture: str, minutes: float, spent: Sequence[str]
    ) -> dict[str, Any]:
        """Return for how many epochs a network is trained; a control that diverges has failed."""
        rehearsal = f"{name}: rehearsal"
        with self.minutes.part(rehearsal):
            found = pace(self.options.final(name, architecture, 1), self.options.rehearsal)
        left = minutes - self.minutes.counted(*spent, rehearsal)
        if found is None:
            if name == FOUND:
                raise NASError("the network that was found diverged in its first steps")
            return {"minutes": round(left, 3), "epochs": 1, "done": True, "failed": True}
        busy = found.busy / self.options.cores if self.options.count == "cpu" else 1.0
        epochs = found.epochs((1 - RESERVE) * 60 * left / busy)
        return {"minutes": round(left, 3), "epochs": epochs, "pace": found._asdict()}

    def keep(self) -> dict[str, Any]:
        """Keep the figures of what is done, and return them."""
        found = figures(self.options.place, self.minutes)
        saved(self.options.name, self.options.decided, found, self.options.out)
        return found


def ended(what: str, status: int, words: list[str]) -> None:
    """Check that a command ended well."""
    if status == INTERRUPTED:
        raise KeyboardInterrupt
    if status:
        raise NASError(f"{what} ended with status {status}: {shlex.join(words)}")


main = command("python -m benchmarks.cifar10_record", Options, measure, resumes=True)

if __name__ == "__main__":
    sys.exit(main())
