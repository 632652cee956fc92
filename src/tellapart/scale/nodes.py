"""The nodes of a cluster: whether each has what this process has, and sees the files it is to read."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import tellapart
from tellapart.errors import ClusterError

ANSWER_SECONDS = (
    60.0  # in which a node has to say what is installed; starting Python on a busy one takes some 10 s
)

Seen = dict[str, Any]


def ask(look: Callable[..., dict[str, Seen]], packages: Sequence[str]) -> None:
    """Have every node look at its versions, and hold them against ours.

    Parameters
    ----------
    look
        (function, argument) -> what the function gives on every node, by the node's name.
    packages
        What the work is done with.

    Raises
    ------
    ClusterError
        A node lacks a package, or has another version: its numbers could be others.
    """
    ours = _asking()(tuple(packages))
    ours |= {"tellapart": tellapart.__version__}
    for node, theirs in look(_asking(), tuple(packages)).items():
        compare(node, ours, theirs)


def compare(node: str, ours: Mapping[str, str | None], theirs: Mapping[str, str | None]) -> None:
    """Refuse a node that is not as this process is; the first difference is named."""
    for name, version in ours.items():
        found = theirs.get(name)
        if found != version:
            raise ClusterError(
                f"Every node should have {name} {version}, as this process has: other versions give other numbers.",
                found="none" if found is None else f"{name} {found}",
                where=f"node {node}",
                advice="install the same there (pip install -c constraints.txt), or the version of the nodes here",
            )


def look_for(look: Callable[..., dict[str, Seen]], files: Sequence[Path]) -> None:
    """Have every node look for files.

    Raises
    ------
    ClusterError
        One is missing somewhere, or has another size.
    """
    wanted = {str(file.absolute()): file.stat().st_size for file in files}
    for node, sizes in look(_looking(), wanted).items():
        for file, size in wanted.items():
            if sizes[file] != size:
                raise not_seen(file, node)


def not_seen(file: str, node: str) -> ClusterError:
    """Return the refusal of a file that lies where a node cannot read it."""
    return ClusterError(
        "Every node should see the same files at the same path.",
        found="a file that this process sees and the node does not",
        where=f"{file}, node {node}",
        advice="put the pictures and the run into a folder that all machines share, at one path",
    )


# Functions inside functions are sent as they are written; others by name, and a node without this package has no such
# name: it could not even say so.
def _asking() -> Callable[[tuple[str, ...]], Seen]:
    version, missing, python = metadata.version, metadata.PackageNotFoundError, platform.python_version_tuple

    def asked(packages: tuple[str, ...]) -> Seen:
        found: Seen = {"python": ".".join(python()[:2])}
        try:
            import tellapart

            found["tellapart"] = tellapart.__version__
        except ImportError:
            found["tellapart"] = None
        for name in packages:
            try:
                found[name] = version(name).partition("+")[0]  # builds of one version: 2.13.0+cpu
            except missing:
                found[name] = None
        return found

    return asked


def _looking() -> Callable[[dict[str, int]], Seen]:
    def looked(wanted: dict[str, int]) -> Seen:
        import os

        def size(file: str) -> int:
            try:
                return os.stat(file).st_size  # noqa: PTH116 - a name may hold what Path refuses
            except OSError:
                return -1

        return {file: size(file) for file in wanted}

    return looked
