"""`timm:NAME`: a network of the package timm, where that can be imported (it needs torchvision beside torch)."""

from __future__ import annotations

from typing import Any

from tellapart.backbones.entry import Entry, with_entry
from tellapart.backbones.features import Backbone
from tellapart.backbones.licence import UNKNOWN
from tellapart.errors import MissingExtraError, OptionError

STRIDE = 32  # px; the coarsest of timm's networks that take any size


def load_timm(name: str) -> Backbone:
    """Load a pretrained network by timm's name for it; its features are the pooled output before the classifier.

    Raises
    ------
    MissingExtraError
        timm cannot be imported.
    OptionError
        timm knows no such network, cannot fetch its weights, or it cannot be exported.
    """
    timm = _import_timm()
    from tellapart.backbones.export import export, quiet

    with quiet():
        try:
            net = timm.create_model(name, pretrained=True, num_classes=0).eval()
            facts = timm.data.resolve_model_data_config(net)
        except Exception as error:  # unknown name, no weights, no network: timm raises whatever is below it
            raise OptionError(
                "--backbone timm:NAME is a pretrained network of timm whose weights can be fetched.",
                found=(str(error).strip() or type(error).__name__).splitlines()[0][:300],
                where=f"'timm:{name}'",
                advice="timm.list_models(pretrained=True) lists the names; the first use needs the network",
            ) from error
        about = getattr(net, "pretrained_cfg", None) or {}
        side = int(facts["input_size"][-1])
        fixed = bool(about.get("fixed_input_size")) or side % STRIDE != 0
        exported = export(net, side, STRIDE, fixed=fixed, name=f"timm:{name}")
    return Backbone(
        name=f"timm:{name}",
        source=f"timm {timm.__version__}, {about.get('hf_hub_id') or about.get('url') or name}",
        licence=about.get("license") or UNKNOWN,
        model=with_entry(
            "timm", exported.model, Entry.normalising(facts["mean"], facts["std"]), exported.width
        ),
        area_px=side**2,
        multiple=STRIDE,
        embedding=exported.width,
        deepest=exported.width,
        fixed_px=None if exported.any_size else (side, side),
    )


def _import_timm() -> Any:
    try:
        import timm
        import timm.data
    except (ImportError, RuntimeError) as error:  # RuntimeError: a torchvision built for another torch
        raise MissingExtraError(
            "timm:NAME needs the package timm, and timm needs the torchvision that was built for your torch.",
            found=str(error).splitlines()[0],
            where="this Python environment",
            advice="install both if there is such a torchvision; else take the same network as hub:OWNER/NAME or as "
            "an .onnx file",
        ) from error
    return timm
