"""Runs as a search leaves them, written without a search: for the tests of what shows runs."""

import contextlib
import json
from pathlib import Path

import numpy as np

from agents import make_config
from nas_env import read_run
from nas_env.command_line.parsing import parse
from nas_env.files import write_json
from nas_env.run.folder import open_store_of, store_of
from search_spaces import make_space


def plant(
    folder, children, control=0, *, env="NAS-Digits-v0", seed=0, record=None, more=(), **changes
):
    """Write a run whose children are random; it is not finished, since it has no summary.

    ``record`` changes the record of each child by its number, and ``more`` are further words of
    the command line. Returns the run's view.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    line = ["--env", env, "--children", str(max(children, 1)), "--seed", str(seed), *more]
    config = {"id": "planted", **parse(line, make_config, "nas-train").config(), **changes}
    write_json(folder / "config.json", config)
    space, rng = make_space(config["make"]["space"]), np.random.default_rng(seed)
    for run, count in (("planted", children), ("planted-control", control)):
        records = [_record(space, rng, number) for number in range(count)]
        for number, each in enumerate(records):
            each |= record(number) if record else {}
        with contextlib.closing(open_store_of(folder, store_of(folder, config), run)) as store:
            store.record_episodes(0, records)
    return read_run(folder)


def _record(space, rng, number):
    tokens = [int(token) for token in space.sample(rng)]
    architecture = space.decode(tokens)
    value = round(0.5 + 0.3 * tokens[0] / 4 + 0.1 * float(rng.random()), 4)
    return {
        "tokens": tokens,
        "reward": value,
        "status": "ok",
        "error": "",
        "metrics": {"validation_accuracy": value},
        "parameters": int(rng.integers(500, 90_000)),
        "flops": int(rng.integers(10_000, 9_000_000)),
        "architecture": architecture.to_dict(),
        "canonical": json.dumps(architecture.canonical().to_dict(), sort_keys=True),
        "seconds": 2.0,
        "parts": {"build": 0.2, "train": 1.5, "validate": 0.2, "store": 0.1},
        "pieces": 1,
    }


FAILED = {"status": "failed", "reward": 0.0, "metrics": {}, "parameters": None, "flops": None}
