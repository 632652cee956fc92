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


class Seeds:
    """Patches of whatever sets a seed; without effect until `begin`."""

    def __init__(self) -> None:
        self._ours: int | None = None
        self._plain: list[Callable[[int], Any]] = []

    def install(self, when_imported: Callable[[str, Callable[[Any], None]], None]) -> None:
        """Patch this process; `when_imported` calls a function with a module as soon as it is imported."""
        self._plain.append(random.seed)
        self._replace(random, "seed")
        when_imported("numpy.random", self._numpy)
        when_imported("torch", self._torch)

    def begin(self, ours: int) -> None:
        """Seed every generator with `ours`, and mix `ours` into every seed the script sets from now on."""
        self._ours = ours
        for seed in self._plain:
            seed(mixed(0, ours))

    def _mixed(self, own: int) -> int:
        return own if self._ours is None else mixed(own, self._ours)

    def _imported(self, seed: Callable[[int], Any]) -> None:
        self._plain.append(seed)
        if self._ours is not None:
            seed(mixed(0, self._ours))

    def _replace(self, owner: Any, name: str) -> None:
        plain = getattr(owner, name)

        def seeded(*arguments: Any, **options: Any) -> Any:
            if arguments and isinstance(arguments[0], int):
                arguments = (self._mixed(arguments[0]), *arguments[1:])
            options = {
                k: self._mixed(v) if k in ("seed", "a") and isinstance(v, int) else v
                for k, v in options.items()
            }
            return plain(*arguments, **options)

        setattr(owner, name, seeded)

    def _numpy(self, module: Any) -> None:
        self._imported(module.seed)
        self._replace(module, "seed")
        self._replace(module, "default_rng")
        plain, mix = module.RandomState, self._mixed

        class AsPlain(type):
            def __instancecheck__(cls, one: object) -> bool:
                return isinstance(one, plain)

        class RandomState(plain, metaclass=AsPlain):  # type: ignore[misc, valid-type]
            """scikit-learn's ``random_state=42`` ends up here."""

            def __init__(self, seed: Any = None) -> None:
                super().__init__(mix(int(seed)) if isinstance(seed, int) else seed)

        module.RandomState = RandomState

    def _torch(self, module: Any) -> None:
        self._imported(module.manual_seed)
        self._replace(module, "manual_seed")
        self._replace(module.random, "manual_seed")
        generator, mix = module.Generator, self._mixed

        class Generator(generator):  # type: ignore[misc, valid-type]
            def manual_seed(self, seed: int) -> Any:
                return super().manual_seed(mix(seed))

        module.Generator = Generator
