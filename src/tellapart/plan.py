"""A fingerprint of the data -> a plan: every setting with its reason, as a file a person can read.

Settings are fixed (from measurements on other sets), follow a rule on the fingerprint, or are empirical (settled
later, on out-of-fold scores); the reason says which.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from tellapart.pictures.collection import Pictures
from tellapart.pictures.decode import STORE_SIDE, Facts
from tellapart.pictures.store import PictureStore
from tellapart.tuning_plan import tuning_cut, tuning_seconds, tuning_settings

FEW = 150  # below this many training pictures one deal of folds moves a score by more than its members differ
MANY = 5_000  # above it three folds leave enough to fit on, and each costs minutes
LOOK_SIDE = 128  # px; the first, cheap look of the detail net: a quarter of the time of 256 px
EPOCHS = 16  # of the detail net; ten are enough on pellets, forty still helped on 546 pictures of 28 px
ABOVE_TRAINED = 8 / 7  # a backbone looks at this many times the side of its training: 256 px for 224
LARGER, SECOND = "larger pictures", "efficientnet-lite2"
SIDEWAYS, BOTH_WAYS = "mirror images left and right", "mirror images both ways"
LARGER_SIDE = 1.5  # times the side: at 1.8 drawn heads of 400 px gained half as much
SECOND_COST = 1.4  # passes through the first network; measured 1.28
TUNING = "tuning the pretrained network"
MOST_EPOCHS = 60  # so that a few dozen pictures are not seen hundreds of times


@dataclass(frozen=True)
class Setting:
    """One decision: its value, and why."""

    name: str
    value: Any
    reason: str


@dataclass(frozen=True)
class Speed:
    """Measured on this machine, on a few of the pictures: seconds."""

    feature_per_picture: float
    detail_per_step: dict[int, float]
    read_per_picture: float
    tuning_per_step: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What will be done, and why.

    Attributes
    ----------
    fingerprint
        What the decisions rest on.
    settings
        All decisions.
    quoted_seconds
        What each stage will take, at most, from a short calibration.
    left_out
        What did not fit into the time, and why; of a look of the probe also what it would take, seconds.
    """

    fingerprint: dict[str, Any]
    settings: tuple[Setting, ...]
    quoted_seconds: dict[str, float]
    left_out: tuple[dict[str, Any], ...] = ()

    def __getitem__(self, name: str) -> Any:
        return next(setting.value for setting in self.settings if setting.name == name)

    @property
    def looks_cut(self) -> dict[str, float]:
        """Looks of the probe that did not fit into the time, in their order, and what each would take, seconds."""
        return {note["what"]: note["seconds"] for note in reversed(self.left_out) if "seconds" in note}

    def to_dict(self) -> dict[str, Any]:
        """Return plan.json."""
        return {
            "schema": 1,
            "fingerprint": self.fingerprint,
            "settings": [asdict(setting) for setting in self.settings],
            "quoted_seconds": {name: round(seconds, 1) for name, seconds in self.quoted_seconds.items()},
            "left_out": list(self.left_out),
        }

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Plan:
        """Read plan.json."""
        settings = tuple(Setting(**row) for row in found["settings"])
        return cls(found["fingerprint"], settings, found["quoted_seconds"], tuple(found["left_out"]))


def fingerprint(
    pictures: Pictures, store: PictureStore, parts: np.ndarray, groups: np.ndarray
) -> dict[str, Any]:
    """Describe the pictures and the machine: what the plan rests on."""
    sizes = np.array([(fact.height, fact.width) for fact in store.facts])
    longest = sizes.max(1)
    counts = np.bincount(pictures.labels[parts == "train"], minlength=len(pictures.classes))
    corrected = parts[pictures.was_corrected]
    return {
        "pictures": len(pictures),
        **({"corrected_labels": _count(corrected)} if len(corrected) else {}),
        "parts": _count(parts),
        "training_per_class": {name: int(n) for name, n in zip(pictures.classes, counts, strict=True)},
        "imbalance": round(float(counts.max() / max(1, counts.min())), 2),
        "groups": len(np.unique(groups[parts == "train"])),
        "longest_side_px": {
            q: int(np.quantile(longest, p)) for q, p in (("5 %", 0.05), ("median", 0.5), ("95 %", 0.95))
        },
        "aspect_spread": round(float(np.std(np.log(sizes[:, 0] / sizes[:, 1]))), 3),
        "aspect_median": round(float(np.median(sizes[:, 0] / sizes[:, 1])), 3),
        "modes": {
            mode: sum(fact.mode == mode for fact in store.facts)
            for mode in sorted({f.mode for f in store.facts})
        },
        "cores": os.cpu_count() or 1,
        "memory_GiB": _memory_gib(),
        "accelerator": "none used",
    }


def _count(parts: np.ndarray) -> dict[str, int]:
    return {str(name): int(n) for name, n in zip(*np.unique(parts, return_counts=True), strict=True)}


