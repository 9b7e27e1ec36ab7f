"""Files of settings, by ``--config``: nothing is played, they are only read."""

import json

from agents import make_config
from nas_env.command_line.parsing import parse
from nas_env.errors import InvalidValue, NASError
from tests.fuzz._texts import changed

RIGHT = [
    {"env": "NAS-Bench-Digits-v0", "children": 3, "seed": 1, "agent": {"name": "evolution"}},
    {
        "agent": {"name": "reinforce", "entropy": 0.5, "batch_size": 3},
        "make": {"task": {"train_size": 64}, "space": {"layers": 3}, "recipe": {"epochs": 3}},
    },
    {"depth": {"first": 1, "step": 1, "every": 3}, "control": "random", "track": [], "store": None},
]
CASES = changed([json.dumps(each) for each in RIGHT])


def check(case, folder):
    path = folder / "file.json"
    path.write_text(case, errors="surrogatepass")
    try:
        parse(["--config", str(path), "--device", "cpu"], make_config, "nas-train")
    except (NASError, InvalidValue) as error:
        assert len(str(error)) < 2_000, error
