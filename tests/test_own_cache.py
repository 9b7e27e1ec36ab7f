"""What is kept of one's own images: whole, or made again; mapped, and shared."""

import errno
import json
import os
import pickle
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nas_env.data._progress import bar
from nas_env.data.images import _cache, _read_in, check, prepare, reading
from nas_env.data.images.reading import Form, Found, NotInForm, Outcome, Reading
from nas_env.data.images.splits import divide
from nas_env.errors import DataInvalid, NASError
from tests._killing import append, forked, killed_at
from tests._own import draw_folder, write_csv

COUNT, SHAPE = 12, (6, 5, 3)  # height, width, channels


class Few(Found):
    """Images that are all in one file, whose name is the reading's path."""

    classes = ("ant", "bee", "cat")
    notes = ("12 images",)

    def __init__(self, path):
        self.path = Path(path)
        self.labels = np.arange(COUNT) % 3
        self.splits = np.zeros(COUNT, np.uint8)
        self.fingerprint = str(self.path.stat().st_mtime_ns)
        self.skipped = {}
        self.grey = self.broken = None

    def name(self, row):
        return f"{row}.png"

    def form(self, *, colour=False):
        return Form(SHAPE[2], *SHAPE[:2], ("in colour",) if colour else ("channels last",))

    def read_into(self, file, form, told):
        settings = json.loads(self.path.read_text())
        append(self.path.with_name("read"), str(os.getpid()))
        pixels = np.random.default_rng(settings["seed"]).integers(0, 256, (COUNT, *SHAPE))
        for row in settings.get("broken", ()):
            pixels[row] = 0
        with open(file, "xb") as made:
            made.write(pixels.astype(np.uint8).tobytes())
        told(COUNT)
        if settings.get("colour") and form.notes != ("in colour",):
            raise NotInForm
        time.sleep(settings.get("seconds", 0))
        return Outcome(dict.fromkeys(settings.get("broken", ()), "it is truncated"))


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A file of images, and an empty data folder."""
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(reading, "find", lambda asked: Few(asked.path))
    change(tmp_path / "images", seed=1)
    return tmp_path / "images"


def change(source, **settings):
    before = source.stat().st_mtime_ns if source.exists() else 0
    source.write_text(json.dumps(settings))
    os.utime(source, ns=(before + 1, before + 1))


def times_read(source):
    log = source.with_name("read")
    return len(log.read_text().splitlines()) if log.exists() else 0


def others(prepared):
    """What lies beside a cache."""
    return {file.name for file in prepared.folder.parent.iterdir()} - {prepared.folder.name}


def test_images_are_read_once(source):
    first, again = prepare(Reading(str(source))), prepare(Reading(str(source)))
    assert times_read(source) == 1
    expected = np.random.default_rng(1).integers(0, 256, (COUNT, *SHAPE))
    for prepared in (first, again, pickle.loads(pickle.dumps(first))):
        assert np.array_equal(prepared.pixels(), expected)
        assert prepared.shape == (3, 6, 5) and prepared.classes == ("ant", "bee", "cat")
        assert prepared.labels.tolist() == [0, 1, 2] * 4 and prepared.rows.tolist() == [*range(12)]
        assert prepared.labels.dtype == prepared.rows.dtype == np.int64
        assert prepared.notes == ("12 images", "channels last") and prepared.warnings == ()
        assert prepared.content == first.content and len(first.content) == 16
        assert np.array_equal(prepared.hashes, first.hashes) and len(set(first.hashes)) == COUNT
    assert others(first) == {f"{first.folder.name}.lock"}


def test_pixels_are_mapped_read_only_and_shared(source):
    pixels = prepare(Reading(str(source))).pixels()
    assert isinstance(pixels, np.memmap) and not pixels.flags.writeable
    maps = Path("/proc/self/maps").read_text().splitlines()
    assert [line.split()[1] for line in maps if str(pixels.filename) in line] == ["r--s"]


def test_source_that_is_gone_is_not_missed_where_the_content_is_known(source):
    content = prepare(Reading(str(source))).content
    source.unlink()
    assert prepare(Reading(str(source)), content).content == content
    with pytest.raises(FileNotFoundError):
        prepare(Reading(str(source)))


def test_changed_source_is_read_again(source):
    reading = Reading(str(source))
    before = prepare(reading)
    mapped = before.pixels()
    kept = np.array(mapped)
    change(source, seed=2)
    after = prepare(reading)
    assert times_read(source) == 2 and after.content != before.content
    assert np.array_equal(mapped, kept)  # who has them keeps them
    assert not np.array_equal(after.pixels(), kept)
    for act in (lambda: prepare(reading, before.content), lambda: check(reading, before.content)):
        with pytest.raises(
            DataInvalid, match=f"its content is {after.content}, expected {before.content}"
        ):
            act()
    with pytest.raises(DataInvalid, match=r"pixels\.bin is not what it was"):
        before.pixels()
    check(reading, after.content)


def test_touched_source_has_the_same_content(source):
    reading = Reading(str(source))
    content = prepare(reading).content
    change(source, seed=1)
    check(reading, content)
    assert times_read(source) == 2


def test_settings_of_the_reading_have_caches_of_their_own(source):
    prepare(Reading(str(source)))
    prepare(Reading(str(source), size=32))
    prepare(Reading(str(source), skip_broken=True))
    assert times_read(source) == 2


DAMAGES = {
    "a byte of the pixels": ("pixels.bin", lambda b: b[:40] + bytes([b[40] ^ 1]) + b[41:], 2),
    "pixels torn": ("pixels.bin", lambda b: b[:-7], 2),
    "pixels longer": ("pixels.bin", lambda b: b + b"x", 2),
    "pixels touched": ("pixels.bin", lambda b: b, 1),
    "a byte of the table": ("table.bin", lambda b: b[:9] + bytes([b[9] ^ 4]) + b[10:], 2),
    "table torn": ("table.bin", lambda b: b[:-1], 2),
    "manifest torn": ("manifest.json", lambda b: b[:-20], 2),
    "manifest empty": ("manifest.json", lambda b: b"", 2),
    "manifest of another form": ("manifest.json", lambda b: b"[]", 2),
    "class renamed": ("manifest.json", lambda b: b.replace(b"bee", b"fly"), 2),
    "format": ("manifest.json", lambda b: b.replace(b'"format": 1', b'"format": 0'), 2),
    "no manifest": ("manifest.json", None, 2),
    "no pixels": ("pixels.bin", None, 2),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("known", [False, True])
def test_damaged_cache_is_never_trusted(damage, known, source):
    reading = Reading(str(source))
    whole = prepare(reading)
    expected = np.array(whole.pixels())
    name, harm, reads = DAMAGES[damage]
    file = whole.folder / name
    content = file.read_bytes()
    file.unlink()
    if harm is not None:
        file.write_bytes(harm(content))
        os.utime(file, ns=(1, 1))
    for _ in range(2):
        prepared = prepare(reading, whole.content if known else None)
        assert np.array_equal(prepared.pixels(), expected) and prepared.content == whole.content
        assert times_read(source) == reads


def test_hashes_are_computed_once_more_only_if_the_time_differs(source, monkeypatch):
    reading = Reading(str(source))
    os.utime(prepare(reading).folder / "pixels.bin", ns=(7, 7))
    prepare(reading)
    monkeypatch.setattr(_cache, "hashes", None)
    assert prepare(reading).stamp[1] == 7


def test_killed_at_any_step_the_next_one_makes_it(source):
    reading = Reading(str(source))
    content, step = prepare(reading).content, 0
    killed = True
    while killed:
        step += 1
        change(source, seed=1)  # read again each time, with a cache in the place
        killed = killed_at(step, lambda: prepare(reading) and None)
        prepared = prepare(reading)
        assert prepared.content == content and others(prepared) == {f"{prepared.folder.name}.lock"}
    assert step > 8


def test_killed_while_reading_the_next_one_makes_it(source, monkeypatch):
    reading = Reading(str(source))

    def killed():
        monkeypatch.setattr(_read_in, "hashes", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        prepare(reading)

    _, status = os.waitpid(forked(killed), 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    (left,) = [each for each in (source.parent / "data" / "own-images").iterdir() if each.is_dir()]
    assert left.name.startswith(".")
    other = prepare(Reading(str(source), size=16))
    assert others(other) == {
        f"{name}.lock" for name in (other.folder.name, left.name.split(".")[1])
    }


def test_what_another_process_makes_is_left_alone(source):
    change(source, seed=1, seconds=1)
    slow = forked(lambda: prepare(Reading(str(source))) and None)
    while times_read(source) == 0:
        time.sleep(0.01)
    change(source, seed=1)
    prepare(Reading(str(source), size=16))
    assert os.waitpid(slow, 0)[1] == 0


def test_two_processes_at_once_read_once(source):
    change(source, seed=1, seconds=0.5)
    reading = Reading(str(source))
    processes = [forked(lambda: prepare(reading) and None) for _ in range(3)]
    assert [os.waitpid(process, 0)[1] for process in processes] == [0, 0, 0]
    assert prepare(reading).pixels().any() and times_read(source) == 1


def test_interrupted_reading_leaves_nothing(source, monkeypatch):
    reading = Reading(str(source))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(_read_in, "hashes", interrupt)
        prepare(reading)
    assert others(prepare(reading)) == {f"{prepare(reading).folder.name}.lock"}


def interrupt(*_):
    raise KeyboardInterrupt


def test_broken_images_are_left_out_if_asked_for(source):
    whole = prepare(Reading(str(source)))
    change(source, seed=1, broken=[4, 7])
    reading = Reading(str(source))
    says = (
        "2 images cannot be used: 4.png (it is truncated), 7.png (it is truncated); "
        "mend or remove them, or go on without by --task.skip-broken"
    )
    for _ in range(2):
        with pytest.raises(DataInvalid) as error:
            prepare(reading)
        assert str(error.value).endswith(says)
    without = prepare(Reading(str(source), skip_broken=True))
    assert times_read(source) == 2
    assert without.rows.tolist() == [0, 1, 2, 3, 5, 6, 8, 9, 10, 11]
    assert without.skipped == dict.fromkeys(["4.png", "7.png"], "it is truncated")
    assert without.warnings[0].startswith("2 left out: 4.png (it is truncated), 7")
    assert without.content != whole.content
    with pytest.raises(DataInvalid, match="2 images cannot be used"):
        prepare(reading, without.content)


def test_content_is_that_of_the_whole_images(source, monkeypatch):
    """The same set has the same content whether broken images lay between its own."""
    change(source, seed=1, broken=[4, 7])
    with_gaps = prepare(Reading(str(source), skip_broken=True))
    kept = with_gaps.pixels()[with_gaps.rows]

    class Fewer(Few):
        def __init__(self, path):
            super().__init__(path)
            self.labels, self.splits = with_gaps.labels[with_gaps.rows], self.splits[:10]

        def read_into(self, file, form, told):
            file.write_bytes(kept.tobytes())
            return Outcome({})

    monkeypatch.setattr(reading, "find", lambda asked: Fewer(asked.path))
    assert prepare(Reading(str(source), fit="pad")).content == with_gaps.content
    monkeypatch.setattr(Fewer, "classes", ("ant", "bee", "dog"))
    assert prepare(Reading(str(source), fit="stretch")).content != with_gaps.content


def test_set_without_a_whole_image_is_refused(source):
    change(source, broken=list(range(COUNT)), seed=1)
    with pytest.raises(DataInvalid, match=r"no image of .* can be read: 0.png"):
        prepare(Reading(str(source), skip_broken=True))
    assert [each.name[-5:] for each in (source.parent / "data/own-images").iterdir()] == [".lock"]


def test_all_that_is_broken_is_told_at_once_and_read_once(source, monkeypatch):
    class Leaving(Few):
        def __init__(self, path):
            super().__init__(path)
            self.skipped = {"a.png": "it leads out of the folder"}

    monkeypatch.setattr(reading, "find", lambda asked: Leaving(asked.path))
    with pytest.raises(DataInvalid, match=r"1 image cannot be used: a.png \(it leads out"):
        prepare(Reading(str(source)))
    assert list(prepare(Reading(str(source), skip_broken=True)).skipped) == ["a.png"]
    assert times_read(source) == 1


def test_colour_found_late_is_read_with_colour(source):
    change(source, seed=1, colour=True)
    assert prepare(Reading(str(source))).notes == ("12 images", "in colour")
    assert times_read(source) == 2


def test_folder_that_cannot_be_written_to_is_one_line(source, monkeypatch):
    monkeypatch.setenv("NAS_DATA", str(source))  # a file
    with pytest.raises(NASError) as error:
        prepare(Reading(str(source)))
    assert str(error.value) == (
        f"{source}/own-images cannot keep the images: Not a directory; "
        "set NAS_DATA to a folder that has room and can be written to"
    )


def test_full_disk_is_one_line(source, monkeypatch):
    reading = Reading(str(source))

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Few, "read_into", full)
        with pytest.raises(NASError, match="cannot keep the images: No space left on device; set"):
            prepare(reading)
    with monkeypatch.context() as patch:
        patch.setattr(_read_in.shutil, "disk_usage", lambda _: os.statvfs_result)
        patch.setattr(os.statvfs_result, "free", 100, raising=False)
        with pytest.raises(
            NASError, match=r"has 0.0 GB free, the images take 0.0 GB: set NAS_DATA"
        ):
            prepare(reading)
    prepare(reading)


def test_cache_where_nothing_can_be_written_is_read_all_the_same(source, monkeypatch):
    reading = Reading(str(source))
    prepared = prepare(reading)
    os.utime(prepared.folder / "pixels.bin", ns=(7, 7))

    def refuse(*_):
        raise NASError("read-only")

    monkeypatch.setattr(_cache, "write_json", refuse)
    monkeypatch.setattr(_cache, "held", None)
    assert prepare(reading).content == prepared.content


def test_hashes_do_not_depend_on_what_is_read_at_once(tmp_path, monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 256, (50, 7), dtype=np.uint8)
    pixels.tofile(tmp_path / "pixels")
    found = _cache.hashes(tmp_path / "pixels", 50)
    for at_once in (1, 7, 20, 349):
        monkeypatch.setattr(_cache, "AT_ONCE", at_once)
        assert np.array_equal(_cache.hashes(tmp_path / "pixels", 50), found)
    pixels.reshape(25, 14).tofile(tmp_path / "other")
    assert not np.isin(_cache.hashes(tmp_path / "other", 25), found).any()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A real folder of images, and an empty data folder."""
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "data"))
    return draw_folder(tmp_path / "images")


