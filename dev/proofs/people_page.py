"""Renders the page on many people at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dev.proofs.circumstances import describe
from dev.proofs.people import MAX_GROWTH
from dev.proofs.sections import outcome
from dev.proofs.verdicts import MAX_VERDICT_SECONDS


def page(found: dict[str, Any]) -> str:
    """Returns the page in Markdown; ``found`` has the results of ``dev/proofs/prove_people.py``."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: dict[str, Any]) -> Iterator[str]:
    least, most = found["reading_seconds"]
    yield "# Many people at once"
    yield ""
    yield (
        f"Written by `make proof` (`dev/proofs/prove_people.py`), {describe(found)}, "
        "which the visitors shared with the server."
    )
    yield ""
    yield (
        f"{found['people']} WebSocket sessions at once. Each pasted {found['verdict_seconds']['n'] // found['people']} "
        f"reviews of its own and read each verdict for {least:g} to {most:g} seconds. At some point it scored a "
        f"file of {found['file_rows']} rows and downloaded the result."
    )
    yield ""
    yield "| | times | median | 95% within | slowest |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for name, description in (
        ("verdict", "a verdict"),
        ("page", "the whole page"),
        ("file", "a file, upload to download"),
    ):
        each = found[f"{name}_seconds"]
        yield f"| {description} | {each['n']:,} | {each['median']:.2f} s | {each['p95']:.2f} s | {each['most']:.1f} s |"
    yield ""
    yield (
        f"Errors: {len(found['errors'])}. The server used {found['before_megabytes']:.0f} MB before the visits, "
        f"{found['during_megabytes']:.0f} MB at most during them ({found['megabytes_a_person']:.1f} MB a visitor), "
        f"and {found['after_megabytes']:.0f} MB afterwards."
    )
    yield ""
    yield (
        f"Target: 95% of the verdicts within {MAX_VERDICT_SECONDS:g} s, no error, "
        f"memory back to within {MAX_GROWTH} MB. {outcome(found)}"
    )
