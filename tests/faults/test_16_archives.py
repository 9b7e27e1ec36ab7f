"""Row 16: hostile archives. Nothing is unpacked to disk, and sizes have limits."""

import json
import os
import stat
import tarfile
import zipfile

import numpy as np
import pytest
from _inject import array, zipped

from nas_env.errors import DataCorrupt, InvalidValue, NASError
from nas_env.evaluation._ray_data import unpack
from nas_env.table import _arrays
from nas_env.table.format import read_table
from nas_env.tasks import make_task

FILE, LINK, DEVICE = stat.S_IFREG | 0o644, stat.S_IFLNK | 0o777, stat.S_IFCHR | 0o666
ENTRIES = {
    "above": [("../above.npy", array(), FILE)],
    "absolute": [("/tmp/absolute-of-row-16.npy", array(), FILE)],
    "backslashes": [("..\\above.npy", array(), FILE)],
    "symlink": [("link.npy", "/etc/passwd", LINK)],
    "through a symlink": [("d", "/tmp", LINK), ("d/through.npy", array(), FILE)],
    "device": [("null.npy", "", DEVICE)],
    "a name twice": [("labels.npy", array(np.arange(30)[::-1] % 3), FILE)],
    "a bomb": [("bomb.npy", bytes(2**26), FILE)],
    "another file": [("run.py", "raise SystemExit", FILE)],
}


def everything(folder):
    return sorted(str(path) for path in folder.rglob("*"))


def refused(make, path):
    """In one line, with nothing made anywhere near."""
    before = everything(path.parent.parent)
    with pytest.raises((NASError, InvalidValue)) as error:
        make(path)
    assert "\n" not in str(error.value)
    assert everything(path.parent.parent) == before
    assert not os.path.exists("/tmp/absolute-of-row-16.npy")


def images(path):
    return make_task({"name": "images", "path": str(path)}).settled()


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "inner"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inner").mkdir()
    return tmp_path / "inner" / "set.npz"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("what", ENTRIES)
def test_no_npz_is_unpacked(path, monkeypatch, what):
    """A table of it is refused; of a data set, what is no part of it is not looked at."""
    monkeypatch.setattr(_arrays, "LARGEST", 2**25)
    zipped(path, ENTRIES[what])
    refused(read_table, path)
    if what in ("above", "absolute", "backslashes", "through a symlink", "another file"):
        assert len(images(path).facts["classes"]) == 3
        assert {each.name for each in path.parent.parent.iterdir()} == {"inner"}
        assert not os.path.exists("/tmp/absolute-of-row-16.npy")
    else:
        refused(images, path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("what", ["a name twice", "a bomb", "another file"])
def test_what_is_wrong_with_a_table_is_named(path, monkeypatch, what):
    monkeypatch.setattr(_arrays, "LARGEST", 2**25)
    zipped(path, ENTRIES[what])
    words = {
        "a name twice": "stands in it twice",
        "a bomb": "it unpacks to 67,",
        "another file": "run.py",
    }
    with pytest.raises(DataCorrupt, match=words[what]):
        read_table(path)


@pytest.mark.parametrize("size", [10**12, 2**62])
def test_a_header_that_promises_too_much_allocates_nothing(path, bounded, size):
    """As labels, as images, in an .npz and as an .npy."""
    lie = b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little")
    text = f"{{'descr': '<i8', 'fortran_order': False, 'shape': ({size},), }}"
    lie += text.ljust(117).encode() + b"\n" + bytes(24)
    for name in ("images", "labels"):
        contents = {"images": array(np.zeros((3, 4, 4), np.uint8)), "labels": array(), name: lie}
        with zipfile.ZipFile(path, "w") as file:
            for each, content in contents.items():
                file.writestr(f"{each}.npy", content)
        refused(images, path)
        refused(read_table, path)
        for each, content in contents.items():
            (path.parent / f"{each}.npy").write_bytes(content)
        refused(images, path.parent / "images.npy")


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".zip"])
def test_an_archive_of_images_is_not_unpacked_for_the_user(path, suffix):
    archive = path.with_name(f"set{suffix}")
    if suffix == ".zip":
        zipped(archive, ENTRIES["above"])
    else:
        with tarfile.open(archive, "w:gz" if suffix.endswith("gz") else "w") as file:
            for name, kind in (("../a.png", tarfile.REGTYPE), ("b.png", tarfile.LNKTYPE)):
                entry = tarfile.TarInfo(name)
                entry.type, entry.linkname = kind, "/etc/passwd"
                file.addfile(entry)
    refused(images, archive)


@pytest.mark.parametrize("name", ["../above", "/tmp/absolute-of-row-16.npy", "a/../../above"])
def test_what_is_sent_to_a_node_stays_in_its_folder(path, monkeypatch, name):
    monkeypatch.setattr("tempfile.tempdir", str(path.parent))
    content = json.dumps([["fine", 1], [name, 1]]).encode() + b"\nxx"
    before = everything(path.parent.parent)
    with pytest.raises(InvalidValue, match="a file that was sent has the name"):
        unpack("0" * 64, content)
    left = set(everything(path.parent.parent)) - set(before)
    assert not any(each.endswith(("above", "fine", "-16.npy")) for each in left)


def test_labels_have_a_limit(path, monkeypatch):
    monkeypatch.setattr("nas_env.data.images._arrays.LABELS", 2**10)
    pixels, labels = np.zeros((300, 4, 4), np.uint8), np.zeros(300, np.int64)
    np.savez_compressed(path, images=pixels, labels=labels)
    with pytest.raises(NASError, match="are 2,400 bytes, expected at most 1,024"):
        images(path)
