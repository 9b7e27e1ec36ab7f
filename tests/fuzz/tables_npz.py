"""Tables as .npz, by ``read_table``."""

import io
import json

import numpy as np

from tests.fuzz._texts import bytes_changed
from tests.fuzz.tables_json import ENTRIES, read


def packed(save):
    content = io.BytesIO()
    arrays = {name: np.asarray(each) for name, each in ENTRIES.items() if name != "header"}
    save(content, header=np.array(json.dumps(ENTRIES["header"])), **arrays)
    return content.getvalue()


CASES = bytes_changed([packed(np.savez), packed(np.savez_compressed)])


def check(case, folder):
    path = folder / "table.npz"
    path.write_bytes(case)
    read(path)
