"""Names: the Hub without a network, timm where there is none and where there is one, and what is unknown."""

from __future__ import annotations

import shutil
import subprocess
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch

from tellapart.backbones import hub
from tellapart.backbones.catalogue import KINDS, load_backbone
from tellapart.backbones.features import session
from tellapart.backbones.licence import UNKNOWN, licence_of_card
from tellapart.errors import MissingExtraError


def test_an_unknown_name_lists_what_there_is(refused):
    error = refused(load_backbone, "no-such-net")
    assert "no-such-net" in error.found
    assert all(kind in error.advice for kind in KINDS)


@pytest.mark.parametrize("name", ["hub:", "hub:vit", "hub:../../etc", "hub:a/b/c"])
def test_a_name_that_the_hub_cannot_have(name, refused):
    assert "OWNER/NAME" in refused(load_backbone, name).expected


@pytest.fixture
def cache(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "cache"


def test_offline_is_said(cache, refused):
    error = refused(load_backbone, "hub:owner/name")
    assert "offline" in error.found
    assert str(cache) in error.where


def test_a_network_in_the_cache_needs_no_network(cache, vit_folder, monkeypatch):
    commit = "0123456789" * 4
    there = cache / "models--owner--name"
    shutil.copytree(vit_folder, there / "snapshots" / commit)
    (there / "refs").mkdir()
    (there / "refs" / "main").write_text(commit)
    monkeypatch.setattr(hub, "load_folder", lambda folder, **words: (folder, words))
    folder, words = load_backbone("hub:owner/name")
    assert folder == there / "snapshots" / commit
    assert words == {"name": "hub:owner/name", "source": "huggingface.co/owner/name at 012345678901"}


@pytest.mark.parametrize("package", ["transformers", "timm"])
def test_a_package_that_is_not_there_is_named(package, monkeypatch, vit_folder, refused):
    monkeypatch.setitem(sys.modules, package, None)
    error = refused(load_backbone, str(vit_folder) if package == "transformers" else "timm:resnet18")
    assert isinstance(error, MissingExtraError)
    assert "install" in error.advice


class Pooled(torch.nn.Module):
    """What timm gives with `num_classes=0`: rows."""

    def __init__(self):
        super().__init__()
        self.pretrained_cfg = {"license": "mit", "hf_hub_id": "timm/fake"}
        self.conv = torch.nn.Conv2d(3, 5, 3, stride=2)

    def forward(self, x):
        return self.conv(x).mean((2, 3))


@pytest.fixture
def timm(monkeypatch):
    """A package that answers as timm does."""
    net = Pooled()

    def create_model(name, *, pretrained, num_classes):
        if name != "fake":
            raise RuntimeError(f"Unknown model ({name})")
        assert pretrained
        assert num_classes == 0
        return net

    facts = {"input_size": (3, 64, 64), "mean": (0.4, 0.5, 0.6), "std": (0.2, 0.25, 0.3)}
    package, data = ModuleType("timm"), ModuleType("timm.data")
    package.__dict__.update(create_model=create_model, data=data, __version__="1")
    data.__dict__.update(resolve_model_data_config=lambda _: facts)
    monkeypatch.setitem(sys.modules, "timm", package)
    monkeypatch.setitem(sys.modules, "timm.data", data)
    return SimpleNamespace(net=net, facts=facts)


def test_a_network_of_timm(timm):
    backbone = load_backbone("timm:fake")
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 96, 3), dtype=np.uint8)
    x = (images / 255 - timm.facts["mean"]) / timm.facts["std"]
    with torch.no_grad():
        expected = timm.net(torch.tensor(x.transpose(0, 3, 1, 2), dtype=torch.float32))
    found = session(backbone.model).run(None, {"images": images})[0]
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert (backbone.licence, backbone.embedding, backbone.deepest) == ("mit", 5, 5)


def test_a_name_that_timm_does_not_know(timm, refused):
    assert "no-such-net" in refused(load_backbone, "timm:no-such-net").found


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("---\nlicense: mit\n---\n", "mit"),
        ('---\ntags: [a]\nlicense: other\nlicense_name: "their own"\n---\nText', "their own"),
        ("---\nlicense: other\n---\n", "other"),
        ("---\ntags: [a]\n---\nlicense: mit", UNKNOWN),
        ("license: mit", UNKNOWN),
    ],
)
def test_licence_of_a_card(card, licence, tmp_path):
    assert licence_of_card(tmp_path) == UNKNOWN
    (tmp_path / "README.md").write_text(card)
    assert licence_of_card(tmp_path) == licence


def test_help_loads_nothing_heavy():
    program = (
        "import sys; sys.argv = ['tellapart', 'train', '--help']\n"
        "from tellapart.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*{'transformers', 'huggingface_hub', 'torch', 'onnx'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr.strip() == ""
