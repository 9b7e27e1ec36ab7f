"""Validates a submission to the leaderboard by playing it again.

nas-benchmark validate ppo.json
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from nas_env.benchmark._replay import validated
from nas_env.command_line.flat_options import POSITIONAL
from nas_env.command_line.program import command


@dataclass(frozen=True)
class Options:
    """Play a submission again, and check every figure that it claims.

    Attributes:
        file: File of the submission.
        trust: Modules that are imported if the environment is one of theirs: ``my_bench`` for
            ``my_bench:MyBench-v0``.
    """

    file: Annotated[Path, POSITIONAL]
    trust: tuple[str, ...] = ()


def validate(options: Options) -> int:
    """Say that a submission is valid, or raise an error that says what is wrong with it."""
    submission, figures = validated(options.file, options.trust)
    mean = ", ".join(f"{name} {value:.5g}" for name, value in figures["mean"].items())
    print(f"{options.file} is valid: {submission.label}, {len(figures['runs'])} seeds, {mean}")
    return 0


main = command("nas-benchmark validate", Options, validate)
