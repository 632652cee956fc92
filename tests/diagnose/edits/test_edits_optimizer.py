"""Edits of the optimiser, of the length of a training, and of the weights it starts from."""

from __future__ import annotations

import pytest

from tellapart.diagnose.edits import propose
from tellapart.diagnose.reading import Suspicion, read_program, suspect

from .planted import KERAS, TORCH, change, edits, mended, planted, replaced, run, suspected

CASES = planted("optimizer")


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_planted_fault_is_mended_by_a_small_change(case):
    _, faulty = case.texts()
    assert len(change(faulty, mended(case.code, faulty))) <= 3


RATE = "keras.optimizers.Adam(learning_rate=0.01)"


@pytest.mark.parametrize(
    ("given", "becomes"),
    [
        ("keras.optimizers.Adam(0.5)", "keras.optimizers.Adam(0.005)"),
        ("keras.optimizers.Adam(learning_rate=0.5)", "keras.optimizers.Adam(learning_rate=0.005)"),
        (
            "keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.5, 10, 0.9))",
            "keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.005, 10, 0.9))",
        ),
    ],
)
def test_a_rate_is_changed_where_it_is_given(given, becomes):
    faulty = replaced(KERAS, RATE, given)
    assert mended("optimizer.learning_rate_too_high", faulty) == replaced(KERAS, RATE, becomes)


def test_a_rate_with_a_name_is_changed_where_it_is_used():
    faulty = replaced(TORCH, "lr=0.01", "lr=rate", "criterion = ", "rate = 1e-7\ncriterion = ")
    after = mended("optimizer.learning_rate_too_low", faulty)
    assert change(faulty, after) == [
        "-optimizer = torch.optim.Adam(net.parameters(), lr=rate)",
        "+optimizer = torch.optim.Adam(net.parameters(), lr=0.001)",
    ]


def test_an_optimiser_that_is_only_a_word_becomes_an_object():
    faulty = replaced(KERAS, RATE, '"adadelta"')
    after = mended("optimizer.learning_rate_too_low", faulty)
    assert "optimizer=keras.optimizers.Adadelta(learning_rate=1.0)" in after
    assert after.count("import keras") == 1
    faulty = faulty.replace("import keras\n", "from keras import Sequential, Input, utils\n")
    assert mended("optimizer.learning_rate_too_low", faulty).startswith("import keras\n")


def test_both_factors_are_tried_nearest_to_the_usual_rate_first():
    faulty = replaced(TORCH, "lr=0.01", "lr=10.0")
    rates = [one.words for one in edits("optimizer.learning_rate_too_high", faulty)]
    assert rates == ["The learning rate is 0.001.", "The learning rate is 0.1.", "The learning rate is 1."]


def test_a_schedule_that_takes_the_rate_away_is_not_stepped():
    schedule = "schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.01)\nfor epoch in range(20):"
    faulty = replaced(TORCH, "for epoch in range(4):", f"{schedule}\n    schedule.step()")
    after = mended("optimizer.learning_rate_too_low", faulty)
    assert "ExponentialLR" in after
    assert "schedule.step()" not in after


RUNS = [
    ("optimizer.learning_rate_too_low", TORCH, ("lr=0.01", "lr=1e-7", "range(4)", "range(25)")),
    ("optimizer.bad_initialisation", TORCH, (
        "before = ", "for m in net.modules():\n    if isinstance(m, (nn.Conv2d, nn.Linear)):\n"
        "        nn.init.zeros_(m.weight)\nbefore = ")),
    ("optimizer.too_few_epochs", TORCH, ("range(4)", "range(1)", "lr=0.01", "lr=0.001")),
    ("optimizer.learning_rate_too_high", TORCH, ("lr=0.01", "lr=30.0", "range(4)", "range(25)")),
]  # fmt: skip


@pytest.mark.parametrize(("code", "text", "faults"), RUNS)
def test_the_mended_program_learns_and_the_faulty_one_learns_less(code, text, faults):
    faulty = replaced(text, *faults)
    good, bad = run(mended(code, faulty))["accuracy"], run(faulty)["accuracy"]
    assert good >= 0.9
    assert good > bad


@pytest.mark.parametrize(
    ("given", "becomes"), [("range(1)", "range(9)"), ("range(1, 3)", "range(1, 10)"), ("range(start, 2)", "")]
)
def test_epochs_are_counted_from_where_they_begin(given, becomes):
    faulty = replaced(TORCH, "range(4)", given)
    found = edits("optimizer.too_few_epochs", faulty)
    assert not becomes or f"for epoch in {becomes}:" in found[0].text


@pytest.mark.parametrize(
    "given", ["patience=0", "min_delta=0.5, patience=3", 'monitor="val_loss", mode="max", patience=3']
)
def test_a_callback_that_stops_too_soon_waits(given):
    faulty = replaced(
        KERAS, "verbose=0)\nacc", f"verbose=0, callbacks=[keras.callbacks.EarlyStopping({given})])\nacc"
    )
    monitor = 'monitor="val_loss", ' if "monitor" in given else ""
    assert f"EarlyStopping({monitor}patience=5)" in mended("optimizer.too_few_epochs", faulty)


