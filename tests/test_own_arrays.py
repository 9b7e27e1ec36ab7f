"""Arrays of images: each odd kind works and says what was done, or is refused by one line."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from nas_env.data.images import _members, _pieces, prepare
from nas_env.data.images.reading import Reading, find
from nas_env.errors import NASError, UnknownName
from tests._own import draw_arrays, draw_npz

IMAGES, LABELS = draw_arrays((12, 9, 6))
GREY = draw_arrays((12, 9, 6), mode="L")[0]
GREY = np.rint((GREY - GREY.min()) * (255.0 / np.ptp(GREY))).astype(np.uint8)
WIDE, _ = draw_arrays((12, 9, 6), (24, 30))
DEEP = GREY.astype(np.uint16) * 257
ALPHA = np.concatenate([IMAGES, np.full((27, 32, 32, 1), 255, np.uint8)], -1)


pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(autouse=True)
def data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "data"))


def save(path, images=IMAGES, labels=LABELS, **more):
    np.savez(path / "set.npz", images=images, labels=labels, **more)
    return path / "set.npz"


def read(path, **settings):
    return prepare(Reading(str(path), **settings))


def refusal(path, **settings):
    with pytest.raises((NASError, UnknownName, ValueError)) as error:
        read(path, **settings)
    (line,) = str(error.value).splitlines()
    return line


#: Images, settings, what they become, and the notes on that.
FORMS = {
    "channels last": (IMAGES, {}, IMAGES, ["channels last"]),
    "channels first": (np.moveaxis(IMAGES, -1, 1), {}, IMAGES, ["channels first"]),
    "one channel first": (GREY[:, None], {}, GREY, ["channels first"]),
    "no axis of channels": (GREY, {}, GREY, ["no axis of channels"]),
    "not square": (WIDE, {}, WIDE, ["channels last"]),
    "not square, first": (np.moveaxis(WIDE, -1, 1), {}, WIDE, ["channels first"]),
    "columns before rows": (np.asfortranarray(IMAGES), {}, IMAGES, ["channels last"]),
    "alpha": (ALPHA, {}, IMAGES, ["channels last", "transparency over white"]),
    "bool": (GREY > 90, {}, (GREY > 90) * 255, ["no axis of channels"]),
    "0 and 1": ((GREY > 90) * 1, {}, (GREY > 90) * 255, ["values 0 to 1 as black to white"]),
    "bytes 0 and 1": ((GREY > 90).astype(np.uint8), {}, (GREY > 90) * 255, ["values 0 to 1"]),
    "uint16": (DEEP, {}, GREY, ["values 0 to 65535 as black to white"]),
    "bytes as uint16": (GREY.astype(np.uint16), {}, GREY, ["values 0 to 255"]),
    "int64": (GREY.astype(int), {}, GREY, ["values 0 to 255 as black to white"]),
    "0 to 1": (GREY / 255.0, {}, GREY, ["values 0 to 1 as black to white"]),
    "float32": ((GREY / 255).astype("f4"), {}, GREY, ["values 0 to 1 as black to white"]),
    "float16": ((GREY / 255).astype("f2"), {}, GREY, ["values 0 to 1 as black to white"]),
    "big endian": ((GREY / 255).astype(">f8"), {}, GREY, ["values 0 to 1 as black to white"]),
    "0 to 255": (GREY.astype(float), {}, GREY, ["values 0 to 255 as black to white"]),
    "-1 to 1": (GREY / 127.5 - 1, {}, GREY, ["values -1 to 1 as black to white"]),
    "rounding": (GREY / 255 * 1.0000002, {}, GREY, ["values 0 to 1 as black to white"]),
    "12 bits": (GREY.astype(np.uint16) * 16, {"range": (0.0, 4080.0)}, GREY, ["values 0 to 4080"]),
    "inverted": (255 - GREY.astype(float), {"range": (255.0, 0.0)}, GREY, ["values 255 to 0"]),
    "bytes of few": (GREY // 16, {"range": (0.0, 15.0)}, GREY // 16 * 17, ["values 0 to 15"]),
    "a window": (GREY.astype(int) - 1000, {"range": (-1000.0, -745.0)}, GREY, ["values -1000"]),
    "huge": (GREY * 1e300, {"range": (0.0, 2.55e302)}, GREY, ["values 0 to 2.55e+302"]),
    "told first": (IMAGES[:, :3, :, :], {"layout": "channels-first", "size": (8, 8)}, None, []),
}


@pytest.mark.parametrize("kind", FORMS)
def test_what_arrays_become(tmp_path, kind):
    images, settings, expected, notes = FORMS[kind]
    read_in = read(save(tmp_path, images), **settings)
    said = "; ".join(read_in.notes)
    assert [note for note in notes if note not in said] == [], said
    assert read_in.labels.tolist() == LABELS.tolist()
    if expected is not None:
        whole = expected if expected.ndim == 4 else expected[..., None]
        assert np.array_equal(read_in.pixels(), whole)


#: Images, labels, settings, and words of the one line by which they are refused.
REFUSED = {
    "flat": (GREY.reshape(27, -1), LABELS, {}, "(27, 1024)", "images.reshape(-1, 32, 32)"),
    "flat colour": (IMAGES.reshape(27, -1), LABELS, {}, "images.reshape(-1, 3, 32, 32)"),
    "flat and odd": (GREY.reshape(27, -1)[:, :1000], LABELS, {}, "reshape(-1, height, width)"),
    "videos": (IMAGES[:, None], LABELS, {}, "(27, 1, 32, 32, 3), expected images, height, width"),
    "two channels": (IMAGES[..., :2], LABELS, {}, "of which there are 1, 3 or 4"),
    "both axes": (IMAGES[:, :3], LABELS, {}, "set --task.layout channels-first or channels-last"),
    "told wrongly": (IMAGES, LABELS, {"layout": "channels-first"}, ", channels first"),
    "complex": (GREY * 1j, LABELS, {}, "complex128 (27, 32, 32), expected numbers"),
    "texts": (np.full((27, 8, 8), "a"), LABELS, {}, "expected numbers"),
    "none": (GREY[:0], LABELS[:0], {}, "uint8 (0, 32, 32), expected at least one image"),
    "no pixels": (GREY[:, :0], LABELS, {}, "expected at least one image with pixels"),
    "more images": (GREY, LABELS[:20], {}, "are 27, its labels 20, expected as many of both"),
    "images last": (np.moveaxis(IMAGES, 0, -1), LABELS, {}, "np.moveaxis(images, -1, 0)"),
    "12 bits": (GREY.astype(np.uint16) * 16, LABELS, {}, "as --task.range 0 4080"),
    "dark": (GREY / 2550.0, LABELS, {}, "have values from 0 to 0.", "--task.range LOW HIGH"),
    "standardised": (GREY / 50.0 - 2, LABELS, {}, "have values from -2 to", "--task.range -2"),
    "negative": (GREY.astype(int) - 100, LABELS, {}, "have values from -100 to"),
    "16 levels": (GREY // 16.0, LABELS, {}, "have values from 0 to 15", "--task.range 0 15"),
    "black": (GREY * 0.0, LABELS, {}, "have values from 0 to 0"),
    "all NaN": (GREY * np.nan, LABELS, {}, "are NaN or infinite alone"),
    "bool with range": (GREY > 9, LABELS, {"range": (0.0, 1.0)}, "true and false: leave it out"),
    "bytes with range": (GREY, LABELS, {"range": (0.0, 1.0)}, "are bytes up to 255: leave it out"),
    "small": (GREY[:, :4], LABELS, {}, "(4×32) would become 4×32, expected sides of 8 to 512"),
    "real labels": (GREY, LABELS + 0.5, {}, "labels of set.npz are real numbers, as"),
    "NaN labels": (GREY, np.where(LABELS == 1, np.nan, LABELS), {}, "NaN or infinite in 9 places"),
    "two labels": (GREY, np.stack([LABELS, LABELS], 1), {}, "have the shape (27, 2), and row"),
    "two ones": (GREY, np.ones((27, 3), int), {}, "row 0 is 1 1 1"),
    "label images": (GREY, GREY, {}, "have the shape (27, 32, 32), expected one label an image"),
    "empty labels": (GREY, np.array(["", "a", "b"])[LABELS], {}, "are empty texts in 12 places"),
    "dates": (GREY, LABELS.astype("M8[s]"), {}, "expected whole numbers or texts"),
    "objects": (GREY, np.array([{}] * 27), {}, "Python objects, which are not unpickled"),
    "object images": (np.array([None] * 27), LABELS, {}, "object (27), expected numbers"),
    "one class": (GREY, LABELS * 0, {}, "has a single class, 0, expected at least two"),
    "unknown class": (GREY, LABELS, {"classes": ("0", "9")}, "unknown class of", "known are 0, 1"),
    "columns": (GREY, LABELS, {"columns": ("a", "b")}, "--task.columns is of a .csv"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_read_gets_one_line(tmp_path, kind):
    images, labels, settings, *words = REFUSED[kind]
    line = refusal(save(tmp_path, images, labels), **settings)
    assert [word for word in words if word not in line] == [], line


#: Labels that mean the same, and the names of their classes.
LABELS_ALIKE = {
    "from 1": (LABELS + 1, ("1", "2", "3")),
    "negative": (LABELS - 1, ("-1", "0", "1")),
    "with gaps": (LABELS * 10, ("0", "10", "20")),
    "a column": (LABELS[:, None], ("0", "1", "2")),
    "floats": (LABELS.astype(float), ("0", "1", "2")),
    "bytes": (LABELS.astype(np.uint8), ("0", "1", "2")),
    "one-hot": (np.eye(3)[LABELS], ("0", "1", "2")),
    "one-hot, bool": (np.eye(3, dtype=bool)[LABELS], ("0", "1", "2")),
    "texts": (np.array(["ant", "bee", "cat"])[LABELS], ("ant", "bee", "cat")),
    "encoded": (np.array([b"ant", b"bee", b"cat"])[LABELS], ("ant", "bee", "cat")),
    "numbers as texts": (np.array(["9", "10", "11"])[LABELS], ("9", "10", "11")),
}


@pytest.mark.parametrize("kind", LABELS_ALIKE)
def test_labels_become_classes(tmp_path, kind):
    labels, classes = LABELS_ALIKE[kind]
    read_in = read(save(tmp_path, labels=labels))
    assert read_in.labels.tolist() == LABELS.tolist()
    assert read_in.classes == classes


def test_two_classes_of_bool(tmp_path):
    assert read(save(tmp_path, labels=LABELS > 0)).classes == ("0", "1")


@pytest.mark.parametrize("value", [np.nan, np.inf, -3.0, 200.0])
def test_numbers_that_are_none_are_counted_and_named(tmp_path, value):
    images = GREY / 255.0
    images[5, 3, 4:7] = value
    images[8, 0, 0] = value
    reason = "outside of 0 to 1: set --task.range LOW HIGH"
    if not np.isfinite(value):
        reason = "(3 of 1,024 values are NaN or infinite)"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_pieces, "SAMPLE", 2)  # neither image is in the sample
        line = refusal(save(tmp_path, images))
        rest = read(tmp_path / "set.npz", skip_broken=True)
    assert "2 images cannot be used: images[5] of set.npz" in line and reason in line
    assert "images[8] of set.npz" in line
    assert sorted(set(range(27)) - set(rest.rows.tolist())) == [5, 8]
    assert np.array_equal(rest.pixels()[rest.rows][..., 0], GREY[rest.rows])


@pytest.mark.parametrize("size", [(16, 16), (48, 48), (20, 30)])
def test_arrays_are_fitted_as_files_are(tmp_path, size):
    for row, (image, label) in enumerate(zip(IMAGES, LABELS.tolist(), strict=True)):
        (tmp_path / f"set/{label}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(tmp_path / f"set/{label}/{row:03}.png")
    assert read(save(tmp_path), size=size).content == read(tmp_path / "set", size=size).content


SPLITS = {
    "ours": ("images", "labels", "validation_images", "validation_labels", "test_images",
             "test_labels"),
    "Keras": ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test"),
    "MedMNIST": ("train_images", "train_labels", "val_images", "val_labels", "test_images",
                 "test_labels"),
    "capitals": ("X_train", "Y_train", "X_valid", "Y_valid", "X_test", "Y_test"),
}  # fmt: skip


@pytest.mark.parametrize("how", SPLITS)
@pytest.mark.parametrize("packed", [np.savez, np.savez_compressed])
def test_splits_have_usual_names(tmp_path, how, packed):
    cut = (slice(0, 15), slice(15, 21), slice(21, 27))
    arrays = [part[each] for each in cut for part in (IMAGES, LABELS)]
    packed(tmp_path / "set.npz", **dict(zip(SPLITS[how], arrays, strict=True)))
    read_in = read(tmp_path / "set.npz")
    assert np.array_equal(read_in.pixels(), IMAGES)
    assert read_in.splits.tolist() == [1] * 15 + [2] * 6 + [3] * 6


def test_one_split_alone_is_to_be_divided(tmp_path):
    np.savez(tmp_path / "set.npz", x_train=IMAGES, y_train=LABELS)
    assert not read(tmp_path / "set.npz").splits.any()


@pytest.mark.parametrize("names", [("images", "labels"), ("x", "y"), ("X_train", "y_train"),
                                   ("flower_images_2", "flower_labels_2")])  # fmt: skip
@pytest.mark.parametrize("given", [0, 1])
def test_two_files_are_given_by_either(tmp_path, names, given):
    for name, array in zip(names, (IMAGES, LABELS), strict=True):
        np.save(tmp_path / f"{name}.npy", array)
    assert np.array_equal(read(tmp_path / f"{names[given]}.npy").pixels(), IMAGES)


def test_two_files_are_given_by_their_folder(tmp_path):
    for name, array in (("images", IMAGES), ("labels", LABELS), ("test_images", GREY)):
        np.save(tmp_path / f"{name}.npy", array)
    assert "expected test_images and test_labels" in refusal(tmp_path)
    np.save(tmp_path / "test_labels.npy", LABELS)
    assert "test_images of test_images.npy are uint8 (27, 32, 32), " in refusal(tmp_path)
    np.save(tmp_path / "test_images.npy", IMAGES)
    assert len(read(tmp_path).rows) == 54


def test_an_array_without_its_labels_is_refused(tmp_path):
    np.save(tmp_path / "my_images.npy", IMAGES)
    assert "there is no" in refusal(tmp_path / "my_images.npy")
    np.save(tmp_path / "images.npy", IMAGES)
    line = refusal(tmp_path / "images.npy")
    assert "expected images and labels" in line
    np.save(tmp_path / "what.npy", IMAGES)
    assert "is one array, expected images.npy and labels.npy" in refusal(tmp_path / "what.npy")


def test_arrays_without_names_are_refused(tmp_path):
    np.savez(tmp_path / "set.npz", IMAGES, LABELS)
    assert "has arr_0, arr_1, expected images and labels" in refusal(tmp_path / "set.npz")
    np.savez(tmp_path / "set.npz", images=IMAGES, x=IMAGES, labels=LABELS)
    assert "has images, x, expected one of them" in refusal(tmp_path / "set.npz")


@pytest.mark.parametrize("keep", [0, 100, 0.5, 0.99])
def test_a_torn_file_gets_one_line(tmp_path, keep):
    for path in (draw_npz(tmp_path / "set.npz"), tmp_path / "images.npy"):
        np.save(tmp_path / "labels.npy", LABELS)
        if path.suffix == ".npy":
            np.save(path, IMAGES)
        content = path.read_bytes()
        path.write_bytes(content[: keep if isinstance(keep, int) else int(len(content) * keep)])
        assert "is damaged or not whole" in refusal(path)


@pytest.mark.parametrize("place", [189, 1_000])
def test_a_damaged_file_gets_one_line(tmp_path, place):
    path = draw_npz(tmp_path / "set.npz")
    content = bytearray(path.read_bytes())
    content[place] ^= 255
    path.write_bytes(content)
    assert "set.npz is damaged or not whole" in refusal(path)


def test_a_file_of_another_content_gets_one_line(tmp_path):
    with zipfile.ZipFile(tmp_path / "set.npz", "w") as file:
        file.writestr("images.npy", b"nothing")
    assert "set.npz is damaged or not whole" in refusal(tmp_path / "set.npz")


def test_some_classes_are_used(tmp_path):
    read_in = read(save(tmp_path), classes=("2", "0"))
    kept = np.flatnonzero(LABELS != 1)
    assert np.array_equal(read_in.pixels(), IMAGES[kept])
    assert read_in.labels.tolist() == [{2: 0, 0: 1}[n] for n in LABELS[kept].tolist()]
    found = find(Reading(str(tmp_path / "set.npz"), classes=("2", "0")))
    assert found.name(7) == f"images[{kept[7]}] of set.npz"


@pytest.mark.parametrize("packed", [True, False])
def test_arrays_are_read_bit_by_bit(tmp_path, monkeypatch, packed):
    monkeypatch.setattr(_members, "BYTES", 3 * IMAGES[0].nbytes + 1)
    if packed:
        path = draw_npz(tmp_path / "set.npz")
    else:
        np.save(tmp_path / "images.npy", IMAGES)
        np.save(tmp_path / "labels.npy", LABELS)
        path = tmp_path
    told = []
    found = find(Reading(str(path)))
    found.read_into(tmp_path / "pixels", found.form(), told.append)
    assert told == [3] * 9
    assert (tmp_path / "pixels").read_bytes() == IMAGES.tobytes()


def test_the_same_arrays_have_the_same_content_however_they_are_saved(tmp_path):
    content = read(save(tmp_path)).content
    assert read(draw_npz(tmp_path / "packed.npz")).content == content
    np.save(tmp_path / "x.npy", IMAGES / 255)
    np.save(tmp_path / "y.npy", LABELS)
    assert read(tmp_path / "x.npy").content == content


def test_a_changed_file_has_another_fingerprint(tmp_path):
    before = find(Reading(str(save(tmp_path)))).fingerprint
    assert find(Reading(str(tmp_path / "set.npz"))).fingerprint == before
    save(tmp_path, GREY)
    assert find(Reading(str(tmp_path / "set.npz"))).fingerprint != before
