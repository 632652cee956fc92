"""`hub:OWNER/NAME`: a network of the Hugging Face Hub, from its local cache or fetched into it."""

from __future__ import annotations

import re
from pathlib import Path

from tellapart.backbones.features import Backbone
from tellapart.backbones.folder import WEIGHTS, load_folder, require_transformers
from tellapart.errors import OptionError

FILES = (
    "config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "README.md",
    "model.safetensors.index.json",
    *WEIGHTS,
)
"""All that is ever fetched: no pickle, no code."""


def load_hub(repository: str) -> Backbone:
    """Load a vision network of the Hub.

    Parameters
    ----------
    repository
        ``OWNER/NAME``.

    Raises
    ------
    MissingExtraError
        `transformers` is not installed.
    OptionError
        There is no such network, it cannot be reached and is not in the cache, or as `load_folder`.
    """
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise OptionError(
            "A network of the Hub is named hub:OWNER/NAME.",
            found=f"'hub:{repository}'",
            where="--backbone",
            advice="for example hub:facebook/dinov2-small",
        )
    require_transformers()
    folder = _fetch(repository)
    source = f"huggingface.co/{repository} at {folder.name[:12]}"
    return load_folder(folder, name=f"hub:{repository}", source=source)


def _fetch(repository: str) -> Path:
    import huggingface_hub
    from huggingface_hub import constants, errors

    from tellapart.backbones.export import quiet

    expected = (
        f"The network {repository} of the Hugging Face Hub was expected, in the local cache or by network."
    )
    cache = f"cache {constants.HF_HUB_CACHE}"
    try:
        with quiet():
            return Path(huggingface_hub.snapshot_download(repository, allow_patterns=list(FILES)))
    except errors.LocalEntryNotFoundError as error:
        raise OptionError(
            expected,
            found="it is not in the cache, and the Hub cannot be reached from here (offline)",
            where=cache,
            advice="on a machine with network run: hf download "
            f"{repository} --local-dir FOLDER; then give --backbone FOLDER here. "
            "efficientnet-lite0 is built in and needs no network",
        ) from error
    except errors.GatedRepoError as error:
        raise OptionError(
            expected,
            found="its owner asks for an agreement first",
            where=f"https://huggingface.co/{repository}",
            advice="agree there, then run: hf auth login",
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise OptionError(
            expected,
            found="the Hub has none of that name that is open to you",
            where=f"https://huggingface.co/{repository}",
            advice="look the name up there",
        ) from error
    except (OSError, ValueError) as error:
        raise OptionError(
            expected,
            found=f"{type(error).__name__}: {(str(error).strip() or 'no word').splitlines()[0][:300]}",
            where=cache,
            advice="try again; if it stays, fetch the files by hand and give --backbone FOLDER",
        ) from error
