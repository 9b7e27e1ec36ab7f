"""More filters at the final training, a typed method of the spaces whose networks have any."""

import json

import pytest

from nas_env.command_line.retrain import main
from nas_env.errors import InvalidValue
from nas_env.final.filters import Filters
from nas_env.final.top import Found
from search_spaces import published_architecture
from search_spaces.choices import ChoicesSpace
from search_spaces.convolutional import ConvolutionalSpace
from search_spaces.nas_bench_201 import NASBench201Space
from search_spaces.recurrent_cell import RecurrentCellSpace

LAYER = {"filter_height": 1, "filter_width": 3, "stride_height": 1, "stride_width": 1, "filters": 6}
ONE = {"space": "convolutional", "layers": [{**LAYER, "inputs": []}]}


def test_forty_more_filters_as_the_paper_has_them():
    """The first 13 published layers, as blocks of three: from 6.3M to 34.3M parameters."""
    space = ConvolutionalSpace(layers=13, filters=(24, 36), pooling=(4, 8), block=3)
    published = published_architecture("zoph_le_2017_v1")["layers"][:13]
    layers = [{**layer, "filters": {36: 24, 48: 36}[layer["filters"]]} for layer in published]
    found = space.parse({"space": "convolutional", "layers": layers})
    wider, wide = space.widened(found, 40, 1.0)
    assert {layer.filters for layer in wide.layers} == set(wider.filters) == {64, 76}
    millions = [
        s.cost(a, (3, 32, 32), 10).parameters / 1e6 for s, a in ((space, found), (wider, wide))
    ]
    assert [round(each, 1) for each in millions] == [6.3, 34.3]
    assert wider.decode(wider.encode(wide)) == wide


def test_a_factor_comes_before_the_sum():
    space = ConvolutionalSpace(layers=1, filters=(6, 12))
    wider, wide = space.widened(space.parse(ONE), 1, 0.5)
    assert (wide.layers[0].filters, wider.filters) == (4, (4, 7))
    assert space.widened(space.parse(ONE), 0, 0.01)[1].layers[0].filters == 1
    with pytest.raises(InvalidValue, match=r"filters is \(65542, 65548\), expected at most 65,536"):
        space.widened(space.parse(ONE), 65_536, 1.0)


def test_a_skeleton_gets_more_channels():
    space = NASBench201Space()
    cell = space.decode((3, 0, 3, 1, 0, 1))
    assert space.widened(cell, 8, 2.0) == (NASBench201Space(channels=40), cell)
    found = Filters(8, 2.0).of(Found("a cell", cell.to_dict()), space)
    assert found.space == NASBench201Space(channels=40).construction
    assert found.name == "a cell, 2 times the filters, 8 more filters"


@pytest.mark.parametrize("space", [RecurrentCellSpace(), ChoicesSpace()])
def test_others_have_no_filters(space):
    with pytest.raises(InvalidValue, match=f"space {space.name} have no filters to add"):
        space.widened(space.decode((0,) * space.length()), 1, 1.0)


def test_a_final_training_with_more_filters(tmp_path, capsys):
    (tmp_path / "one.json").write_text(json.dumps(ONE))
    line = ["--architecture", str(tmp_path / "one.json"), "--run", str(tmp_path / "run")]
    line += ["--env", "NAS-Digits-v0", "--task.train-size", "64", "--space.layers", "1"]
    line += ["--recipe.epochs", "1", "--workers", "0", "--seeds", "1", "--quiet", "--no-network"]
    assert (
        main([*line, "--add-filters", "4", "--scale-filters", "1.5", "--beside", "random:1"]) == 0
    )
    result = json.loads((tmp_path / "run" / "final" / "final.json").read_text())
    assert result["chosen"]["architecture"]["layers"][0]["filters"] == 13
    assert result["chosen"]["name"] == "one, 1.5 times the filters, 4 more filters"
    (beside,) = result["beside"]
    assert beside["architecture"]["layers"][0]["filters"] in (13, 22, 40, 58)
    assert beside["name"].startswith("random 1, 1.5")
    for words, says in {
        ("--add-filters", "-1"): "add_filters is -1, expected at least 0",
        ("--scale-filters", "0"): "scale_filters is 0.0, expected more than 0",
        ("--scale-filters", "nan"): "scale_filters is nan",
    }.items():
        assert main([*line, *words]) == 2
        (told,) = capsys.readouterr().err.splitlines()
        assert says in told
    cell = ["--architecture", "published:nascell", "--env", "NAS-PyDocs-v0", "--add-filters", "2"]
    assert main([*cell, "--run", str(tmp_path / "cell")]) == 2
    assert "space recurrent_cell have no filters" in capsys.readouterr().err
