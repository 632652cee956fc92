"""Which pretrained networks there are, by name or path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tellapart.backbones.features import Backbone, lite0, lite2
from tellapart.errors import OptionError

DEFAULT, LARGER = "efficientnet-lite0", "efficientnet-lite2"
BUILT_IN: dict[str, Callable[[], Backbone]] = {DEFAULT: lite0, LARGER: lite2}

KINDS = {
    DEFAULT: "built in, needs no network",
    LARGER: "built in, larger",
    "hub:OWNER/NAME": "of the Hugging Face Hub, such as hub:facebook/dinov2-small",
    "FOLDER": "as save_pretrained of transformers writes it",
    "FILE.onnx": "any network that takes pictures",
    "timm:NAME": "of the package timm, where that is installed",
}
"""What `--backbone` takes, in words."""


def load_backbone(name: str) -> Backbone:
    """Return a pretrained network by what `--backbone` was given: one of `KINDS`.

    Raises
    ------
    MissingExtraError
        A package is needed that is not installed.
    OptionError
        There is nothing of that name, or it cannot be used; the message says which and why.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]()
    kind, colon, rest = name.partition(":")
    if colon and kind in PREFIXES:
        return PREFIXES[kind](rest)
    path = Path(name).expanduser()
    if path.suffix.lower() == ".onnx":
        return _file(path)
    if path.is_dir():
        return _folder(path)
    known = "; ".join(f"{kind} ({words})" for kind, words in KINDS.items())
    raise OptionError(
        "--backbone is the name or path of a pretrained network.",
        found=repr(name),
        where="neither a known name nor a folder or .onnx file that exists",
        advice=f"there are: {known}",
    )


def _hub(name: str) -> Backbone:
    from tellapart.backbones.hub import load_hub

    return load_hub(name)


def _timm(name: str) -> Backbone:
    from tellapart.backbones.timm_net import load_timm

    return load_timm(name)


def _file(path: Path) -> Backbone:
    from tellapart.backbones.onnx_file import load_onnx

    return load_onnx(path)


def _folder(path: Path) -> Backbone:
    from tellapart.backbones.folder import load_folder

    return load_folder(path)


PREFIXES: dict[str, Callable[[str], Backbone]] = {"hub": _hub, "timm": _timm}