def test_folder_is_kept_and_divided(folder, capfd):
    prepared = prepare(Reading(str(folder)))
    divided = divide(prepared, validation=9)
    assert np.bincount(prepared.labels[divided.validation]).tolist() == [4, 3, 2]
    file = folder / prepared.classes[prepared.labels[0]] / "00000.png"
    assert np.array_equal(prepared.pixels()[0], np.asarray(Image.open(file)))
    check(Reading(str(folder)), prepared.content)
    assert capfd.readouterr() == ("", "")


def test_folder_whose_files_change_is_read_again(folder):
    reading = Reading(str(folder))
    contents = [prepare(reading).content]
    first, second, *_ = sorted(folder.rglob("*.png"))
    first.unlink()
    contents.append(prepare(reading).content)
    first.write_bytes(second.read_bytes())
    contents.append(prepare(reading).content)
    first.rename(first.with_name("99999.png"))
    contents.append(prepare(reading).content)
    assert len(set(contents)) == 4
    second.parent.rename(folder / "renamed")
    assert prepare(reading).content not in contents


def test_torn_file_in_a_folder(folder):
    whole = prepare(Reading(str(folder)))
    torn = sorted(folder.rglob("*.png"))[3]
    torn.write_bytes(torn.read_bytes()[:60])
    name = f"{torn.parent.name}/{torn.name}"
    with pytest.raises(DataInvalid, match=f"1 image cannot be used: {name} \\("):
        prepare(Reading(str(folder)))
    without = prepare(Reading(str(folder), skip_broken=True))
    assert len(without.rows) == len(whole.rows) - 1 and list(without.skipped) == [name]
    torn.unlink()
    removed = prepare(Reading(str(folder)))
    assert removed.content == without.content and removed.warnings == ()


