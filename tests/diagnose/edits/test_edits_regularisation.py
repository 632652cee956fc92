"""Edits of dropout, penalties, and their absence."""

from __future__ import annotations

import pytest

from .planted import KERAS, TORCH, change, edits, mended, planted, replaced, run

CASES = planted("regularisation")


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_planted_fault_is_mended_by_a_small_change(case):
    _, faulty = case.texts()
    assert len(change(faulty, edits(case.code, faulty)[0].text)) <= 4
    mended(case.code, faulty)


def test_everything_that_holds_back_goes_at_once_and_nothing_else():
    faulty = replaced(
        KERAS, "    layers.Flatten(),\n",
        "    layers.GaussianNoise(0.9),\n    layers.Flatten(),\n    layers.Dropout(0.9),\n",
        'Dense(1, activation', 'Dense(1, kernel_regularizer="l2", bias_regularizer="l2", activation',
    )  # fmt: skip
    assert change(faulty, mended("regularisation.too_strong", faulty)) == [
        "-    layers.GaussianNoise(0.9),",
        "+    layers.GaussianNoise(0.0),",
        "-    layers.Dropout(0.9),",
        '-    layers.Dense(1, kernel_regularizer="l2", bias_regularizer="l2", activation="sigmoid"),',
        "+    layers.Dropout(0.0),",
        '+    layers.Dense(1, kernel_regularizer=None, bias_regularizer=None, activation="sigmoid"),',
    ]


def test_without_the_strong_decay_it_learns():
    faulty = replaced(TORCH, "lr=0.01", "lr=0.01, weight_decay=3.0")
    after = mended("regularisation.too_strong", faulty)
    assert "lr=0.01)" in after
    assert run(after)["accuracy"] > run(faulty)["accuracy"]


def test_the_dropout_on_the_output_goes_however_it_is_written():
    listed = replaced(KERAS, 'activation="sigmoid"),\n', 'activation="sigmoid"),\n    layers.Dropout(0.4),\n')
    assert mended("regularisation.dropout_on_output", listed) == KERAS
    applied = replaced(TORCH, "self.out(x)", "F.dropout(self.out(x), 0.4, self.training)")
    assert mended("regularisation.dropout_on_output", applied) == TORCH


def test_what_may_be_missing_is_proposed_in_several_ways():
    text = replaced(KERAS, "epochs=6", "epochs=6, validation_split=0.25")
    found = edits("regularisation.missing", text)
    assert 2 <= len(found) <= 3
    assert 'layers.RandomFlip("horizontal")' in found[0].text
    assert "EarlyStopping(patience=5, restore_best_weights=True)" in found[1].text
    assert all("error" not in run(one.text) for one in found)


def test_a_list_of_callbacks_keeps_its_own():
    text = replaced(
        KERAS, "epochs=6", "callbacks=[keras.callbacks.TerminateOnNaN()], validation_split=0.25, epochs=6"
    )
    found = [one.text for one in edits("regularisation.missing", text) if "EarlyStopping" in one.text]
    assert "[keras.callbacks.TerminateOnNaN(), keras.callbacks.EarlyStopping(" in found[0]


def test_the_last_dropout_of_a_loop_is_taken_back_after_it():
    stacked = replaced(
        KERAS,
        "net.compile(",
        """for units in widths:
    net.add(layers.Dense(units))
    net.add(layers.Dropout(0.5))
net.compile(""",
    )
    (only,) = edits("regularisation.dropout_on_output", stacked)
    assert change(stacked, only.text) == ["+net.pop()  # the dropout after the last weights"]
