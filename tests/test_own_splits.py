"""Images of one's own in three splits: stratified, by a seed, or as the data has them."""

from pathlib import Path

import numpy as np
import pytest

from nas_env.data.images import Prepared
from nas_env.data.images.reading import SPLITS
from nas_env.data.images.splits import divide
from nas_env.errors import DataInvalid, InvalidValue


def images(counts, splits=None, *, hashes=None, rows=None, seed=0):
    """So many images of each class, in a random order, which are all different."""
    labels = np.repeat(np.arange(len(counts)), counts)
    order = np.random.default_rng(seed).permutation(len(labels))
    given = np.zeros(len(labels), np.uint8) if splits is None else np.array(splits, np.uint8)
    return Prepared(
        classes=tuple(f"c{number}" for number in range(len(counts))),
        labels=labels[order],
        splits=given[order],
        hashes=np.arange(len(labels), dtype=np.uint64) if hashes is None else hashes,
        rows=np.arange(len(labels)) if rows is None else np.array(rows),
        shape=(1, 8, 8),
        content="0" * 16,
        notes=(),
        skipped={},
        folder=Path("nowhere"),
        stamp=(0, 0),
    )


def per_class(prepared, rows):
    return np.bincount(prepared.labels[rows], minlength=len(prepared.classes))


def given(**counts):
    """The split of each image, class by class: ``given(train=[3, 2], test=[1, 0])``."""
    table = np.array([counts.get(name, [0, 0]) for name in SPLITS])
    found = [np.repeat(np.arange(4), column) for column in table.T]
    return [int(sum(column)) for column in table.T], np.concatenate(found)


RNG = np.random.default_rng(0)
DRAWN = [
    *([int(n) for n in RNG.integers(2, 60, RNG.integers(2, 12))] for _ in range(12)),
    [2, 2],
    [97, 3],
    [2] * 1000,
    [5_000, 2, 2, 2, 2],
    [50] * 1000,
]


@pytest.mark.parametrize("counts", DRAWN, ids=lambda counts: f"{len(counts)}x{sum(counts)}")
@pytest.mark.parametrize("validation", [0.01, 0.2, 0.45])
@pytest.mark.parametrize("test", [0, 0.1])
def test_each_class_is_divided_in_proportion(counts, validation, test):
    prepared = images(counts)
    if sum(max(n - 2, 0) for n in counts) < test * sum(counts):
        pytest.skip("nothing is left for a test split")
    divided = divide(prepared, validation=validation, test=test, seed=3)
    together = np.concatenate([divided.train, divided.validation, divided.test])
    assert np.array_equal(np.sort(together), prepared.rows)
    for name, share in (("validation", validation), ("test", test)):
        rows = getattr(divided, name)
        assert (np.diff(rows) > 0).all()  # in the source's order
        found, ideal = per_class(prepared, rows), share * np.array(counts)
        least = 1 if name == "validation" else 0
        total = max(round(share * sum(counts)), least * len(counts))
        assert len(rows) == total
        assert (found >= least).all()
        if (ideal >= least).all() and (ideal <= np.array(counts) - 2).all():
            assert (np.abs(found - ideal) < 1 + abs(total - ideal.sum())).all()
    assert (per_class(prepared, divided.train) >= 1).all()
    assert (per_class(prepared, divided.validation) >= 1).all()


def test_seed_decides_alone():
    prepared = images([30, 20, 7])
    first, again, other = (divide(prepared, test=5, seed=seed) for seed in (1, 1, 2))
    for name in ("train", "validation", "test"):
        assert np.array_equal(getattr(first, name), getattr(again, name))
        assert not np.array_equal(getattr(first, name), getattr(other, name))
    assert first.notes == ("validation 11 by seed 1, stratified", "test 5 by seed 1, stratified")


def test_draw_is_this_one_for_ever():
    divided = divide(images([6, 5, 4]), validation=4, test=3, seed=0)
    assert divided.validation.tolist() == [0, 3, 4, 9] and divided.test.tolist() == [2, 11, 12]


def test_other_sizes_leave_the_test_split_alone_and_fewer_to_train_on_the_others():
    prepared = images([300, 20, 80])
    one = divide(prepared, test=40)
    two = divide(prepared, test=40, validation=100, train_size=60)
    assert np.array_equal(one.test, two.test)
    assert set(one.validation) < set(two.validation)
    assert len(two.train) == 60 and set(two.train) < set(one.train)
    assert per_class(prepared, two.train).tolist() == [45, 3, 12]
    assert two.notes[-1] == "training 60 of 260"
    part = divide(prepared, test=40, train_size=60)
    assert np.array_equal(part.validation, one.validation)


