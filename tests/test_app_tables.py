"""Tables that leave the app."""

import pandas as pd

from sentiment.app.tables import csv


def test_no_cell_of_a_downloaded_table_runs_in_a_spreadsheet():
    told = csv(pd.DataFrame({"=text": ["=1+1", "-dull-", "a good film", None], "n": [1, -2, 3, 4]}))
    assert told.splitlines() == ["'=text,n", "'=1+1,1", "'-dull-,-2", "a good film,3", ",4"]
