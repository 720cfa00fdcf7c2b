"""Names that the shell completes; nothing here reads a table, so that a key press is answered at once."""

from __future__ import annotations

from collections.abc import Iterable


def event_names(incomplete: str) -> list[str]:
    """Bundled events and scripted examples."""
    from gridsim.io.bundled import event_files

    return _of(event_files(), incomplete)


def study_names(incomplete: str) -> list[str]:
    """Bundled studies."""
    from gridsim.io.bundled import study_files

    return _of(study_files(), incomplete)


def variant_names(incomplete: str) -> list[str]:
    """Variants of all bundled networks, and ``base``."""
    from gridsim.io import bundled

    folder = bundled.bundled_folder("networks")
    names = {variant for network in bundled.network_names() for variant in bundled.variant_names(folder / network)}
    return _of(["base", *sorted(names)], incomplete)


def names_to_validate(incomplete: str) -> list[str]:
    """Bundled networks, events and studies."""
    from gridsim.io.bundled import network_names

    return [*_of(network_names(), incomplete), *event_names(incomplete), *study_names(incomplete)]


def imports_names(incomplete: str) -> list[str]:
    """Values of --imports."""
    return _of(("none", "contract", "limit"), incomplete)


def _of(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
