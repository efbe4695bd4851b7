"""The Model card page: what the served run's folder says about it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from sentiment.app import serving
from sentiment.app.foreign import plain


def page() -> None:
    """The run's README, then the files it consists of."""
    run = serving.run()
    with serving.sentences():
        if run.has("README.md"):
            card = run.file("README.md").read_text(encoding="utf-8")
            st.markdown(card.replace(" %", "\N{NO-BREAK SPACE}%"))  # on a phone it would stand in a line of its own
        else:
            st.title(plain(run.name))
            st.caption("This run has no model card.")
    with st.expander("Files of this run", icon=":material/folder_open:"):
        st.caption(
            f"The files of {plain(run.name)} were hashed when it was finished; the hashes are checked on loading."
        )
        files = [(name, (run.path / name).stat().st_size, digest) for name, digest in run.manifest["files"].items()]
        st.dataframe(
            pd.DataFrame(files, columns=["file", "size", "SHA-256"]),
            hide_index=True,
            alt="Files of the run with size and hash",
            column_config={"size": st.column_config.NumberColumn(format="bytes")},
        )