def _memory_gib() -> float:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (ValueError, OSError, AttributeError):
        return 0.0


def detail_sides(found: dict[str, Any]) -> list[int]:
    """Return the longest sides, px, at which the detail net may look, cheapest first."""
    native = min(STORE_SIDE, found["longest_side_px"]["median"])
    # Below 64 px the last map would have under 8 x 8 cells; such pictures are enlarged up to twice.
    native = max(native, min(64, 2 * native), 32)
    native = -(-native // 8) * 8
    if native < 1.5 * LOOK_SIDE:
        return [native]
    sides = [LOOK_SIDE]
    while sides[-1] * 2 < native * 0.8:
        sides.append(sides[-1] * 2)
    return [*sides, native]


def probe_area(facts: Sequence[Facts], trained_px: int) -> int:
    """Return the area, px, to which pictures are brought for a backbone trained at `trained_px`.

    A net trained on crops sees things larger than whole pictures show them, and does better a little above its
    training size (Touvron et al. 2019, arXiv 1906.06423); enlarging beyond the pictures' own pixels adds nothing.
    Out-of-fold log loss at 1.15 times the side: cats and dogs .028 -> .022, ants and bees .136 -> .125.
    """
    own = np.median([fact.height * fact.width for fact in facts])
    return int(np.clip(own, trained_px, ABOVE_TRAINED**2 * trained_px))


def probe_looks(backbone: str) -> dict[str, float]:
    """Return what the probe may look at besides the picture through its network, and for how many passes at most.

    The picture enlarged; a second network beside the built-in one; then one mirror image, and three, for all networks
    there are by then. Where the enlarged picture is taken, all that follow take so much more: `Sight.price`.
    """
    second = {SECOND: SECOND_COST} if backbone == "efficientnet-lite0" else {}
    passes = 1 + sum(second.values())
    return {LARGER: LARGER_SIDE**2, **second, SIDEWAYS: passes, BOTH_WAYS: 2 * passes}


def canvas(found: dict[str, Any], side: int) -> tuple[int, int]:
    """Return height and width, px, of the detail net's canvas: the set's own aspect where it has one, else a square."""
    aspect = found["aspect_median"]
    if found["aspect_spread"] > 0.05 or 0.9 < aspect < 1.1:
        return side, side
    height, width = (side, side / aspect) if aspect > 1 else (side * aspect, side)
    return max(16, round(height / 8) * 8), max(16, round(width / 8) * 8)


def detail_steps(n: int, side: int) -> int:
    """Return the training steps of one detail net on n pictures."""
    updates = int(
        np.clip(800 * 64 / side, 300, 1600)
    )  # small pictures are cheap, and still need many updates
    fewest = max(200, min(updates, MOST_EPOCHS * n // 16))
    return int(np.clip(EPOCHS * n / 16, fewest, 3000))


def make_plan(
    found: dict[str, Any],
    speed: Speed,
    *,
    members: Sequence[str],
    backbone: str,
    area_px: int,
    budget_seconds: float,
) -> Plan:
    """Decide all that can be decided before training."""
    training = found["parts"].get("train", 0)
    scarcest = min(n for n in found["training_per_class"].values())
    folds = 3 if training > MANY else 5
    folds = max(2, min(folds, scarcest))
    repeats = 3 if training < FEW else 1
    sides = detail_sides(found)
    settings = [
        Setting("folds", folds, _folds_reason(training, scarcest, folds)),
        Setting(
            "repeats",
            repeats,
            f"under {FEW} training pictures: the deal of the folds is averaged out"
            if repeats > 1
            else f"{FEW} or more",
        ),
        Setting("members", list(members), "tried in this order; chosen on out-of-fold log loss only"),
        Setting(
            "backbone",
            backbone,
            "embedded: needs no network" if backbone == "efficientnet-lite0" else "asked for",
        ),
        Setting(
            "probe.area_px",
            area_px,
            "a little above the size the backbone was trained at, where the pictures have as much; the aspect is kept "
            "and nothing cut off",
        ),
        Setting(
            "probe.clip",
            3.0,
            "fixed: standardised features are cut at 3 deviations; on nuclei this lifted the out-of-fold AUC "
            "from .959 to .978, on breast ultrasound from .897 to .903",
        ),
        Setting(
            "probe.strength",
            "inside the folds",
            "empirical: L2 strength, and depths with or without the deepest, of least log loss on the other folds",
        ),
        Setting(
            "probe.looks",
            list(probe_looks(backbone)),
            "empirical: each is taken if it lowers the out-of-fold log loss by more than one standard error; it makes "
            "an answer dearer",
        ),
        Setting(
            "imbalance",
            "inside the folds",
            "empirical: pictures count as they come, unless weights that even out the classes lower the out-of-fold "
            "log loss by more than one standard error",
        ),
        Setting(
            "detail.sides_px",
            sides,
            "cheapest look first, up to the pictures' own size; how far, the evidence and the time left say",
        ),
        Setting(
            "detail.canvas_px",
            [list(canvas(found, side)) for side in sides],
            "the whole picture, aspect kept",
        ),
        Setting(
            "detail.steps",
            [detail_steps(training * (folds - 1) // folds, side) for side in sides],
            f"{EPOCHS} passes, more where pictures are few and small",
        ),
        Setting(
            "detail.policies",
            ["turns", "mirrorings", "none"],
            "empirical: which of them leave the label as it is shows on the first fold",
        ),
    ]
    if "finetune" in members:
        settings += [Setting(*row) for row in tuning_settings(found, folds)]
    plan = _cut_down(Plan(found, tuple(settings), _quote(found, speed, settings)), speed, budget_seconds)
    if "finetune" not in members or "finetune" in plan["members"]:
        return plan
    # What was cut for its sake comes back.
    rest = make_plan(
        found,
        speed,
        members=[name for name in members if name != "finetune"],
        backbone=backbone,
        area_px=area_px,
        budget_seconds=budget_seconds,
    )
    note = next(one for one in plan.left_out if one["what"] == TUNING)
    return replace(rest, left_out=(*rest.left_out, note))


def _folds_reason(training: int, scarcest: int, folds: int) -> str:
    if folds < 5 and scarcest == folds:
        return f"the smallest class has {scarcest} training pictures"
    return (
        f"more than {MANY} training pictures"
        if training > MANY
        else "leaves 80 % to fit on; the usual compromise"
    )


def _quote(found: dict[str, Any], speed: Speed, settings: Sequence[Setting]) -> dict[str, float]:
    value = {setting.name: setting.value for setting in settings}
    n, rounds = found["pictures"], value["folds"] * value["repeats"]
    training = found["parts"].get("train", 0)
    quoted = {"read": speed.read_per_picture * n}
    if "probe" in value["members"]:
        fits = 0.0003 * training * rounds * 8  # eight per fold, each about 0.3 ms per picture on two cores
        quoted["probe"] = speed.feature_per_picture * n + fits
        for name, passes in probe_looks(value["backbone"]).items():
            if name in value["probe.looks"]:
                quoted[name] = passes * speed.feature_per_picture * n + fits
    if "detail" in value["members"]:
        side, steps = value["detail.sides_px"][0], value["detail.steps"][0]
        rounds = (
            len(value["detail.policies"]) + value["folds"] - 1
        )  # larger sizes only while there is time for them
        quoted["detail"] = rounds * steps * speed.detail_per_step[side]
    if "finetune" in value["members"]:
        per_step = speed.tuning_per_step[value["finetune.side_px"]]
        quoted["finetune"] = tuning_seconds(found, value, per_step)
    quoted["evaluate and report"] = 6 + speed.feature_per_picture * found["parts"].get("test", 0)
    return quoted


def _cut_down(plan: Plan, speed: Speed, budget_seconds: float) -> Plan:
    """Cut the plan until the quote fits the time: first repeats and comparisons, then folds, then steps."""
    while sum(plan.quoted_seconds.values()) > 0.9 * budget_seconds:
        cut = _next_cut(plan)
        if cut is None:
            return plan
        changes, what = cut
        settings = tuple(
            replace(s, value=changes[s.name], reason=f"cut to fit the time; {s.reason}")
            if s.name in changes
            else s
            for s in plan.settings
        )
        note: dict[str, Any] = {"what": what, "why": f"would not fit into {budget_seconds:.0f} s"}
        if what in plan.quoted_seconds:  # the members that come later may need less than they were given
            note["why"] += "; tried at the end if time is left"
            note["seconds"] = round(plan.quoted_seconds[what], 1)
        plan = Plan(
            plan.fingerprint, settings, _quote(plan.fingerprint, speed, settings), (*plan.left_out, note)
        )
    return plan


def _next_cut(plan: Plan) -> tuple[dict[str, Any], str] | None:
    members, steps = plan["members"], plan["detail.steps"]
    if plan["repeats"] > 1:
        return {"repeats": 1}, "repeated folds"
    if "detail" in members and len(plan["detail.policies"]) > 1:
        return {"detail.policies": plan["detail.policies"][:1]}, "comparing turns and mirrorings"
    if "probe" in members and (looks := plan["probe.looks"]):
        return {"probe.looks": looks[:-1]}, looks[-1]
    if "finetune" in members:
        value = {setting.name: setting.value for setting in plan.settings}
        if cut := tuning_cut(plan.fingerprint, value):
            return cut
    if plan["folds"] > 3:
        return {"folds": 3}, f"{plan['folds']} folds"
    if "detail" in members and steps[0] > 200:
        return {"detail.steps": [max(200, s // 2) for s in steps]}, "half of the detail net's steps"
    if "finetune" in members and len(members) > 1:
        return {"members": [m for m in members if m != "finetune"]}, TUNING
    if "detail" in members and len(members) > 1:
        return {"members": [m for m in members if m != "detail"]}, "the detail net"
    return None
