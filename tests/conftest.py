"""What the tests share."""

import os
from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)  # the numbers of a child are those of one thread


@pytest.fixture(scope="session")
def cifar10_data():
    """The folder that holds CIFAR-10; a fixture named <task>_data stands for a task's download."""
    folder = os.environ.get("NAS_DATA")
    if not folder:
        pytest.skip("CIFAR-10 is wanted: set NAS_DATA to the folder of cifar-10-batches-py")
    if not (Path(folder) / "cifar-10-batches-py").is_dir():
        pytest.skip(f"CIFAR-10 is wanted: {folder} (NAS_DATA) holds no cifar-10-batches-py")
    return Path(folder)
