"""Renders a page of proofs, a section for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dev.proofs.circumstances import describe

Sections = Mapping[str, tuple[str, Callable[[dict[str, Any]], str]]]  # by proof: a title, and what renders the section


def in_sections(title: str, script: str, sections: Sections, found: Mapping[str, dict[str, Any]]) -> str:
    """Returns a page in Markdown; a proof that is not in ``found`` has no section."""
    parts = [f"# {title}", f"Written by `make proof` (`dev/proofs/{script}`)."]
    for name, (heading, section) in sections.items():
        if name in found:
            parts += [f"## {heading}", section(found[name]), f"Measured {describe(found[name]['circumstances'])}."]
    return "\n\n".join(parts) + "\n"
