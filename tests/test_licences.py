"""The list of licences: what a package states, or how its licence file begins."""

import pytest

pytest.importorskip("packaging")

from benchmarks.licences import licence_of


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """A function that installs a package of no more than a description and a licence file."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(name, description="", licence=""):
        about = tmp_path / f"{name}-1.0.dist-info"
        (about / "licenses").mkdir(parents=True)
        (about / "licenses" / "LICENSE").write_text(licence)
        stated = f"Name: {name}\nVersion: 1.0\n{description}License-File: LICENSE\n"
        (about / "METADATA").write_text(f"Metadata-Version: 2.4\n{stated}")

    return install


def test_a_package_that_states_a_free_licence_has_no_note(packages):
    packages("stating", "License-Expression: BSD-3-Clause\n")
    assert licence_of("stating").text == "BSD-3-Clause"
    assert licence_of("stating").note == ""


def test_a_package_that_states_none_has_that_of_its_file(packages):
    packages("silent", licence="MIT License\n\nCopyright (c) 2022\n")
    assert licence_of("silent").text == "MIT License"
    assert licence_of("silent").note == ""


def test_a_licence_that_is_not_free_is_told(packages):
    packages("costly", "License-Expression: LicenseRef-Costly\n")
    assert licence_of("costly").note == "not known to be free"


def test_a_package_without_any_licence_is_told(packages):
    packages("nameless")
    assert licence_of("nameless").note == "not known to be free"
