"""Fashion-MNIST: its files, how they are checked and read, and a child trained on them."""

import contextlib
import functools
import gzip
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import gymnasium
import numpy as np
import pytest
import torch
from _fashion import use, write
from torchvision.datasets import MNIST, FashionMNIST
from torchvision.datasets.mnist import read_image_file, read_label_file

import nas_env
from nas_env import DataCorrupt, DataNotFound, InvalidValue
from nas_env.tasks import make_task, sealed_test_set
from nas_env.tasks.fashion_mnist import FOLDER, read_idx

NAMES = [name for name, _ in FashionMNIST.resources]
SIZES = {"train_size": 40, "validation_size": 24}


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A data folder of a few images, whose MD5s are expected."""
    monkeypatch.setenv("NAS_DATA", str(tmp_path))
    use(monkeypatch, write(tmp_path, np.random.default_rng(1), train=90, test=30), 90)
    return tmp_path


def small():
    return make_task({"name": "fashion_mnist", **SIZES})


# -- the files -----------------------------------------------------------------------------------
def test_files_are_read_as_torchvision_reads_them(data):
    for name, read in (
        ("train-images-idx3-ubyte", read_image_file),
        ("t10k-images-idx3-ubyte", read_image_file),
        ("train-labels-idx1-ubyte", read_label_file),
    ):
        packed = data / FOLDER / f"{name}.gz"
        unpacked = data / name
        unpacked.write_bytes(gzip.decompress(packed.read_bytes()))
        expected = read(str(unpacked))
        assert torch.equal(torch.from_numpy(read_idx(packed)).to(expected.dtype), expected)


def test_the_splits_are_those_of_the_files(data):
    task = small()
    task.verify()
    images = read_idx(data / FOLDER / "train-images-idx3-ubyte.gz")
    labels = read_idx(data / FOLDER / "train-labels-idx1-ubyte.gz")
    known = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    found = task.search_data()
    assert found.train_images.shape == (40, 28, 28, 1) and found.train_images.dtype == torch.uint8
    assert found.validation_images.shape == (24, 28, 28, 1)
    seen = torch.cat([found.train_images, found.validation_images]).numpy()
    given = torch.cat([found.train_labels, found.validation_labels]).tolist()
    assert [known[image.tobytes()] for image in seen] == given
    assert len({image.tobytes() for image in seen}) == 64
    test_images, test_labels = task.test_data()
    assert test_images.shape == (30, 28, 28, 1) and test_labels.dtype == np.int64
    assert not {image.tobytes() for image in test_images} & set(known)


def test_its_published_files_and_sizes():
    """What torchvision publishes is Fashion-MNIST's own, not MNIST's."""
    assert NAMES == [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ]
    assert dict(FashionMNIST.resources)[NAMES[0]] == "8d4fb7e6c68d591d4c3dfef9ec88bf0d"
    assert FashionMNIST.resources != MNIST.resources
    task = make_task("fashion_mnist")
    assert task.available - task.validation_size == 55_000
    with pytest.raises(InvalidValue, match="do not fit into 60,000 images"):
        make_task({"name": "fashion_mnist", "train_size": 55_001})


def test_the_test_split_is_sealed(data):
    with sealed_test_set(), pytest.raises(nas_env.NASError, match="out of reach"):
        small().test_data()


# -- missing and corrupt -------------------------------------------------------------------------
def test_missing_files_are_named_with_the_remedy(data):
    (data / FOLDER / NAMES[1]).unlink()
    with pytest.raises(DataNotFound) as caught:
        small().verify()
    message = str(caught.value)
    assert f"Fashion-MNIST not found: looked in {data / FOLDER} for {NAMES[1]};" in message
    assert NAMES[0] not in message
    for part in (FashionMNIST.mirrors[0], "NAS_DATA", "FashionMNIST/raw"):
        assert part in message
    assert "\n" not in message


def test_a_corrupt_file_is_named_with_its_checksum(data):
    path = data / FOLDER / NAMES[2]
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    expected = dict(FashionMNIST.resources)[NAMES[2]]
    with pytest.raises(DataCorrupt, match=f"{NAMES[2]} is corrupt: .* expected {expected}"):
        small().verify()


def test_a_failed_download_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(FashionMNIST, "mirrors", [(tmp_path / "nowhere").as_uri() + "/"])
    with pytest.raises(DataNotFound, match="download failed"):
        small().verify()
    assert list((tmp_path / "data").iterdir()) == []


@pytest.fixture
def serve():
    """Serves a folder on this machine; gives its address."""
    with contextlib.ExitStack() as stack:

        def start(folder):
            handler = functools.partial(SimpleHTTPRequestHandler, directory=folder)
            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), handler))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}/"

        yield start


def test_missing_files_are_downloaded(tmp_path, monkeypatch, serve):
    resources = write(tmp_path / "mirror", np.random.default_rng(2), train=90, test=30)
    use(monkeypatch, resources, 90)
    mirror = tmp_path / "mirror" / FOLDER
    monkeypatch.setattr(FashionMNIST, "mirrors", [serve(mirror)])
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "data"))
    small().verify()
    for name, _ in resources:
        assert (tmp_path / "data" / FOLDER / name).read_bytes() == (mirror / name).read_bytes()
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["FashionMNIST"]


def test_missing_data_is_told_at_the_first_reset(tmp_path, monkeypatch):
    (tmp_path / FOLDER).mkdir(parents=True)
    monkeypatch.setenv("NAS_DATA", str(tmp_path))
    env = gymnasium.make("NAS-FashionMNIST-v0")
    with pytest.raises(DataNotFound, match=r"Fashion-MNIST not found: looked in .*t10k-labels"):
        env.reset()
    env.close()


# -- the environment -----------------------------------------------------------------------------
def test_the_environment():
    env = gymnasium.make("NAS-FashionMNIST-v0", device="cpu")
    assert env.unwrapped.search_space.length() == 33
    assert env.unwrapped.problem.recipe == make_task("fashion_mnist").recipes["laptop"].resolved(
        "cpu"
    )
    env.close()


@pytest.mark.parametrize("recipe", ["laptop", "short", "paper"])
def test_a_child_is_trained(data, recipe):
    env = gymnasium.make(
        "NAS-FashionMNIST-v0",
        task={"name": "fashion_mnist", **SIZES},
        layers=2,
        recipe={"preset": recipe, "epochs": 1, "batch_size": 20},
        device="cpu",
    )
    env.reset()
    for token in (1, 1, 0, 1, 1, 0, 1):
        _, reward, *_, info = env.step(token)
    evaluation = info["evaluation"]
    assert evaluation["status"] == "ok" and reward == pytest.approx(
        evaluation["metrics"]["validation_accuracy"] ** 3
    )
    # 3x3 of 1 to 24 and of 24 to 24, two batch norms, the classifier
    assert evaluation["parameters"] == 9 * 24 + 9 * 24 * 24 + 2 * 48 + 24 * 10 + 10
    env.close()
