"""A folder as `transformers` saves it -> a backbone. Weights from safetensors alone; no code of the folder is run."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tellapart.backbones.entry import Entry, with_entry
from tellapart.backbones.features import Backbone
from tellapart.backbones.licence import licence_of_card
from tellapart.errors import MissingExtraError, OptionError

WEIGHTS = ("model.safetensors", "model-*.safetensors")
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".h5", ".msgpack")
UNUSED = ("pooler", "mask_token")  # weights that may be absent, since no feature of ours comes from them


def load_folder(folder: Path, *, name: str = "", source: str = "") -> Backbone:
    """Load a vision network that `save_pretrained` of `transformers` wrote.

    Parameters
    ----------
    folder
        With ``config.json``, ``preprocessor_config.json`` and weights as safetensors.
    name, source
        What it is called and where it comes from; the folder's name by default.

    Raises
    ------
    MissingExtraError
        `transformers` is not installed.
    OptionError
        A file is missing or damaged, the weights are a pickle, or it is no vision network that can be exported.
    """
    check_files(folder)
    require_transformers()
    from tellapart.backbones.depths import Depths
    from tellapart.backbones.export import export, quiet

    name = name or folder.resolve().name
    with quiet(), _quiet_transformers():
        entry, side = _entry(folder)
        net = _network(folder)
        try:
            depths = Depths(net, side).eval()
        except Exception as error:  # a network of another kind raises whatever it likes
            raise _unfit(folder, "a network that takes pictures and gives tokens or maps", error) from error
        layout = depths.layout
        side = max(1, round(side / layout.multiple)) * layout.multiple
        # Attention in shifted windows (Swin) pads and masks by the size: a graph holds for one size only.
        fixed = hasattr(net.config, "window_size")
        exported = export(depths, side, layout.multiple, fixed=fixed, name=name)
    return Backbone(
        name=name,
        source=f"{source or f'the folder {name}'} ({type(net).__name__}, weights {_digest(folder)}), "
        f"pictures scaled as its preprocessor_config.json says",
        licence=licence_of_card(folder),
        model=with_entry("hub", exported.model, entry, exported.width),
        area_px=side**2,
        multiple=layout.multiple,
        embedding=layout.embedding,
        deepest=layout.deepest,
        fixed_px=None if exported.any_size else (side, side),
    )


def check_files(folder: Path) -> None:
    """See that a folder holds what is needed, before anything is imported.

    Raises
    ------
    OptionError
        A file is missing, or the weights are there as a pickle only.
    """
    expected = "A folder as save_pretrained of transformers writes it was expected: config.json, "
    expected += "preprocessor_config.json and model.safetensors."
    if not (folder / "config.json").is_file():
        raise OptionError(
            expected, found="no config.json", where=str(folder), advice="give the folder that holds it"
        )
    if not any(any(folder.glob(pattern)) for pattern in WEIGHTS):
        pickles = sorted(file.name for file in folder.iterdir() if file.suffix in PICKLES)
        raise OptionError(
            expected,
            found=f"weights as {pickles[0]} only, a format that is not opened here: it can run code"
            if pickles
            else "no weights",
            where=str(folder),
            advice="save the network again with a current transformers: save_pretrained writes safetensors",
        )
    if not any((folder / name).is_file() for name in ("preprocessor_config.json", "processor_config.json")):
        raise OptionError(
            expected,
            found="no preprocessor_config.json: how pictures are scaled for it is not known",
            where=str(folder),
            advice="save its image processor there too: AutoImageProcessor.from_pretrained(…).save_pretrained(…)",
        )


def require_transformers() -> None:
    """See that the extra is installed.

    Raises
    ------
    MissingExtraError
        It is not.
    """
    from tellapart.backbones.export import quiet

    try:
        with quiet():
            import transformers  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "The package transformers is needed for networks of the Hub and of folders.",
            found=str(error),
            where="this Python environment",
            advice='pip install "tellapart[hub]"',
        ) from error


@contextlib.contextmanager
def _quiet_transformers() -> Iterator[None]:
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _network(folder: Path) -> Any:
    import torch
    from transformers import AutoModel

    try:
        net, report = AutoModel.from_pretrained(
            folder,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            dtype=torch.float32,
            attn_implementation="eager",  # a config may name a kernel to be fetched from elsewhere
            output_loading_info=True,
        )
    except Exception as error:  # a damaged file, a network unknown to this version, code that would be needed
        raise _unfit(folder, "a network that this version of transformers can load", error) from error
    absent = sorted(key for key in report["missing_keys"] if not any(part in key for part in UNUSED))
    if absent:
        raise OptionError(
            "Weights for every layer were expected.",
            found=f"{len(absent)} absent, such as {absent[0]}",
            where=str(folder),
            advice="the weights belong to another network than config.json describes; fetch both again",
        )
    net = getattr(net, "vision_model", net)  # of networks for pictures and text, such as CLIP
    if getattr(net, "main_input_name", "") != "pixel_values":
        raise OptionError(
            "A vision network was expected.",
            found=f"{type(net).__name__}, which does not take pictures",
            where=str(folder),
            advice="take one such as ViT, DINOv2, ConvNeXt, ResNet or Swin",
        )
    return net.eval()


def _entry(folder: Path) -> tuple[Entry, int]:
    """Return how pictures are scaled, and the side, px, of the squares that the network was trained on.

    Measured on pictures of one colour instead of read from the file: every processor has fields of its own, and
    some swap the channels.
    """
    from transformers import AutoImageProcessor

    wanted = "an image processor that makes one square RGB input of a picture"
    try:
        processor = AutoImageProcessor.from_pretrained(
            folder, backend="pil", trust_remote_code=False, local_files_only=True
        )
        colours = np.array([(0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255), (51, 102, 204)])
        seen = [np.asarray(_processed(processor, colour)) for colour in colours.astype(np.uint8)]
    except Exception as error:  # a damaged file, or a processor of another kind: each raises as it likes
        raise _unfit(folder, wanted, error) from error
    shape = seen[0].shape
    if len(shape) != 4 or shape[:2] != (1, 3) or shape[2] != shape[3]:
        raise _unfit(folder, wanted, ValueError(f"it makes an input of the shape {shape}"))
    black, red, green, blue, mixed = (x.mean((0, 2, 3), dtype=np.float64) for x in seen)
    weight = np.stack([red - black, green - black, blue - black], 1) / 255
    if not np.allclose(weight @ colours[-1] + black, mixed, atol=1e-3):
        raise _unfit(folder, wanted, ValueError("what it makes is not proportional to the pixels"))
    return Entry(weight, black), shape[2]


def _processed(processor: Any, colour: np.ndarray) -> Any:
    picture = Image.fromarray(np.full((256, 256, 3), colour, dtype=np.uint8))
    return processor(images=picture, return_tensors="np")["pixel_values"]


def _digest(folder: Path) -> str:
    """Return a short name of exactly these weights."""
    digest = hashlib.sha256()
    for file in sorted(file for pattern in WEIGHTS for file in folder.glob(pattern)):
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return f"sha256 {digest.hexdigest()[:16]}"


def _unfit(folder: Path, wanted: str, error: Exception) -> OptionError:
    first = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
    return OptionError(
        f"--backbone FOLDER needs {wanted}.",
        found=first,
        where=str(folder),
        advice="take another network, or fetch its files again; docs/how-to/backbones.md says which are known to work",
    )
