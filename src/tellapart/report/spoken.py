"""metrics.json as text: what the command line prints, and what `report_` shows of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SPOKEN = ("accuracy", "balanced_accuracy", "roc_auc", "macro_f1", "average_precision")
CHOSEN_BY = {"option": "--positive", "rarer class": "the rarer, or the second of equal ones"}


def figures_in_words(metrics: Mapping[str, Any]) -> str:
    """Return the decision in one sentence, then a line for each figure, with its interval and its n."""
    lines = [f"{metrics['decision'].capitalize()}. {metrics['words']['sentence']}"]
    for name in SPOKEN:
        figure = metrics["test"][name]
        if figure["value"] is not None:
            interval = f"({figure['low']:.3f} to {figure['high']:.3f}, n = {figure['n']})"
            lines.append(f"  {name.replace('_', ' '):<18} {figure['value']:.3f}  {interval}")
    if metrics["positive"] is not None:
        why = CHOSEN_BY.get(metrics["positive_chosen_by"], metrics["positive_chosen_by"])
        lines.append(f"  positive class     {metrics['positive']!r} ({why})")
    if metrics.get("fit_for_use", {}).get("met") is not None:
        lines.append(f"  {metrics['fit_for_use']['words']}")
    pictures = metrics["pictures"]
    if pictures["left_out"]:
        first = pictures["left_out_files"][0]
        left = f"{pictures['left_out']} files, e.g. {first['path']!r}: {first['why']}"
        lines.append(f"  left out           {left}")
    lines += [f"  note               {text}" for text in metrics.get("warnings", [])]
    lines.append(f"  {metrics['seconds']['total']:.0f} s, {pictures['used']} pictures")
    return "\n".join(lines)
