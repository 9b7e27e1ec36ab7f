"""Checkpoints whose hashes are right, by ``read_checkpoint``: what a stranger could forge."""

import hashlib
import json

import torch
from hypothesis import strategies as st

from nas_env.run.states import read_state, write_state
from tests.fuzz._texts import bytes_changed, changed

HEADER = {"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}


def safetensors(text):
    header = text.encode(errors="surrogatepass")
    return len(header).to_bytes(8, "little") + header + bytes(24)


WHOLE = safetensors(json.dumps(HEADER))
CASES = st.one_of(changed([json.dumps(HEADER)]).map(safetensors), bytes_changed([WHOLE]))


def check(case, folder):
    if not (folder / "000000001.json").exists():
        write_state(folder, 1, {"w": torch.ones(2, 3)}, {}, kept=3)
    manifest = {"tensors_sha256": hashlib.sha256(case).hexdigest()}
    text = json.dumps(manifest, sort_keys=True).encode()
    manifest["sha256"] = hashlib.sha256(text).hexdigest()
    (folder / "000000002.safetensors").write_bytes(case)
    (folder / "000000002.json").write_text(json.dumps(manifest))
    found = read_state(folder, {})
    assert found is not None
    assert all(tensor.nbytes <= max(len(case), 24) for tensor in found.tensors.values())