def test_set_has_one_content_whatever_it_lies_in(folder, tmp_path):
    """A folder, a listing of its files in that order, and arrays with the names of classes."""
    of_folder = prepare(Reading(str(folder)))
    files = sorted(folder.rglob("*.png"), key=lambda file: (file.name, file.parent.name))
    rows = [(file.relative_to(tmp_path).as_posix(), file.parent.name) for file in files]
    listing = write_csv(tmp_path / "labels.csv", rows)
    pixels = np.stack([np.asarray(Image.open(file)) for file in files])
    np.savez(tmp_path / "a.npz", images=pixels, labels=[name for _, name in rows])
    for path in (listing, tmp_path / "a.npz"):
        other = prepare(Reading(str(path)))
        assert other.content == of_folder.content and other.classes == of_folder.classes
        assert np.array_equal(other.pixels(), of_folder.pixels())


def test_progress_is_shown_on_a_terminal_alone(capfd):
    with bar("reading images", 3) as told:
        told(3)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("soon", [0.0, 60.0])
def test_progress_is_shown_of_what_lasts(soon):
    """In a terminal of its own."""
    import pty

    program = (
        "from nas_env.data import _progress\n"
        f"_progress.SOON = {soon}\n"
        "with _progress.bar('reading images', 3) as told: told(1); told(2)\n"
    )
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", program])
    shown = b""
    while True:
        try:
            read = os.read(terminal, 4096)
        except OSError:  # Linux says so at the end
            break
        if not read:
            break
        shown += read
    os.close(terminal)
    assert os.waitpid(child, 0)[1] == 0
    assert (b"reading images" in shown and b"3/3" in shown) == (soon == 0)
