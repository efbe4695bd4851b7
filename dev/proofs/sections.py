"""Renders the parts that pages of proofs share: a section for each proof, and its outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dev.proofs.circumstances import describe

Render = Callable[[dict[str, Any]], str]  # returns a section's text from the results of its proof
Sections = Mapping[str, tuple[str, Render]]  # by proof: a title, and the function that renders the section


def outcome(found: Mapping[str, Any]) -> str:
    """Returns the sentence that says whether a proof reached its target."""
    return "Target reached." if found["holds"] else "Target missed."


def in_sections(title: str, script: str, sections: Sections, found: Mapping[str, dict[str, Any]]) -> str:
    """Returns a page in Markdown; a proof that is not in ``found`` has no section."""
    parts = [f"# {title}", f"Written by `make proof` (`dev/proofs/{script}`)."]
    for name, (heading, section) in sections.items():
        if name in found:
            parts += [f"## {heading}", section(found[name]), f"Measured {describe(found[name]['circumstances'])}."]
    return "\n\n".join(parts) + "\n"
