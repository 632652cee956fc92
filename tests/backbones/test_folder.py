"""Networks of `transformers`: what the graph gives is what torch gives, and only safetensors are opened."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

from tellapart.backbones.catalogue import load_backbone
from tellapart.backbones.features import session
from tellapart.backbones.folder import load_folder
from tellapart.members.extraction import view_of
from tellapart.pictures.view import View


def pictures(height, width, count=2):
    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def outputs(folder, images):
    """What transformers gives for pictures of the network's own size, prepared by the folder's own processor."""
    from transformers import AutoImageProcessor, AutoModel

    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    prepared = processor(images=[Image.fromarray(image) for image in images], return_tensors="pt")
    with torch.no_grad():
        return AutoModel.from_pretrained(folder).eval()(**prepared, output_hidden_states=True)


@pytest.fixture(scope="module")
def vit(vit_folder):
    return load_backbone(str(vit_folder))


def test_a_transformers_embedding_is_the_class_token_and_the_mean_of_the_others(vit, vit_folder):
    images = pictures(64, 64)
    tokens = outputs(vit_folder, images).last_hidden_state.numpy()
    found = session(vit.model).run(None, {"images": images})[0]
    expected = np.concatenate([tokens[:, 0], tokens[:, 1:].mean(1)], 1)
    np.testing.assert_allclose(found[:, -vit.embedding :], expected, atol=1e-3)
    np.testing.assert_allclose(found[:, -vit.deepest :][:, :16], tokens[:, 1:].std(1), atol=1e-3)


def test_a_transformer_that_interpolates_its_positions_takes_other_sizes(vit, vit_folder):
    from transformers import AutoModel

    assert (vit.fixed_px, vit.multiple, vit.area_px) == (None, 16, 64**2)
    images = pictures(48, 112)
    x = (
        torch.from_numpy(images).permute(0, 3, 1, 2) / 255 - torch.tensor([0.4, 0.5, 0.6])[:, None, None]
    ) / (torch.tensor([0.2, 0.25, 0.3])[:, None, None])
    with torch.no_grad():
        net = AutoModel.from_pretrained(vit_folder).eval()
        expected = net(x, interpolate_pos_encoding=True).last_hidden_state[:, 1:].mean(1)
    found = session(vit.model).run(None, {"images": images})[0]
    np.testing.assert_allclose(found[:, -16:], expected, atol=1e-3)


def test_a_convolutional_network_is_pooled_at_every_stage(convnext_folder):
    backbone = load_folder(convnext_folder)
    images = pictures(64, 64)
    seen = outputs(convnext_folder, images)
    maps = [*seen.hidden_states[1:-1], seen.last_hidden_state]
    rows = [row for m in maps for row in (m.amax((2, 3)), m.std((2, 3), correction=0), m.mean((2, 3)))]
    found = session(backbone.model).run(None, {"images": images})[0]
    np.testing.assert_allclose(found, torch.cat(rows, 1).numpy(), atol=1e-3)
    assert (backbone.embedding, backbone.deepest, backbone.multiple) == (16, 48, 8)
    assert view_of(backbone, backbone.area_px) == View("area", 64, 64, 8)


def test_one_size_only_means_a_canvas(swin_folder):
    backbone = load_folder(swin_folder)
    assert backbone.fixed_px == (64, 64)
    view = view_of(backbone, 99_999)
    images = np.stack([view.apply(image) for image in pictures(30, 90)])
    tokens = outputs(swin_folder, images).last_hidden_state.numpy()
    found = session(backbone.model).run(None, {"images": images})[0]
    np.testing.assert_allclose(found[:, -backbone.embedding :], tokens.mean(1), atol=1e-3)


def test_the_model_card_gives_the_licence_and_the_source_names_the_weights(vit):
    assert vit.licence == "apache-2.0"
    assert "tiny-vit (ViTModel, weights sha256 " in vit.source


def test_nothing_of_this_machine_is_left_in_the_graph(vit):
    assert b"site-packages" not in vit.model.SerializeToString()


def test_a_pickle_is_never_opened(copied, vit_folder, refused):
    folder = copied(vit_folder)
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"would run code")
    assert "pytorch_model.bin" in refused(load_folder, folder).found


def test_code_of_a_folder_is_never_run(copied, vit_folder, refused, tmp_path):
    folder, trace = copied(vit_folder), tmp_path / "trace"
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "their-own", "auto_map": {"AutoConfig": "code.Config", "AutoModel": "code.Net"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "code.py").write_text(f"open({str(trace)!r}, 'w').close()")
    refused(load_folder, folder)
    assert not trace.exists()


@pytest.mark.parametrize("name", ["config.json", "preprocessor_config.json", "model.safetensors"])
def test_a_missing_or_damaged_file_is_one_message(name, copied, vit_folder, refused):
    folder = copied(vit_folder)
    (folder / name).write_bytes((folder / name).read_bytes()[:40])
    refused(load_folder, folder)
    (folder / name).unlink()
    assert name in str(refused(load_folder, folder))


def test_weights_of_another_network_are_refused(copied, vit_folder, convnext_folder, refused):
    folder = copied(vit_folder)
    (folder / "model.safetensors").write_bytes((convnext_folder / "model.safetensors").read_bytes())
    assert "absent" in refused(load_folder, folder).found


def test_a_network_for_text_is_refused(copied, vit_folder, refused):
    from transformers import BertConfig, BertModel

    folder = copied(vit_folder)
    BertModel(
        BertConfig(
            hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8, vocab_size=9
        )
    ).save_pretrained(folder)
    assert "BertModel" in refused(load_folder, folder).found