def test_own_splits_are_used_as_they_are():
    counts, splits = given(train=[6, 4], validation=[2, 1], test=[1, 1])
    prepared = images(counts, splits)
    divided = divide(prepared, seed=5)
    for name in SPLITS[1:]:
        rows = np.flatnonzero(prepared.splits == SPLITS.index(name))
        assert np.array_equal(getattr(divided, name), rows)
    assert divided.notes == ("validation 3, the data's own", "test 2, the data's own")
    assert len(divide(prepared, train_size=5).train) == 5


def test_what_is_left_open_is_drawn_from_the_training_split():
    counts, splits = given(train=[6, 14], test=[1, 1])
    prepared = images(counts, splits)
    divided = divide(prepared, validation=0.25)
    assert per_class(prepared, divided.validation).tolist() == [2, 3]  # 1.5 and 3.5
    assert (prepared.splits[divided.test] == 3).all() and len(divided.train) == 15


def test_images_that_could_not_be_read_are_in_no_split():
    prepared = images([10, 10], rows=[row for row in range(20) if row % 5])
    divided = divide(prepared, test=2)
    together = np.concatenate([divided.train, divided.validation, divided.test])
    assert np.array_equal(np.sort(together), prepared.rows)


def test_same_pixels_in_two_splits_are_counted():
    counts, splits = given(train=[4, 4], validation=[2, 2], test=[1, 1])
    prepared = images(counts, splits)
    rows = {name: np.flatnonzero(prepared.splits == SPLITS.index(name)) for name in SPLITS}
    prepared.hashes[rows["validation"][:2]] = prepared.hashes[rows["train"][0]]
    prepared.hashes[rows["test"][1]] = prepared.hashes[rows["validation"][3]]
    (line,) = divide(prepared).warnings
    assert line == (
        "the same pixels in two splits: 2 images of validation in training, "
        "1 image of test in training or validation; figures are too good by that"
    )
    assert divide(images([5, 5])).warnings == ()


@pytest.mark.parametrize(
    ("counts", "splits", "says"),
    [
        ([5, 1], {}, "class of a single image, expected one to train on and one to valid"),
        ([1] * 8, {}, "by: c0, c1, c2, c3, c4 and 3 more; add images, or name the"),
        ([5, 0], {}, "class without an image that can be read: c1; add images"),
        ([5], {}, "classes are c0, expected at least two"),
        ([], {}, "classes are none, expected at least two"),
        (None, {"train": [5, 5], "validation": [2, 0]}, "class that training has and valid"),
        (None, {"train": [5, 0], "validation": [2, 1]}, "class that training lacks and an"),
        (None, {"train": [5, 0], "test": [2, 1]}, "class that only the test split has: c1"),
    ],
)
def test_classes_that_cannot_be_divided_are_named(counts, splits, says):
    counts, given_splits = (counts, None) if counts is not None else given(**splits)
    with pytest.raises(DataInvalid) as error:
        divide(images(counts, given_splits))
    assert says in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"validation": 2.5}, "validation is 2.5, expected a share below 1 or a whole number"),
        ({"validation": -0.1}, "validation is -0.1, expected a share below 1"),
        ({"validation": 0}, "validation is 0, expected a share"),
        ({"validation": float("nan")}, "validation is nan, expected a share"),
        ({"validation": float("inf")}, "validation is inf, expected a share"),
        ({"validation": 1}, "validation is 1, expected at least 2, one of each class"),
        ({"validation": 99}, "validation is 99, expected at most 18, since each class needs"),
        ({"validation": 0.95}, "validation is 0.95, which is 19 images, expected at most 18"),
        ({"test": 17}, "test is 17, expected at most 16"),
        ({"train_size": 17}, "train_size is 17, expected at most 16"),
        ({"train_size": 1}, "train_size is 1, expected at least 2"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(settings, says):
    with pytest.raises(InvalidValue) as error:
        divide(images([10, 10]), **settings)
    assert says in str(error.value) and "\n" not in str(error.value)


def test_size_of_a_split_that_the_data_has_is_refused():
    counts, splits = given(train=[5, 5], validation=[2, 1], test=[1, 1])
    prepared = images(counts, splits)
    for name, number in (("validation", 3), ("test", 2)):
        with pytest.raises(InvalidValue) as error:
            divide(prepared, **{name: 0.1})
        assert str(error.value) == (
            f"{name} is 0.1, but the data has its own {name} split of {number} images: "
            f"leave --task.{name} out to use that"
        )
    assert len(divide(prepared, test=0).test) == 2


def test_a_million_images_of_a_thousand_classes_are_divided():
    prepared = images([1000] * 1000)
    divided = divide(prepared, validation=0.1, test=0.1, train_size=500_000)
    assert (per_class(prepared, divided.train) == 500).all()
    assert (per_class(prepared, divided.validation) == 100).all()
