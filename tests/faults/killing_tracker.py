"""A tracker that kills the process of W&B in mid-run: named as killing_tracker:Killing."""

import os
import signal
from contextlib import suppress
from pathlib import Path

from nas_env.tracking import Tracker


def processes_of_wandb():
    """The processes of W&B that this process has started, or that those have."""
    found = {os.getpid()}
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(folder.name)] = int(
                (folder / "stat").read_text().rpartition(")")[2].split()[1]
            )
    for _ in range(5):
        found |= {process for process, parent in parents.items() if parent in found}
    mine = []
    for process in found - {os.getpid()}:
        with suppress(OSError):
            if b"wandb" in Path(f"/proc/{process}/cmdline").read_bytes():
                mine.append(process)
    return mine


class Killing(Tracker):
    """Kills when the second child is shown, and leaves a note of how many processes it were."""

    def start(self, folder, name, config, resume_from):
        self.note = folder / "killed"

    def log(self, number, values):
        if number == 2 and not self.note.exists():
            killed = processes_of_wandb()
            for process in killed:
                os.kill(process, signal.SIGKILL)
            self.note.write_text(str(len(killed)))

    def picture(self, number, path, caption):
        pass

    def summary(self, values):
        pass

    def finish(self):
        pass
