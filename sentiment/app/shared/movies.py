"""Links from reviews to their movies on IMDb."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st


def links(films: pd.Series) -> pd.Series:
    """Returns the address of each movie's page, None for a review without an IMDb ID such as tt0133093."""
    return films.map(lambda film: f"https://www.imdb.com/title/{film}/" if film else None)


def link_column() -> Any:
    """Returns the column of a table that shows each of ``links`` as the movie's ID."""
    return st.column_config.LinkColumn("Movie", display_text=r"(tt\d+)")
