"""Tables in JSON, by ``read_table``."""

import json

import numpy as np

from nas_env.errors import DataCorrupt
from nas_env.table.format import read_table
from tests.fuzz._texts import changed

TOKENS = np.stack(np.meshgrid([0, 1], [0, 1, 2]), -1).reshape(-1, 2)
ENTRIES = {
    "header": {"format": 1, "name": "T", "space": {"name": "choices", "options": [2, 3]}},
    "tokens": TOKENS.tolist(),
    "rows": [0, 1, 2, 3, 4, 5],
    "validation/3": [[0.5, 0.25]] * 6,
    "test/3": [0.5] * 6,
    "parameters": [3] * 6,
}
CASES = changed([json.dumps(ENTRIES), json.dumps({**ENTRIES, "validation/3": [float("nan")] * 6})])


def check(case, folder):
    path = folder / "table.json"
    path.write_text(case, errors="surrogatepass")
    read(path)


def read(path):
    """Read a table, and look a sequence up in one that is right."""
    read_table.__globals__["_read"].cache_clear()
    try:
        table = read_table(path)
    except DataCorrupt as error:
        assert "\n" not in str(error) and len(str(error)) < 600, error
        return
    assert table.rows(table.tokens[:1]).tolist() == [int(table.row_of[0])]
    assert table.mean().shape == (len(table.columns[f"validation/{table.fidelities[-1]}"]),)
