"""Checks training on a GPU in three minutes: equal curves, speed, faults, resuming.

python -m benchmarks.gpu_check                          # on a machine with a GPU
python -m benchmarks.gpu_check --device cpu --quick     # the same at a small size, in a minute

Images are drawn and the text is Python's own manual, so that a bare machine with torch, numpy and
scipy has all that it takes. Each check has a process and a time of its own; where one fails the
next one goes on. All figures go to a JSON file as they are measured. The exit status is 1 where a
check failed.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks._gpu import equal, faults, speed
from benchmarks._gpu.running import Check, carried_out
from benchmarks._gpu.scale import scale_of
from benchmarks._results import FOLDER, save
from nas_env.command_line.program import command
from nas_env.errors import InvalidValue, UnknownName

#: The checks with the seconds that each may take; what matters most comes first.
CHECKS = {
    "machine": Check(speed.machine, 20),
    "beside-the-cpu": Check(equal.beside_the_cpu, 40),
    "side-by-side": Check(speed.side_by_side, 60),
    "neighbours": Check(faults.neighbours, 75),
    "resuming": Check(faults.resuming, 30),
    "parts": Check(equal.parts, 45),
    "rates": Check(speed.rates, 40),
    "twice": Check(equal.twice, 20),
    "text": Check(equal.text, 40),
}


@dataclass(frozen=True)
class Options:
    """Check training on a device.

    Attributes:
        device: The device to check, beside the CPU.
        quick: Run all checks at a small size, to test themselves.
        seconds: Seconds that all checks may take together.
        only: Names of the checks to run; none: all.
        out: Folder of the JSON file.
    """

    device: Literal["cuda", "cpu"] = "cuda"
    quick: bool = False
    seconds: float = 180.0
    only: tuple[str, ...] = ()
    out: Path = FOLDER

    @property
    def command(self) -> str:
        """The command with these options."""
        only = "".join(f" {name}" for name in ("--only", *self.only)) if self.only else ""
        return (
            f"python -m benchmarks.gpu_check --device {self.device}{' --quick' * self.quick} "
            f"--seconds {self.seconds:g}{only}"
        )


def measure(options: Options) -> int:
    """Run the checks, print and write what each finds; return 1 if one failed."""
    for name in options.only:
        if name not in CHECKS:
            raise UnknownName("check", name, CHECKS)
    scale, begun = scale_of(options.device, options.quick), time.monotonic()
    for each in carried_out(Check(speed.present, 60), scale, 60):  # no fork survives CUDA here
        if "error" in each:
            raise InvalidValue(each["error"])
    figures: dict[str, Any] = {}
    file = f"gpu_check_{options.device}" + "_quick" * options.quick
    for name in options.only or CHECKS:
        check, started = CHECKS[name], time.monotonic()
        left = options.seconds - (started - begun)
        found: dict[str, Any] = {"right": False}
        figures[name] = found
        for each in carried_out(check, scale, min(check.seconds, left)):
            found.update(each)
            print(f"{name:16} {each}", flush=True)
            save(file, options.command, figures, options.out)
        found["seconds"] = round(time.monotonic() - started, 1)
        print(f"{name:16} {'right' if found['right'] else 'WRONG'}, {found['seconds']} s")
    figures["all right"] = all(found["right"] for found in figures.values())
    path = save(file, options.command, figures, options.out)
    print(f"{path}: {'all right' if figures['all right'] else 'something is wrong'}")
    return 0 if figures["all right"] else 1


main = command("python -m benchmarks.gpu_check", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
