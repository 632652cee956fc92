"""Under what licence weights are, as far as their own files say."""

from __future__ import annotations

import re
from pathlib import Path

UNKNOWN = "unknown: ask the author"


def licence_of_card(folder: Path) -> str:
    """Return the licence that the model card `README.md` of `folder` names in its metadata, else `UNKNOWN`.

    Of the front matter as on the Hugging Face Hub: `license`, or `license_name` where that is "other".
    """
    card = folder / "README.md"
    if not card.is_file():
        return UNKNOWN
    text = card.read_text(encoding="utf-8-sig", errors="replace")
    front = re.match(r"---\s*\n(.*?)\n---\s*(?:\n|$)", text, re.DOTALL)
    if not front:
        return UNKNOWN
    fields = dict(re.findall(r"^(license\w*):[ \t]*(\S.*?)\s*$", front[1], re.MULTILINE))
    licence = fields.get("license", "").strip("\"'")
    if licence.lower() in ("", "other"):
        licence = fields.get("license_name", licence).strip("\"'")
    return licence or UNKNOWN