@pytest.mark.parametrize("given", ["batch_size=1", "1"])
def test_a_loaders_batches_get_the_usual_size(given):
    faulty = replaced(TORCH, "batch_size=16", given)
    assert replaced(faulty, given + ", shuffle", given.replace("1", "32") + ", shuffle") == mended(
        "optimizer.batch_size", faulty
    )


def test_an_unsuitable_optimiser_becomes_adam_with_the_same_parameters():
    faulty = replaced(
        TORCH, "torch.optim.Adam(net.parameters(), lr=0.01)", "torch.optim.Rprop(net.parameters())"
    )
    assert "optimizer = torch.optim.Adam(net.parameters())" in mended("optimizer.unsuitable", faulty)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (TORCH, ("before = ", "for p in net.parameters():\n    p.data.fill_(0.01)\nbefore = ")),
        (
            TORCH,
            (
                "before = ",
                "with torch.no_grad():\n    for p in net.parameters():\n        p.zero_()\nbefore = ",
            ),
        ),
        (
            KERAS,
            ('layers.Conv2D(8, 3, activation="relu")', 'layers.Conv2D(8, 3, activation="relu", **start)'),
        ),
    ],
    ids=["filled", "without gradients", "settings in a dict"],
)
def test_initial_weights_are_the_librarys_wherever_they_are_set(text, faults):
    faulty = replaced(text, *faults)
    if text is KERAS:
        faulty = replaced(faulty, "net = ", 'start = {"kernel_initializer": "zeros"}\nnet = ')
    after = edits("optimizer.bad_initialisation", faulty)[-1].text
    assert "glorot_uniform" in after if text is KERAS else "fill_" not in after and "p.zero_" not in after
    assert text is KERAS or "error" not in run(after)


@pytest.mark.parametrize(
    ("given", "certain"), [('"adadelta"', True), ("keras.optimizers.Adadelta(0.5)", False)]
)
def test_a_rate_that_nobody_chose_is_the_optimisers_fault(given, certain):
    found = [one.code for one in suspect(read_program(replaced(KERAS, RATE, given)))]
    assert ("optimizer.unsuitable" in found) is certain


MADE = "optimizer = torch.optim.Adam(net.parameters(), lr=0.01)"
SET_BESIDE = {
    "torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2.0, total_steps=60)": "max_lr=0.2,",
    "torch.optim.lr_scheduler.CyclicLR(optimizer, 1e-4, top, cycle_momentum=False)": "1e-4, 0.1 * top,",
    'optimizer.param_groups[0]["lr"] = 0.5': "lr=0.01)\n\nfor epoch",
}


@pytest.mark.parametrize(("line", "becomes"), SET_BESIDE.items())
def test_a_rate_that_is_set_beside_the_optimiser_is_changed_there(line, becomes):
    faulty = replaced(TORCH, MADE, f"top = 2.0\n{MADE}\n{line}\n")
    found = suspected("optimizer.learning_rate_too_high", faulty)[0]
    assert found.position.line == faulty.splitlines().index(line) + 1
    assert becomes in edits("optimizer.learning_rate_too_high", faulty)[0].text


@pytest.mark.parametrize(
    ("bound", "given", "becomes"),
    [
        ("several = [{}]", "several", "several = []\n"),
        ("one = {}", "[one]", "callbacks=[])"),
    ],
)
def test_a_schedule_of_keras_is_left_out_or_scaled(bound, given, becomes):
    line = bound.format("keras.callbacks.LearningRateScheduler(rates)")
    faulty = replaced(KERAS, "net.fit(", f"rates = lambda epoch: 0.5\n{line}\nnet.fit(", "verbose=0)\nacc",
                      f"callbacks={given})\nacc")  # fmt: skip
    position = read_program(faulty).rate_settings[0].position
    suspicion = Suspicion("optimizer.learning_rate_too_high", position, "", 0.5, "")
    first, second, _ = propose(read_program(faulty), suspicion, None)
    assert becomes in first.text
    assert "LearningRateScheduler(lambda *given: 0.1 * (rates)(*given))" in second.text


def test_a_schedule_that_multiplies_the_rate_is_made_to_leave_it():
    line = "schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lr_lambda=lambda at: 1e-3 * 0.9 ** at)"
    faulty = replaced(TORCH, MADE, f"{MADE}\n{line}\n")
    position = read_program(faulty).rate_settings[0].position
    suspicion = Suspicion("optimizer.learning_rate_too_low", position, "", 0.5, "")
    (only,) = propose(read_program(faulty), suspicion, None)
    assert change(faulty, only.text)[1] == (
        "+schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lr_lambda=lambda epoch: 1.0)"
    )
