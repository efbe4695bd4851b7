"""The page Score a file before the scoring: uploads, pasted reviews, the sample, and the choice of columns."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import DeletedFile

from sentiment.app.bulk import upload as upload_step
from sentiment.app.shared.uploads import escape_markdown
from sentiment.bulk.jobs.creation import create_job
from sentiment.bulk.jobs.job import all_jobs
from tests.app_pages import said
from tests.bulk_page import button, job_of, open_page, open_tab, score, settle, upload

pytestmark = [pytest.mark.page, pytest.mark.usefixtures("settings")]

PASTED = ["text, with a comma", '"quoted" and, odd', "a\ttab", "review", "=1+1", "  ", "a good film"]


def test_the_size_limit_and_the_deletion_are_stated_before_a_file_is_chosen():
    app = open_page()
    assert app.file_uploader[0].proto.max_upload_size_mb == 200  # which Streamlit shows in the uploader
    assert "24 hours" in said(app)
    assert "scripts/score.py" in app.code[0].value


def test_an_upload_is_described_and_its_columns_are_guessed(settings):
    app = settle(upload(), settings, "new")
    assert "120 rows, 5 columns · UTF\\-8 · delimiter comma" in said(app)
    assert app.selectbox(key="text_column").value == 1
    assert app.selectbox(key="label_column").value == 2


def test_the_chosen_one_of_two_columns_with_one_name_stays_chosen(settings):
    content = b"text,none,text,genre,genre\na good film,1,x,drama,war\na dull film,2,y,comedy,love\n"
    app = upload("twice.csv", content)
    app.selectbox(key="text_column").set_value(0).run()
    app.selectbox(key="label_column").set_value(None).run()
    assert (app.selectbox(key="text_column").value, app.selectbox(key="label_column").value) == (0, None)
    score(app, settings)
    open_tab(app, "Groups and time").selectbox(key="group").set_value(3).run()
    assert app.selectbox(key="group").value == 3


def test_streamlit_keeps_no_copy_of_an_upload(monkeypatch):
    held, remove_file = [], MemoryUploadedFileManager.remove_file

    def remove(manager, session_id, file_id):
        before = len(manager.get_files(session_id, [file_id]))
        remove_file(manager, session_id, file_id)
        held.append((before, len(manager.get_files(session_id, [file_id]))))

    monkeypatch.setattr(MemoryUploadedFileManager, "remove_file", remove)
    upload()
    assert held == [(1, 0)]


def test_an_upload_that_was_taken_is_not_taken_again(monkeypatch, settings):
    state = {"upload": DeletedFile("gone")}
    monkeypatch.setattr("streamlit.session_state", state)
    before = all_jobs(settings)
    upload_step._create_job(settings, "upload")
    assert all_jobs(settings) == before
    assert list(state) == ["upload"]


def test_an_upload_that_is_refused_says_why_and_another_can_follow(monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=0))
    app = upload()
    assert "no room for this file" in app.error[0].value
    assert app.file_uploader
    assert "job" not in app.query_params


def test_an_upload_that_waits_for_its_turn_says_so(settings, monkeypatch):
    monkeypatch.setenv("SENTIMENT_JOBS_AT_ONCE", "1")
    other = create_job(settings, "others.csv", io.BytesIO(b"review\n"), 7)
    with other.locked():  # as a worker does
        app = upload()
        assert "waits for its turn" in app.info[0].value
        assert job_of(app, settings).state == "unread"
    settle(app.run(), settings, "new")
    other.delete()


def test_a_file_whose_text_column_holds_no_text_gets_a_warning(settings):
    app = settle(upload("prices.csv", b"id,price\n1,20\n2,30\n"), settings, "new")
    assert "doesn't look like review text" in app.warning[0].value


def test_an_unusable_file_is_reported_in_a_sentence(settings):
    app = settle(upload("films.csv", b"\x1f\x8b zip"), settings, "failed")
    assert r"is not a file of reviews\: it looks like gzip data" in app.error[0].value


def test_a_file_that_cannot_be_read_in_an_encoding_can_be_read_in_another(settings):
    app = settle(upload(), settings, "new")
    job_of(app, settings).reinspect({"encoding": "idna"})
    settle(app.run(), settings, "failed")
    assert "encoding idna" in app.error[0].value
    next(each for each in app.selectbox if each.label == "Encoding").set_value("cp1252")
    button(app, "Reload file").click().run()
    settle(app, settings, "new")
    assert "120 rows" in said(app)
    assert not app.exception


def test_a_label_column_with_too_many_values_to_list_is_not_called_unknown(settings):
    rows = "".join(f"a good film,{1 + i / 10:.1f}\n" for i in range(41))
    app = settle(upload("stars.csv", f"review,stars\n{rows}".encode()), settings, "new")
    assert app.selectbox(key="label_column").value == 1
    assert "Unrecognised" not in said(app)
    assert "are used as labels" in app.info[0].value


def test_nothing_in_a_file_is_read_as_markdown(settings):
    image = "![x](https://evil.example/p.png)"
    escaped = escape_markdown(image)
    content = f"review,{image}\na good film,no\na dull film,{image},{image}\n".encode()
    app = settle(upload("![x](https:evil.example).csv", content), settings, "new")
    app.selectbox(key="label_column").set_value(None).run()
    app.selectbox(key="text_column").set_value(1).run()
    assert escaped in next(each.value for each in app.warning if "doesn't look like" in each.value)
    assert escaped in next(each.value for each in app.warning if "Malformed row" in each.value)
    app.selectbox(key="text_column").set_value(0).run()
    app.selectbox(key="label_column").set_value(1).run()
    assert "(https:" not in said(app)
    assert app.header[0].value == r"\!\[x\]\(https\:evil\.example\)\.csv"
    job_of(app, settings).write("error", f"There is no column called {image}.")
    assert escaped in app.run().error[0].value
    button(app, "New file").click().run()
    assert r"\!\[x\]\(https\:evil\.example\)\.csv" in {each.label for each in app.button}


def test_the_sample_has_something_for_every_tab(settings):
    app = open_page()
    button(app, "Try a sample file").click().run()
    settle(app, settings, "new")
    assert "sample\\-reviews\\.csv" in {header.value for header in app.header}
    inspection = job_of(app, settings).read("inspection")
    assert inspection["columns"] == ["review", "label", "genre", "date"]
    assert (inspection["text"], inspection["label"], inspection["dates"]) == (0, 1, [3])
    assert {"drama", "comedy"} <= set(inspection["values"]["2"])
    button(app, "Score 50 rows").click().run()
    settle(app, settings, "done")
    assert "50 of 50 rows" in said(app)
    assert not app.exception


def test_each_pasted_line_is_a_review_whatever_it_holds(settings):
    app = open_page()
    app.text_area(key="pasted_reviews").set_value("\n".join(PASTED))
    button(app, "Use these reviews").click().run()
    settle(app, settings, "new")
    found = job_of(app, settings).read("inspection")
    assert len(found["columns"]) == 1
    assert found["survey"]["rows"] == len(PASTED)
    assert [cell for (cell,) in found["sample"]] == PASTED
    button(app, "New file").click().run()
    assert not app.text_area(key="pasted_reviews").value


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        pytest.param("good\n" * 50_000, "Paste 200,000 characters at most, or upload a file.", id="too long"),
        pytest.param(["good"], "There is no review yet", id="no text"),
    ],
)
def test_a_paste_that_no_browser_would_send_is_refused_by_the_server(sent, answer, settings, monkeypatch):
    before = all_jobs(settings)
    state = {upload_step._PASTED: sent}
    monkeypatch.setattr(upload_step.st, "session_state", state)
    upload_step._create_from_paste(settings)
    assert state[upload_step._UPLOAD_ERROR].startswith(answer)
    assert all_jobs(settings) == before


@pytest.mark.parametrize("pasted", ["", " \n\t\n"])
def test_an_empty_paste_is_reported(pasted):
    app = open_page()
    app.text_area(key="pasted_reviews").set_value(pasted)
    button(app, "Use these reviews").click().run()
    assert "There is no review yet" in app.error[0].value
    assert "job" not in app.query_params
