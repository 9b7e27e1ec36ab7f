"""Compare network.py and network.pt2 of a folder with outputs that are given; needs torch alone.

python -I with_torch.py FOLDER EXAMPLES
"""

import json
import runpy
import sys
import warnings
from importlib.metadata import distributions
from pathlib import Path


def main(folder: Path, examples: Path) -> None:
    """Print the largest difference of each file's outputs, relative to what is larger than 1."""
    warnings.filterwarnings("ignore", "Failed to initialize NumPy")  # which is not there
    import torch

    names = runpy.run_path(str(folder / "network.py"))
    network = names["load"]()
    program = torch.export.load(folder / "network.pt2")
    assert program.example_inputs is not None  # of one that was exported
    takes_bytes = program.example_inputs[0][0].dtype == torch.uint8
    run = program.module()
    found = {"network.py": 0.0, "network.pt2": 0.0}
    with torch.no_grad():
        for each in torch.load(examples, weights_only=True):
            images, read, expected = each["images"], each["read"], each["outputs"]
            if images is not None:
                read = (names["preprocess"](images),)
            outputs = {
                "network.py": network(*read),
                "network.pt2": run(images) if takes_bytes else run(*read),
            }
            for name, given in outputs.items():
                found[name] = max(found[name], difference(expected, tensors(given)))
    there = sorted(
        each.name for each in distributions() if not each.name.startswith(("nvidia", "cuda"))
    )
    told = {"program takes bytes": takes_bytes, "torch": torch.__version__, "packages": there}
    print(json.dumps({"differences": found, **told}))


def tensors(value):
    """Return the tensors of nested tuples in order."""
    if isinstance(value, (tuple, list)):
        return [each for part in value for each in tensors(part)]
    return [value]


def difference(expected, found):
    """Return the largest difference, relative to the largest number where that is more than 1."""
    assert [each.shape for each in expected] == [each.shape for each in found]
    pairs = zip(expected, found, strict=True)
    return max(
        ((one - other).abs().max() / max(1.0, one.abs().max())).item() for one, other in pairs
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
