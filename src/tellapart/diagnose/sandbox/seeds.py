"""Other seeds than the script's own, so that one script can be run with several.

Every call that sets a seed still sets one, a function of the script's and of ours: what the script made repeatable
stays so, what it made equal stays equal.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

MODULUS = 2**32


def mixed(own: int, ours: int) -> int:
    """Return a seed from 0 to 2**32 - 1 that depends on both."""
    return random.Random(f"{own} {ours}").randrange(MODULUS)  # noqa: S311 - seeds, not secrets


def install(ours: int, when_imported: Callable[[str, Callable[[Any], None]], None]) -> None:
    """Seed every generator with `ours`, and mix `ours` into every seed the script sets later."""
    random.seed(mixed(0, ours))
    _replace(random, "seed", ours)
    when_imported("numpy.random", lambda module: _numpy(module, ours))
    when_imported("torch", lambda module: _torch(module, ours))


def _replace(owner: Any, name: str, ours: int, *, method: bool = False) -> None:
    plain = getattr(owner, name)

    def seeded(*arguments: Any, **options: Any) -> Any:
        at = 1 if method else 0
        if len(arguments) > at and isinstance(arguments[at], int):
            arguments = (*arguments[:at], mixed(arguments[at], ours), *arguments[at + 1 :])
        options = {
            k: mixed(v, ours) if k in ("seed", "a") and isinstance(v, int) else v for k, v in options.items()
        }
        return plain(*arguments, **options)

    setattr(owner, name, seeded)


def _numpy(module: Any, ours: int) -> None:
    module.seed(mixed(0, ours))
    _replace(module, "seed", ours)
    _replace(module, "default_rng", ours)
    plain = module.RandomState

    class AsPlain(type):
        def __instancecheck__(cls, one: object) -> bool:
            return isinstance(one, plain)

    class RandomState(plain, metaclass=AsPlain):  # type: ignore[misc, valid-type]
        """scikit-learn's ``random_state=42`` ends up here."""

        def __init__(self, seed: Any = None) -> None:
            super().__init__(mixed(int(seed), ours) if isinstance(seed, int) else seed)

    module.RandomState = RandomState


def _torch(module: Any, ours: int) -> None:
    module.manual_seed(mixed(0, ours))
    _replace(module, "manual_seed", ours)
    _replace(module.random, "manual_seed", ours)
    generator = module.Generator

    class Generator(generator):  # type: ignore[misc, valid-type]
        def manual_seed(self, seed: int) -> Any:
            return super().manual_seed(mixed(seed, ours))

    module.Generator = Generator
