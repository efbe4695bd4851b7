"""The Dataset page for the data of a run; for a user's file, tests/test_app_own_data.py tests it."""

from __future__ import annotations

import pytest

from tests.app_pages import open_page, said

pytestmark = pytest.mark.usefixtures("serve_runs")


def test_without_texts_no_row_can_be_selected_and_the_page_says_why():
    app = open_page("dataset", tab="Quality")
    tables = [table for table in app.dataframe if "fingerprint" in table.value]
    assert tables
    assert all(not table.proto.selection_mode for table in tables)
    [hint] = [caption for caption in app.caption if caption.value.startswith("This server has no review texts")]
    assert "`make app DATA=" in hint.help


def test_a_word_is_looked_up_with_its_counts_and_an_unknown_one_is_reported():
    app = open_page("dataset", tab="Words", word="GOOD")
    assert "in negative training reviews (log-odds" in said(app)
    app.text_input(key="word").set_value("zebra").run()
    assert "isn't in the vocabulary" in said(app)
