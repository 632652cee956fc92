"""`--on WHERE`: read, and opened for the time of a command."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata

from tellapart.errors import MissingExtraError, OptionError
from tellapart.scale.executor import Executor, Here

LOCAL, RAY = "local", "ray"
LAST_PORT = 65535
PREDICTING = ("numpy", "onnxruntime", "pillow")
TRAINING = (*PREDICTING, "scikit-learn", "scipy", "torch")
"""Packages whose versions decide the numbers, by what is done on the nodes."""
FRAMEWORKS = ("keras", "tensorflow", "jax", "pandas", "torchvision")
"""Packages that scripts of users train with, beside those above; only what is installed here can matter."""


SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent to Ray's makers
    "RAY_ENABLE_AUTO_CONNECT": "0",  # where a head was lost, no other Ray is started in its place
    "RAY_CLIENT_INITIAL_CONNECTION_TIMEOUT_S": "6",  # three tries of 6, 7 and 7 s: some 20 s until we give up
    "RAY_CLIENT_MAX_CONNECTION_TIMEOUT_S": "7",
    "RAY_CLIENT_RECONNECT_GRACE_PERIOD": "20",  # s that a lost head has to come back
}


@dataclass(frozen=True)
class Place:
    """Where the work runs.

    Attributes
    ----------
    kind
        ``local``, or ``ray``.
    address
        ``HOST:PORT`` of a cluster; empty: none, or one on this machine, started for the command.
    """

    kind: str = LOCAL
    address: str = ""


HERE = Place()


def parse_on(text: str) -> Place:
    """Read ``local``, ``ray`` or ``ray://HOST:PORT``.

    Raises
    ------
    OptionError
        It is none of these.
    """
    if text in (LOCAL, RAY):
        return HERE if text == LOCAL else Place(RAY)
    found = re.fullmatch(r"ray://((?:[\w.-]+|\[[0-9a-fA-F:.]+\]):(\d{1,5}))", text, re.ASCII)
    if found is None or not 1 <= int(found[2]) <= LAST_PORT:
        raise OptionError(
            "--on is local, ray (one that is started on this machine), or ray://HOST:PORT.",
            found=repr(text),
            where="--on",
            advice="the PORT of a head is 10001, unless `ray start` was told another with --ray-client-server-port",
        )
    return Place(RAY, found[1])


def of_script(place: Place, imported: Iterable[str]) -> tuple[str, ...]:
    """Return the packages whose versions have to be the same for a script that imports these modules."""
    if place.kind == LOCAL:
        return ()
    known = metadata.packages_distributions()
    own = {name.lower() for module in imported for name in known.get(module, ())}
    installed = {name.lower() for names in known.values() for name in names}
    return tuple(sorted(own | {name for name in (*TRAINING, *FRAMEWORKS) if name in installed}))


@contextmanager
def open_executor(
    place: Place, packages: Sequence[str], say: Callable[[str], None], *, beside: int = 1
) -> Iterator[Executor]:
    """Open the place; what was started for it ends with the block.

    Parameters
    ----------
    place
        See `parse_on`.
    packages
        Whose versions have to be the same everywhere.
    say
        Is told where the work runs.
    beside
        Tasks at a time in this process, see `Here`.

    Raises
    ------
    MissingExtraError
        Ray is not installed.
    ClusterError
        The cluster does not answer, or a node is not as this process is.
    """
    if place.kind == LOCAL:
        yield Here(beside)
        return
    for name, value in SETTINGS.items():  # Ray reads some of them while it is imported
        os.environ.setdefault(name, value)
    try:
        import ray  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "--on ray needs an extra.",
            found=str(error),
            where="this Python environment",
            advice="pip install 'tellapart[ray]'",
        ) from error
    from tellapart.scale.on_ray import connected

    with connected(place.address, packages) as executor:
        say(f"The work runs on {executor.where}.")
        yield executor
