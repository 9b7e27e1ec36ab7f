"""Compare network.onnx of a folder with outputs that are given; needs onnxruntime and NumPy alone.

python -I with_onnx.py FOLDER EXAMPLES
"""

import json
import sys
from importlib.metadata import distributions
from itertools import count
from pathlib import Path

import numpy as np
import onnxruntime


def main(folder: Path, examples: Path) -> None:
    """Print the largest difference of the outputs, relative to what is larger than 1."""
    file = str(folder / "network.onnx")
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    inputs, largest = session.get_inputs(), 0.0
    takes_bytes = inputs[0].type == "tensor(uint8)"
    with np.load(examples) as arrays:
        for number in range(int(arrays["count"])):
            given = list(several(arrays, f"{number} {'images' if takes_bytes else 'read'}"))
            names = [each.name for each in inputs]
            found = session.run(None, dict(zip(names, given, strict=True)))
            expected = list(several(arrays, f"{number} outputs"))
            largest = max(largest, *map(difference, expected, found))
    there = sorted(
        each.name for each in distributions() if not each.name.startswith(("nvidia", "cuda"))
    )
    told = {"program takes bytes": takes_bytes, "onnxruntime": onnxruntime.__version__}
    found = {"network.onnx": largest}
    print(json.dumps({"differences": found, **told, "packages": there}))


def several(arrays, name):
    """Yield the arrays of a name, in order."""
    for place in count():
        if (key := f"{name} {place}") not in arrays:
            return
        yield arrays[key]


def difference(expected, found):
    """Return the largest difference, relative to the largest number where that is more than 1."""
    assert expected.shape == found.shape
    return float(abs(expected - found).max() / max(1.0, abs(expected).max()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
