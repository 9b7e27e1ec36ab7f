"""What the tests share."""

import contextlib
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from _fashion import use, write
from _stores import Database, File, Server, missing

collect_ignore_glob = ["conftest.py", "*/conftest.py"]  # no doctests: all of them have one name
torch.set_num_threads(1)  # the numbers of a child are those of one thread
# The first backward pass of a process starts threads if torch knows a device by then, as it does
# once a network was exported to ONNX; after that a fork of the process can compute no gradient.
torch.ones(1, requires_grad=True).sum().backward()


@pytest.fixture(scope="session")
def cifar10_data():
    """The folder that holds CIFAR-10; a fixture named <task>_data stands for a task's download."""
    folder = os.environ.get("NAS_DATA")
    if not folder:
        pytest.skip("CIFAR-10 is wanted: set NAS_DATA to the folder of cifar-10-batches-py")
    if not (Path(folder) / "cifar-10-batches-py").is_dir():
        pytest.skip(f"CIFAR-10 is wanted: {folder} (NAS_DATA) holds no cifar-10-batches-py")
    return Path(folder)


@pytest.fixture(scope="session")
def drawn_fashion_mnist(tmp_path_factory):
    """Fashion-MNIST's files in their real format, with noise in them, and their MD5s."""
    folder = tmp_path_factory.mktemp("data")
    return folder, write(folder, np.random.default_rng(0), train=5_400, test=100)


@pytest.fixture(scope="module")
def fashion_mnist_data(drawn_fashion_mnist):
    """The folder that holds Fashion-MNIST; noise in its format where the real one is not here."""
    real = Path(os.environ.get("NAS_DATA") or "nowhere")
    if (real / "FashionMNIST" / "raw").is_dir():
        yield real
        return
    folder, resources = drawn_fashion_mnist
    with pytest.MonkeyPatch.context() as patch:
        use(patch, resources, 5_400)
        patch.setattr("nas_env.tasks.fashion_mnist.data_folder", lambda: folder)
        yield folder


@pytest.fixture(scope="session")
def postgresql():
    """A real server of PostgreSQL."""
    if reason := missing():
        pytest.skip(reason)
    server = Server()
    yield server
    server.remove()


@pytest.fixture
def file(tmp_path):
    """A place for a store in a file."""
    with contextlib.closing(File(tmp_path / "s")) as made:
        yield made


@pytest.fixture
def database(postgresql):
    """A place for a store in a database of the server."""
    with contextlib.closing(Database(postgresql.address())) as made:
        yield made


@pytest.fixture(params=["file", "database"])
def place(request):
    """A place for a store of either sort."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def workers():
    """Makes evaluators with one worker, or as many as it is told."""
    from nas_env.evaluation.workers import WorkerSettings, WorkersEvaluator
    from nas_env.run.store import open_store

    cpu, made = torch.device("cpu"), []

    def make(count=1, **settings):
        made.append(WorkersEvaluator(cpu, open_store(), WorkerSettings(count, **settings)))
        return made[-1]

    yield make
    for each in made:
        each.close()
