"""The Model card page: the README and the files of the served run."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from sentiment import front_matter
from sentiment.app.model_card import markdown_blocks
from sentiment.app.shared import current_run
from sentiment.app.shared.uploads import escape_markdown
from sentiment.artifacts import Run

_MAX_CHARACTERS = 200_000  # characters of a card
_MAX_WRAPPED_COLUMNS = 5  # columns that fit a phone if their cells wrap


def page() -> None:
    """Shows the run's README, then the list of its files."""
    run = current_run.run()
    with current_run.stop_on_artifact_error():
        if run.has("README.md"):
            _card(front_matter.without(run.file("README.md").read_text(encoding="utf-8", errors="replace")))
        else:
            st.title(escape_markdown(run.name))
            st.caption("This run has no model card.")
    with st.expander("Files of this run", icon=":material/folder_open:"):
        st.caption(
            f"The files of {escape_markdown(run.name)} were hashed when it was finished; "
            "the hashes are checked on loading."
        )
        st.dataframe(
            _files(run),
            hide_index=True,
            alt="Files of the run with size and hash",
            placeholder="missing",
            column_config={"size": st.column_config.NumberColumn(format="bytes")},
        )


def _card(text: str) -> None:
    """Shows the blocks of the card one below the other, none wider than the page."""
    joined = text[:_MAX_CHARACTERS].replace(" %", "\N{NO-BREAK SPACE}%")  # keeps number and sign on one line
    for block in markdown_blocks.split(joined):
        if block.kind == "text":
            st.markdown(block.content)
        elif block.kind == "code":
            st.code(block.content, language=None, wrap_lines=True)
        else:
            _table(markdown_blocks.table(block.content))
    if len(text) > _MAX_CHARACTERS:
        st.caption(f"The first {_MAX_CHARACTERS:,} of {len(text):,} characters of the card are shown.")


def _table(rows: pd.DataFrame) -> None:
    """Shows a table whose cells wrap, or a scrollable one if it is too wide for a phone.

    A screen reader needs a name for each column, so unnamed ones get a name. A table without any becomes a list.
    """
    if not any(markdown_blocks.visible_name(name) for name in rows.columns):
        st.markdown("\n".join(f"- {cells[0]}: {' · '.join(cells[1:])}" for cells in rows.to_numpy().tolist()))
        return
    named = rows.set_axis(
        [name if markdown_blocks.visible_name(name) else f"figure{name}" for name in rows.columns], axis=1
    )
    if len(named.columns) > _MAX_WRAPPED_COLUMNS:
        st.dataframe(named, hide_index=True, placeholder="", alt=f"Table of {', '.join(named.columns)}")
    else:
        st.table(named, border="horizontal", hide_index=True, alt=f"Table of {', '.join(named.columns)}")


def _files(run: Run) -> pd.DataFrame:
    """Returns a row for each file of the manifest: name, size in bytes (missing if the file is), and hash."""
    rows = [(name, _size(run, name), digest) for name, digest in run.manifest["files"].items()]
    return pd.DataFrame(rows, columns=["file", "size", "SHA-256"]).astype({"size": "Int64"})


def _size(run: Run, name: str) -> int | None:
    try:
        return (run.path / name).stat().st_size
    except (OSError, ValueError):
        return None
