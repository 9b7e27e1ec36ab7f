"""Row 13: data that is missing, short, corrupt or another than before, found before any child."""

import os
import re
import shutil
import time

import numpy as np
import pytest
from _fashion import use
from _inject import said

from nas_env.command_line.train import main
from nas_env.errors import DataInvalid, InvalidValue, NASError
from nas_env.tasks import make_task
from nas_env.tasks._torchvision import verify
from tests._own_text import write_text

TINY = ["--children", "1", "--quiet", "--workers", "0", "--space.layers", "1"]
TINY += ["--recipe.epochs", "1", "--task.train-size", "64", "--task.validation-size", "32"]


def flip(file, place=0.5):
    content = bytearray(file.read_bytes())
    content[int(place * (len(content) - 1))] ^= 4
    file.write_bytes(content)


def replace(file):
    """By a file as long, and as old."""
    told = file.stat()
    file.write_bytes(os.urandom(told.st_size))
    os.utime(file, ns=(told.st_atime_ns, told.st_mtime_ns))


DAMAGES = {
    "flipped": flip,
    "flipped at its end": lambda file: flip(file, 1.0),
    "cut": lambda file: os.truncate(file, file.stat().st_size // 2),
    "cut by a byte": lambda file: os.truncate(file, file.stat().st_size - 1),
    "empty": lambda file: file.write_bytes(b""),
    "gone": lambda file: file.unlink(),
    "longer": lambda file: file.write_bytes(file.read_bytes() + b"\0"),
    "replaced": replace,
    "a folder": lambda file: (file.unlink(), file.mkdir()),
    "a link to nothing": lambda file: (file.unlink(), file.symlink_to("nothing")),
}


@pytest.fixture
def published(drawn_fashion_mnist, tmp_path, monkeypatch):
    """The files of a published data set, whose checksums are known; checked in each start anew."""
    folder, resources = drawn_fashion_mnist
    shutil.copytree(folder, tmp_path / "data")
    use(monkeypatch, resources, 5_400)
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    verify.cache_clear()
    yield tmp_path / "data" / "FashionMNIST" / "raw"
    verify.cache_clear()


@pytest.mark.parametrize("split", ["train", "t10k"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_published_file_is_named_before_any_child(published, capsys, within, damage, split):
    file = published / f"{split}-images-idx3-ubyte.gz"
    DAMAGES[damage](file)
    began = time.monotonic()
    assert main(["--env", "NAS-FashionMNIST-v0", *TINY, "--run", "run"]) == 2
    within(time.monotonic() - began, 2, f"a file that is {damage} was found")
    line = said(capsys)
    assert file.name in line and ("MD5" in line or "not found" in line)
    assert not os.path.exists("run")


def test_a_run_looks_again_when_it_is_resumed(published, capsys):
    """A file that was touched is the same."""
    words = ["--env", "NAS-FashionMNIST-v0", *TINY, "--run", "run"]
    assert main(words) == 0
    file = published / "train-labels-idx1-ubyte.gz"
    longer = ["--resume", "--run", "run", "--quiet", "--children"]
    file.touch()
    verify.cache_clear()
    assert main([*longer, "2"]) == 0
    flip(file)
    verify.cache_clear()
    assert main([*longer, "3"]) == 2
    assert f"{file} is corrupt: its MD5 is" in said(capsys)


def test_missing_data_names_files_folder_and_remedy(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "data"))
    verify.cache_clear()
    assert main(["--env", "NAS-CIFAR10-v0"]) == 2
    error = capsys.readouterr().err
    for part in (str(folder), "data_batch_1", "test_batch", "NAS_DATA", "unpack"):
        assert part in error
    assert not (tmp_path / "runs").exists()


def test_corrupt_data_is_named_with_its_checksum(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for name in [f"data_batch_{n}" for n in range(1, 6)] + ["test_batch", "batches.meta"]:
        (folder / name).write_bytes(b"wrong")
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "data"))
    verify.cache_clear()
    assert main(["--env", "NAS-CIFAR10-v0"]) == 2
    error = capsys.readouterr().err
    assert "data_batch_1 is corrupt: its MD5 is" in error
    assert "c99cafc152244af753f735de768cd75f" in error  # the published one
    assert not (tmp_path / "runs").exists()


def arrays(folder):
    file = folder / "set.npz"
    images = (np.arange(60 * 64) % 251).astype(np.uint8).reshape(60, 8, 8)
    np.savez(file, images=images, labels=np.arange(60) % 3)
    return "images", file, file


def pictures(folder):
    from tests._own import draw_folder

    draw_folder(folder / "set", {"cats": 12, "dogs": 12})
    return "images", folder / "set", folder / "set" / "cats" / "00003.png"


def text(folder):
    write_text(folder)
    return "text", folder, sorted(file for file in folder.iterdir() if file.is_file())[0]


SAME = {
    ("arrays", "flipped at its end"),
    ("arrays", "longer"),
    ("a folder of images", "cut by a byte"),
    ("a folder of images", "flipped at its end"),
    ("a folder of images", "longer"),
    ("a text", "cut by a byte"),
}
OWN = {"arrays": arrays, "a folder of images": pictures, "a text": text}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "cache"))
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


@pytest.mark.parametrize("damage", sorted({*DAMAGES} - {"replaced"}))
@pytest.mark.parametrize("kind", OWN)
def test_data_of_ones_own_is_what_it_was_or_is_refused(home, kind, damage):
    """Its content counts, so that a byte after the last pixel is no change."""
    name, path, file = OWN[kind](home)
    spec = make_task({"name": name, "path": str(path)}).settled().spec
    DAMAGES[damage](file)
    if (kind, damage) in SAME:
        assert make_task({"name": name, "path": str(path)}).settled().spec == spec
        return
    with pytest.raises((NASError, InvalidValue)) as error:
        make_task(spec).settled().verify()
    line = str(error.value)
    assert "\n" not in line and (file.name in line or path.name in line), line


def test_images_that_others_have_replaced_are_refused(home):
    name, path, file = arrays(home)
    spec = make_task({"name": name, "path": str(path)}).settled().spec
    with np.load(file) as content:
        images, labels = content["images"], content["labels"]
    images[7, 3, 3] += 1
    np.savez(file, images=images, labels=labels)
    with pytest.raises(DataInvalid, match=re.escape(path.name)):
        make_task(spec).settled().verify()


@pytest.mark.parametrize("kind", OWN)
def test_data_that_was_touched_is_the_same(home, kind):
    name, path, file = OWN[kind](home)
    task = make_task({"name": name, "path": str(path)}).settled()
    os.utime(file, ns=(1, 1))
    again = make_task(task.spec).settled()
    again.verify()
    assert again.spec == task.spec
