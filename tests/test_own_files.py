"""Files of images: each odd kind works and says what was done, or is refused by one line."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nas_env.data.images import _decoders, _files, _headers, decode, prepare
from nas_env.data.images.reading import Reading, find
from nas_env.errors import DataInvalid, NASError, UnknownName
from tests import _odd_files as odd
from tests._odd_files import FIRST, SECOND, THIRD, listed, listing
from tests._own import draw_csv, draw_folder, write_csv

TWO = [["{0}/00000.png", "a"], ["{1}/00000.png", "b"]]


pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(autouse=True)
def data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "data"))


@pytest.fixture
def folder(tmp_path):
    return draw_folder(tmp_path / "set", (4, 3, 3))


def read(path, **settings):
    return prepare(Reading(str(path), **settings))


def refusal(path, **settings):
    with pytest.raises((NASError, UnknownName, ValueError)) as error:
        read(path, **settings)
    (line,) = str(error.value).splitlines()
    return line


#: Those that images are broken in, by what makes them so; with the reason that is given.
BROKEN = [
    (odd.emptied, f"{FIRST}/00000.png (an empty file)"),
    (odd.truncated, f"{FIRST}/00000.png (truncated)"),
    (odd.truncated_jpeg, f"{FIRST}/photo.jpg (truncated)"),
    (odd.damaged, f"{FIRST}/00000.png (damaged"),
    (odd.web_page, f"{FIRST}/00000.png (not an image's content)"),
    (odd.animated(".gif"), "moving.gif (animated, or several pages)"),
    (odd.animated(".png"), "moving.png (animated, or several pages)"),
    (odd.animated(".webp"), "moving.webp (animated, or several pages)"),
    (odd.animated(".tif"), "moving.tif (animated, or several pages)"),
    (odd.floats, f"{FIRST}/00001.tif (1 of 1,024 values are NaN or infinite)"),
    (odd.bomb, "more than 100,000,000 pixels"),
    (odd.smaller_bomb, "11,000 x 10,000 pixels, more than 100,000,000"),
    (odd.link_outside, f"{FIRST}/link.png (a link that leaves the folder)"),
    (odd.class_outside, "more (a link that leaves the folder)"),
    (odd.link_to_nothing, f"{FIRST}/link.png (a link to what is not there)"),
    (odd.loop, f"{FIRST}/again/ (a link to a folder that it lies in)"),
    (odd.same_file, f"{SECOND}/same.png (the same file as {FIRST}/00000.png)"),
    (odd.linked_file, f"{SECOND}/same.png (the same file as {FIRST}/00000.png)"),
    (odd.pipe, f"{FIRST}/pipe.png (no ordinary file)"),
    (odd.empty_class, "nobody/ (a class without images)"),
    (odd.class_of_texts, "nobody/ (a class without images but 3 .heic)"),
    (listed([*TWO, ["gone.png", "a"]]), "gone.png (not there)"),
    (listed([*TWO, ["../set/{0}/00001.png", "a"]]), "(outside of the folder of the .csv)"),
    (listed([*TWO, ["/etc/a.png", "a"]]), "/etc/a.png (outside of the folder of the .csv)"),
    (
        listed([*TWO, ["{0}/00000.png", "b"], ["{0}/00001.png", "a"]]),
        "(of several classes: a in line 2, b in line 4)",
    ),
    (listed([*TWO, ["{0}", "a"]]), f"{FIRST} (no ordinary file)"),
    (listed([*TWO, ["a\0.png", "a"]]), "not there"),
]


@pytest.mark.parametrize(("spoil", "reason"), BROKEN)
def test_what_is_broken_is_named_and_left_out_if_that_is_wanted(folder, spoil, reason):
    path = spoil(folder) or folder
    line = refusal(path)
    assert reason in line
    assert line.startswith(str(path)[:20]) and line.endswith("go on without by --task.skip-broken")
    rest = read(path, skip_broken=True)
    assert len(rest.skipped) >= 1 and len(rest.rows) >= 1 and len(rest.classes) >= 2


#: Those that are refused whatever the settings, with words of the one line that says why.
REFUSED = [
    (odd.missing, {}, "there is no", "did you mean 'set'?"),
    (odd.missing_above, {}, "there is no folder"),
    (odd.empty_folder, {}, "is an empty folder, expected a folder for each class"),
    (odd.texts_alone, {}, "has only 1 .txt, expected a folder for each class"),
    (odd.without_classes, {}, "has 4 images and no folders, expected a folder for each class"),
    (odd.listing_in_it, {}, "give the path of", "labels.csv"),
    (odd.one_class, {}, "has a single class, cats, expected at least two"),
    (odd.one_too_high, {}, "has a single folder, in which are", "did you mean", "/set?"),
    (odd.splits_beside_classes, {}, f"has train beside {FIRST}", "--task.classes"),
    (odd.split_twice, {}, "has val and valid, expected one of them"),
    (odd.no_training, {}, "has test, val and no train"),
    (odd.flat_split, {}, "train has no folders, expected one for each class"),
    (odd.one_image, {}, "is one image, expected a folder"),
    (odd.archive, {}, "ends in .zip", "unpack it"),
    (odd.parquet, {}, "ends in .parquet", "save it as .csv"),
    (odd.twelve_bits, {}, "pixels have values from", "--task.range LOW HIGH"),
    (odd.sixteen_bits(4095), {}, "go up to 15, expected most of 255: save the images with 8 bits"),
    (lambda folder: folder, {"classes": (FIRST, "0001-squares")}, f"did you mean {SECOND!r}?"),
    (lambda folder: folder, {"layout": "channels-first"}, "--task.layout is of arrays"),
    (lambda folder: folder, {"columns": ("a", "b")}, "--task.columns is of a .csv"),
    (lambda folder: folder, {"range": (0.0, 1.0)}, "the pixels", "are bytes: leave it out"),
    (odd.text(b""), {}, "labels.csv is empty"),
    (odd.text(b"file,label\n"), {}, "a header and no rows"),
    (odd.text(b"file,label\na.png\n"), {}, "has 1 fields in line 2, expected at least 2"),
    (odd.text(b"file,label\na.png,\n"), {}, "has no label in line 2"),
    (odd.text(b"file,label\n,a\n"), {}, "has no file in line 2"),
    (odd.text(b"file,label\n\xff.png,a\n"), {}, "no text in UTF-8"),
    (odd.text(b"one,two,three\n1,2,3\n"), {}, "has the columns one, two, three", "--task.columns"),
    (odd.text(b"file,label,class\na,b,c\n"), {}, "has the columns label, class: set --task.col"),
    (odd.text(b"file,label\na.png,1.5\nb.png,2\n"), {}, "are real numbers, as 1.5"),
    (odd.text(b"file,label\na.png,x\nb.png,y\n"), {}, "none of the files of labels.csv is there"),
    (listed([["00000.png", "a"], ["00001.png", "b"]]), {}, f"did you mean {FIRST}/00000.png?"),
    (listed(TWO), {"columns": ("file", "labels")}, "unknown column of labels.csv", "'label'"),
    (listed([[*TWO[0], "x"], [*TWO[1], ""]], ("file", "label", "split")), {}, "has the split x in"),
]


@pytest.mark.parametrize(("make", "settings", "words"), [(m, s, w) for m, s, *w in REFUSED])
def test_what_cannot_be_read_gets_one_line(folder, make, settings, words):
    line = refusal(make(folder) or folder, **settings)
    assert [word for word in words if word not in line] == [], line


def test_all_that_is_broken_is_found_before_it_is_refused(folder):
    odd.many_broken(folder)
    line = refusal(folder)
    assert ": 5 images cannot be used: " in line and "and 1 more; mend or remove them" in line
    rest = read(folder, skip_broken=True)
    assert len(rest.rows) == 6 and len(rest.skipped) == 5


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("what", [FIRST, f"{FIRST}/00000.png"])
def test_what_may_not_be_read_is_named(folder, what):
    (folder / what).chmod(0)
    assert "(permission denied)" in refusal(folder)


SUFFIXES = (".png", ".JPG", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".TIFF", ".ppm", ".jfif")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_usual_formats_are_read(tmp_path, suffix):
    drawn = read(draw_folder(tmp_path / "set"))
    other = read(draw_folder(tmp_path / "other", suffix=suffix))
    assert other.shape == drawn.shape == (3, 32, 32)
    assert np.abs(other.pixels().astype(int) - drawn.pixels()).mean() < 8


@pytest.mark.parametrize(
    ("mode", "suffix", "channels"),
    [("1", ".png", 1), ("L", ".png", 1), ("LA", ".png", 1), ("P", ".png", 3), ("RGBA", ".png", 3),
     ("CMYK", ".jpg", 3), ("I", ".tif", 1), ("F", ".tif", 1), ("I;16", ".png", 1)],
)  # fmt: skip
def test_the_usual_modes_are_read(tmp_path, mode, suffix, channels):
    drawn = read(draw_folder(tmp_path / "set", mode="L" if channels == 1 else "RGB")).pixels()
    folder = draw_folder(tmp_path / "other", mode="L" if mode == "I;16" else mode, suffix=suffix)
    for file in folder.rglob("*.png") if mode == "I;16" else ():
        Image.fromarray(np.asarray(Image.open(file)).astype(np.uint16) * 257).save(file)
    other = read(folder)
    assert other.shape == (channels, 32, 32)
    close = {"1": 130, "P": 20}.get(mode, 8)
    assert np.abs(other.pixels().astype(int) - drawn).mean() < close


def test_deep_pixels_say_what_is_black_and_white(folder):
    odd.twelve_bits(folder)
    assert "values 0 to 4095 as black to white" in read(folder, range=(0.0, 4095.0)).notes


def test_colour_of_sixteen_bits_is_read_by_its_upper_bits(folder):
    odd.sixteen_bits(0xC0FF)(folder)
    read_in = read(folder)
    assert "16-bit colour by its upper 8 bits" in read_in.notes
    assert np.unique(read_in.pixels()).tolist() == [0xC0]


def test_transparency_is_laid_over_white_and_counted(folder):
    for file, colour in ((odd.first(folder), (255, 0, 0, 0)), (folder / FIRST / "00001.png", 0)):
        mode = "RGBA" if colour else "P"
        Image.new(mode, (32, 32), colour).save(file, **({} if colour else {"transparency": 0}))
    read_in = read(folder)
    assert "2 images with transparency over white" in read_in.notes
    assert read_in.pixels()[[0, 3]].min() == 255


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_images_are_turned_as_they_are_shown(tmp_path, suffix):
    image = odd.picture(24, 30)
    lying = image.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in "ab":
        (tmp_path / "set" / name).mkdir(parents=True)
        lying.save(tmp_path / "set" / name / f"1{suffix}", exif=exif, quality=100)
    turned = read(tmp_path / "set")
    assert turned.shape == (3, 24, 30)
    assert np.abs(turned.pixels()[0].astype(int) - np.asarray(image)).mean() < 20
    assert ("2 images turned by EXIF" in turned.notes) == (suffix != ".tif")  # Pillow turns it


def test_a_photographs_preview_is_no_second_page(folder):
    pages = [odd.picture(), odd.picture(16, 16)]
    pages[0].save(folder / FIRST / "x.jpg", "MPO", save_all=True, append_images=pages[1:])
    assert len(read(folder).rows) == 11


@pytest.mark.parametrize(
    ("sizes", "settings", "shape", "note"),
    [
        ([(8, 8)], {}, (8, 8), None),
        ([(24, 30)], {}, (24, 30), None),
        ([(512, 512)], {}, (32, 32), "512×512 resized by area (--task.size for more)"),
        ([(96, 128)], {"size": 128}, (96, 128), None),
        ([(512, 512)], {"size": 512}, (512, 512), None),
        ([(96, 128)], {}, (24, 32), "96×128 resized by area (--task.size for more)"),
        ([(16, 16), (20, 30), (20, 30)], {}, (20, 30),
         "16×16 to 20×30 resized by interpolation and cropped in the middle"),
        ([(32, 48)], {"size": (16, 16), "fit": "pad"}, (16, 16),
         "32×48 resized by area and padded with black"),
        ([(32, 48)], {"size": (16, 16), "fit": "stretch"}, (16, 16),
         "32×48 resized by area and stretched"),
        ([(8, 8)], {"size": 16}, (16, 16), "8×8 resized by interpolation"),
    ],
)  # fmt: skip
def test_sizes_are_brought_to_one_and_that_is_said(tmp_path, sizes, settings, shape, note):
    read_in = read(draw_folder(tmp_path / "set", (3, 3, 3), sizes), **settings)
    assert read_in.shape[1:] == shape
    assert read_in.pixels().shape == (9, *shape, 3)
    assert [*read_in.notes] == ([note] if note else [])


@pytest.mark.parametrize(
    ("sizes", "settings", "words"),
    [
        ([(4, 4)], {}, "(4×4) would become 4×4, expected sides of 8 to 512 pixels"),
        ([(8, 400)], {}, "would become 1×32, expected sides of 8 to 512 pixels: set --task.size"),
        ([(32, 32)], {"size": 4}, "size is 4, expected --task.size SIDE or HEIGHT WIDTH, each"),
        ([(32, 32)], {"size": (32, 1024)}, "size is 32 1024"),
        ([(32, 32)], {"range": (1.0, 1.0)}, "range is 1 1, expected --task.range LOW HIGH"),
        ([(32, 32)], {"classes": (FIRST,)}, "alone, expected at least two classes"),
        ([(32, 32)], {"classes": (FIRST, FIRST)}, "twice, expected each class once"),
        ([(32, 32)], {"columns": ("file",)}, "expected --task.columns FILE LABEL"),
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path, sizes, settings, words):
    assert words in refusal(draw_folder(tmp_path / "set", (3, 3, 3), sizes), **settings)


def test_a_path_has_to_be_given():
    assert "--task.path" in refusal("")


def test_shrinking_averages_areas():
    squares = np.kron(np.array([[0, 100], [200, 60]], np.uint8), np.ones((16, 16), np.uint8))
    small = decode.fitted(Image.fromarray(squares), 2, 2, "stretch")
    assert np.asarray(small).tolist() == [[0, 100], [200, 60]]


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_the_middle_is_kept(fit):
    wide = np.zeros((32, 64), np.uint8)
    wide[:, 16:48] = 200
    fitted = np.asarray(decode.fitted(Image.fromarray(wide), 16, 16, fit))
    expected = {"crop": 200, "pad": 200 / 4, "stretch": 100}[fit]
    assert fitted.mean() == pytest.approx(expected, rel=0.02)


def test_a_large_photograph_becomes_what_its_areas_average(tmp_path):
    large = odd.picture(640, 960)
    for suffix in (".png", ".jpg"):
        large.save(tmp_path / f"large{suffix}", quality=100)
    target = decode.Target(3, 32, 48)
    png, jpg = (decode.decode(str(tmp_path / f"large{suffix}"), target, decode.Part()).astype(int)
                for suffix in (".png", ".jpg"))  # fmt: skip
    assert np.abs(png - jpg).mean() < 3


def test_grey_images_have_one_channel_and_one_in_colour_gives_all_three(tmp_path):
    assert read(draw_folder(tmp_path / "set", mode="L")).shape == (1, 32, 32)
    odd.picture().save(tmp_path / "set" / FIRST / "00003.png")
    assert read(tmp_path / "set").shape == (3, 32, 32)


def test_colour_beyond_the_sample_is_found_too(tmp_path, monkeypatch):
    monkeypatch.setattr(_headers, "SAMPLE", 2)
    draw_folder(tmp_path / "set", mode="L")
    odd.picture().save(tmp_path / "set" / FIRST / "00003.png")
    assert read(tmp_path / "set").shape == (3, 32, 32)


def test_files_that_are_no_images_are_counted_and_hidden_ones_are_not(folder):
    for name in ("notes.txt", f"{FIRST}/readme.md", f"{SECOND}/list.TXT"):
        (folder / name).write_text("")
    for name in (".DS_Store", f"{FIRST}/._00000.png", f"{FIRST}/Thumbs.db"):
        (folder / name).write_text("")
    (folder / ".cache").mkdir()
    (folder / "__MACOSX").mkdir()
    read_in = read(folder)
    assert read_in.notes == ("3 files left out as no images: 2 .txt, 1 .md",)
    assert (len(read_in.rows), len(read_in.classes)) == (10, 3)


def test_images_beside_the_folders_of_classes_are_counted(folder):
    odd.picture().save(folder / "stray.png")
    assert read(folder).notes == ("1 image left out beside the folders of classes",)


ODD_NAMES = ("with space.png", "ünï🙂.png", "two\nlines.png", "'quoted\".png", "-rf.png", "a.b.PNG")


@pytest.mark.parametrize("many", [False, True])
def test_names_may_have_any_characters(folder, many, monkeypatch):
    monkeypatch.setattr(_files, "MANY", 1 if many else 1_000)
    for name in ODD_NAMES:
        odd.picture().save(folder / FIRST / name, "PNG")
    undecodable = os.fsencode(folder / FIRST) + b"/\xff\xfe.png"
    Path(os.fsdecode(undecodable)).write_bytes(odd.first(folder).read_bytes())
    (folder / FIRST / "bro\nken.png").write_text("")
    assert r"bro\nken.png' (an empty file)" in refusal(folder)
    assert len(read(folder, skip_broken=True).rows) == 10 + len(ODD_NAMES) + 1


def test_images_lie_in_folders_within_a_class(folder):
    draw_folder(folder / FIRST / "deeper", {"still": 2})
    assert np.bincount(read(folder).labels).tolist() == [6, 3, 3]


def test_links_within_the_folder_are_followed(folder):
    draw_folder(folder, {".hidden": 2})
    (folder / "zebra").symlink_to(folder / ".hidden")
    assert np.bincount(read(folder).labels).tolist() == [4, 3, 3, 2]


def test_folders_that_link_to_each_other_end(folder):
    odd.loop_of_two(folder)
    assert "(a link to a folder that it lies in)" in refusal(folder)


def test_the_folder_itself_may_be_a_link(folder):
    (folder.parent / "link").symlink_to(folder)
    assert len(read(folder.parent / "link").rows) == 10


def test_numbers_are_ordered_as_numbers(tmp_path):
    draw_folder(tmp_path / "set", {"10": 2, "9": 3, "cat": 2})
    for name, file in (("9", "2.png"), ("10", "10.png"), ("cat", "1.png")):
        odd.picture().save(tmp_path / "set" / name / file)
    found = find(Reading(str(tmp_path / "set")))
    assert found.classes == ("9", "10", "cat")
    assert [found.name(row) for row in range(3)] == ["cat/1.png", "9/2.png", "10/10.png"]


def test_some_classes_are_used_in_the_order_in_which_they_are_named(folder):
    read_in = read(folder, classes=(THIRD, FIRST))
    assert read_in.classes == (THIRD, FIRST)
    assert np.bincount(read_in.labels).tolist() == [3, 4]


@pytest.mark.parametrize("names", [("train", "val", "test"), ("Training", "validation", "testing")])
def test_splits_lie_above_classes(tmp_path, names):
    for name, count in zip(names, (6, 3, 2), strict=True):
        draw_folder(tmp_path / "set" / name, (count, count), seed=count)
    assert np.bincount(read(tmp_path / "set").splits).tolist() == [0, 12, 6, 4]


def test_a_single_split_is_to_be_divided(tmp_path):
    draw_folder(tmp_path / "set" / "train", (4, 4))
    (tmp_path / "set" / "test").mkdir()
    odd.picture().save(tmp_path / "set" / "test" / "1.png")
    read_in = read(tmp_path / "set")
    assert not read_in.splits.any()
    assert read_in.notes == ("test left out: 1 image without folders of classes",)


def test_classes_may_be_called_as_splits_are(tmp_path):
    folder = draw_folder(tmp_path / "set", {"train": 3, "bus": 3})
    assert read(folder, classes=("bus", "train")).classes == ("bus", "train")


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"delimiter": ";"},
        {"delimiter": "\t"},
        {"header": ("image_path", "Class Name")},
        {"header": ("ID", "target")},
        {"header": None},
    ],
)
def test_a_listing_gives_what_the_folder_gives(tmp_path, how):
    expected = read(draw_folder(tmp_path / "set", (4, 3, 3)))
    read_in = read(listing(**how)(tmp_path / "set"))
    assert read_in.content == expected.content


def test_columns_of_a_listing_are_named(tmp_path):
    path = draw_csv(tmp_path / "set", header=("what", "kind"))
    assert read(path, columns=("what", "kind")).classes == read(tmp_path / "set/images").classes


def test_a_listing_has_splits(folder):
    files = sorted(str(file.relative_to(folder)) for file in folder.rglob("*.png"))
    splits = ("train", "val", "Test", "")
    rows = [(file, file[:4], splits[number % 4]) for number, file in enumerate(files)]
    path = write_csv(folder / "labels.csv", rows, ("file", "label", "split"))
    assert read(path).splits.tolist() == [1, 2, 3, 0, 1, 2, 3, 0, 1, 2]


def test_a_listing_is_followed_row_by_row(folder):
    rows = [(f"./{THIRD}/00000.png", "a"), (f"{FIRST}/00000.png", "b"), (f"{FIRST}/00000.png", "b")]
    found = find(Reading(str(write_csv(folder / "labels.csv", rows))))
    assert [found.name(row) for row in range(3)] == [
        f"{THIRD}/00000.png",
        *[f"{FIRST}/00000.png"] * 2,
    ]


@pytest.mark.parametrize("change", ["touch", "rename", "remove", "add"])
def test_a_changed_source_has_another_fingerprint(folder, change):
    before = find(Reading(str(folder))).fingerprint
    assert find(Reading(str(folder))).fingerprint == before
    file = odd.first(folder)
    match change:
        case "touch":
            os.utime(file, ns=(1, 1))
        case "rename":
            file.rename(file.with_name("zzz.png"))
        case "remove":
            file.unlink()
        case "add":
            shutil.copy(file, file.with_name("more.png"))
    assert find(Reading(str(folder))).fingerprint != before


def test_processes_decode_what_one_decodes(folder, tmp_path, monkeypatch):
    odd.damaged(folder)
    found = find(Reading(str(folder)))
    form = found.form()
    told = []
    alone = found.read_into(tmp_path / "alone", form, told.append)
    monkeypatch.setattr(_files, "MANY", 1)
    monkeypatch.setattr(_files, "EACH", 1)
    monkeypatch.setattr(_decoders, "FILES", 2)
    together = found.read_into(tmp_path / "together", form, told.append)
    assert alone == together and list(alone.broken) == [0]
    assert (tmp_path / "alone").read_bytes() == (tmp_path / "together").read_bytes()
    assert sum(told) == 20


def test_a_decoder_that_dies_gives_one_line(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(_files, "MANY", 1)
    monkeypatch.setattr(_files, "EACH", 1)
    monkeypatch.setattr(_decoders, "FILES", 1)
    found = find(Reading(str(folder)))
    started = []
    ask = _decoders.Decoder.ask

    def deadly(decoder, request):
        started.append(decoder.process)
        ask(decoder, request)
        if len(started) == 3:
            decoder.process.kill()

    monkeypatch.setattr(_decoders.Decoder, "ask", deadly)
    with pytest.raises(DataInvalid, match=r"^a process that decodes images ended by SIGKILL while"):
        found.read_into(tmp_path / "pixels", found.form(), lambda images: None)
    assert all(process.returncode is not None for process in started)


PROGRAM = """
import signal, sys, threading
from pathlib import Path
from nas_env.data.images import _files
from nas_env.data.images.reading import Reading, find
_files.MANY = _files.EACH = 1
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
found = find(Reading(sys.argv[1]))
def told(images):
    print("read", flush=True)
    threading.Event().wait()
found.read_into(Path(sys.argv[2]), found.form(), told)
"""


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGKILL])
def test_no_decoder_is_left_behind(folder, tmp_path, way):
    command = [sys.executable, "-c", PROGRAM, str(folder), str(tmp_path / "pixels")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"read\n"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.send_signal(way)
        process.wait()
    assert children
    limit = time.monotonic() + 20
    while any(_alive(child) for child in children):
        assert time.monotonic() < limit
        time.sleep(0.01)


def _alive(process):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_every_refusal_is_printable(folder):
    (folder / FIRST / "\x1b[31m.png").write_text("")
    assert re.fullmatch(r"[ -~…×]*", refusal(folder))


def test_an_image_of_any_size_is_cropped_within_its_edges():
    """Rounding makes a box that begins at -1e-15, which Pillow refuses."""
    for width in range(20, 130):
        for height in (33, 40, 90):
            image = Image.new("L", (width, height), 7)
            for target in ((22, 32), (13, 48), (31, 31)):
                assert decode.fitted(image, *target, "crop").getextrema() == (7, 7)
