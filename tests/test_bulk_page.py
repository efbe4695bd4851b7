"""The page Score a file, run in process: an upload becomes a job, the job a table; strangers see nothing."""

import errno
import io
import json
import os
import re
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import DeletedFile
from streamlit.testing.v1 import AppTest

from sentiment.app import server
from sentiment.app.bulk import labels
from sentiment.app.bulk import upload as upload_step
from sentiment.app.bulk.upload import _create_job
from sentiment.app.shared import job_timer
from sentiment.app.shared.uploads import escape_markdown
from sentiment.artifacts import write_json
from sentiment.budget import Settings
from sentiment.bulk.jobs.creation import create_job
from sentiment.bulk.jobs.job import all_jobs, find_job
from sentiment.bulk.jobs.limits import DISK_FULL
from tests.app_pages import said, selections
from tests.inline_worker import inline_worker

TABS = ("Summary", "Words", "Groups and time", "Evaluation", "Label", "Adapt")  # beside Rows
CONTENT = (
    "id,review,label,genre,seen\n"
    + "".join(
        f"{i},{text} {i},{label},{'drama' if i % 3 else 'comedy'},2024-0{i % 9 + 1}-01\n"
        for i, (text, label) in enumerate([("a good film", "pos"), ("a dull film", "neg"), ("not bad .", "pos")] * 40)
    )
).encode()


@pytest.fixture(scope="module", autouse=True)
def worker():
    """Each job is done before its start returns; tests/test_bulk_jobs.py tests the workers."""
    with inline_worker():
        yield


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jobs")
    yield Settings(folder)
    for job in all_jobs(Settings(folder)):
        job.delete()


@pytest.fixture(autouse=True)
def environment(runs, settings, monkeypatch):
    monkeypatch.setenv("SENTIMENT_RUNS", str(runs))
    monkeypatch.setenv("SENTIMENT_JOBS", str(settings.folder))


def open_page(**query):
    def script():
        from sentiment.app.bulk import page
        from sentiment.app.shared import current_run

        current_run.choose_run()
        page.page()

    app = AppTest.from_function(script, default_timeout=30)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def upload(name="films.csv", content=CONTENT):
    app = open_page()
    app.file_uploader[0].upload(name, content).run()
    assert not app.exception
    return app


def job_of(app, settings):
    id = app.query_params["job"]
    return find_job(settings, id if isinstance(id, str) else id[0])


def settle(app, settings, *states):
    """Returns the page, which shows that the job has one of the states; it is so at once, as its worker is inline."""
    job = job_of(app, settings)
    assert job.state in states, (job.state, job.read("error"), (job.folder / "log").read_text())
    return app


@pytest.fixture(scope="module")
def scored(runs, settings, worker):
    """The page of a job that is done."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_RUNS", str(runs))
        patch.setenv("SENTIMENT_JOBS", str(settings.folder))
        app = settle(upload(), settings, "new")
        button(app, "Score").click().run()
        return settle(app, settings, "done")


def button(app, start):
    return next(each for each in app.button if plain(each.label).startswith(start))


def plain(label):
    """A label without its colour and its icon."""
    return re.sub(r"^:material/\w+: ", "", re.sub(r"^:violet\[(.*)\]$", r"\1", label))


def offers(app, form):
    """Whether the whole output can be downloaded in a form."""
    return any(plain(each.label).startswith(f"Download {form} (") for each in app.get("download_button"))


def open_tab(app, name):
    app.query_params["tab"] = name
    return app.run()


def figures(app):
    """The figures of the tab Summary."""
    return {metric.label: metric.value for metric in open_tab(app, "Summary").metric}


def test_the_limit_and_the_deletion_of_the_file_are_stated_before_a_choice():
    app = open_page()
    assert "200 MB" in said(app)
    assert "24 hours" in said(app)
    assert "scripts/score.py" in app.code[0].value


def test_an_upload_gets_an_address_of_its_own_and_is_described(settings):
    app = settle(upload(), settings, "new")
    assert "120 rows, 5 columns · UTF\\-8 · delimiter comma" in said(app)
    assert app.selectbox(key="text_column").value == 1
    assert app.selectbox(key="label_column").value == 2
    assert not app.exception


def test_the_chosen_one_of_two_columns_with_one_name_stays_chosen(settings):
    content = b"text,none,text,genre,genre\na good film,1,x,drama,war\na dull film,2,y,comedy,love\n"
    app = settle(upload("twice.csv", content), settings, "new")
    app.selectbox(key="text_column").set_value(0).run()
    app.selectbox(key="label_column").set_value(None).run()
    assert (app.selectbox(key="text_column").value, app.selectbox(key="label_column").value) == (0, None)
    button(app, "Score").click().run()
    settle(app, settings, "done")
    open_tab(app, "Groups and time").selectbox(key="group").set_value(3).run()
    assert app.selectbox(key="group").value == 3


def test_streamlit_keeps_no_copy_of_an_upload(monkeypatch):
    held, forget = [], MemoryUploadedFileManager.remove_file

    def remove(manager, session_id, file_id):
        before = len(manager.get_files(session_id, [file_id]))
        forget(manager, session_id, file_id)
        held.append((before, len(manager.get_files(session_id, [file_id]))))

    monkeypatch.setattr(MemoryUploadedFileManager, "remove_file", remove)
    upload()
    assert held == [(1, 0)]


def test_an_upload_that_was_taken_is_not_taken_again(monkeypatch, settings):
    state = {"upload": DeletedFile("gone")}
    monkeypatch.setattr("streamlit.session_state", state)
    before = len(list(all_jobs(settings)))
    _create_job(settings, "upload")
    assert len(list(all_jobs(settings))) == before
    assert list(state) == ["upload"]


def test_an_upload_that_is_refused_says_why_and_another_can_follow(monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=0))
    app = upload()
    assert "no room for this file" in app.error[0].value
    assert app.file_uploader
    assert "job" not in app.query_params


def test_a_file_without_reviews_is_not_scored_automatically(settings):
    app = settle(upload("prices.csv", b"id,price\n1,20\n2,30\n"), settings, "new")
    assert "doesn't look like review text" in app.warning[0].value


def test_the_summary_comes_first_and_its_counts_add_up(scored):
    assert not scored.exception
    assert "120 of 120 rows" in said(scored)
    found = figures(scored)
    assert found.pop("Rows") == "120"
    assert list(found) == ["Positive", "Unsure", "Negative", "Left out"]
    assert sum(map(int, found.values())) == 120
    assert "of the reviews are predicted positive" in said(scored)
    assert not scored.exception
    open_tab(scored, "Rows")


@pytest.mark.parametrize("tab", TABS)
def test_each_tab_of_the_results_has_an_address(scored, settings, tab):
    app = open_page(job=job_of(scored, settings).id, tab=tab)
    assert not app.exception
    assert app.session_state["tab"] == tab
    assert "Select a row" not in said(app)
    assert app.get("vega_lite_chart") or tab in ("Label", "Adapt")  # these draw charts of answers


def test_only_what_the_file_has_gets_a_tab(settings):
    app = settle(upload("plain.csv", b"review\na good film\na dull film\n"), settings, "new")
    button(app, "Score").click().run()
    settle(app, settings, "done")
    assert [tab.label for tab in app.tabs] == ["Rows", "Summary", "Words", "Label", "Adapt"]


def test_a_file_scored_without_explanations_can_be_scored_again_with_them(settings):
    app = settle(upload("plain.csv", b"review\na good film\na dull film\n"), settings, "new")
    app.checkbox(key="explain").set_value(False).run()
    button(app, "Score").click().run()
    settle(app, settings, "done")
    assert "scored without explanations" in said(open_tab(app, "Words"))
    button(app, "Score again with explanations").click().run()
    settle(app, settings, "done")
    assert app.get("vega_lite_chart")
    assert not app.exception


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


PASTED = ["text, with a comma", '"quoted" and, odd', "a\ttab", "review", "=1+1", "  ", "a good film"]


def test_each_pasted_line_is_a_review_whatever_it_holds(settings):
    app = open_page()
    app.text_area(key="pasted_reviews").set_value("\n".join(PASTED))
    button(app, "Use these reviews").click().run()
    settle(app, settings, "new")
    job = job_of(app, settings)
    assert len(job.read("inspection")["columns"]) == 1
    assert job.read("inspection")["survey"]["rows"] in (len(PASTED), len(PASTED) - 1)  # blank lines are no rows
    assert [row[0] for row in job.read("inspection")["sample"] if row[0].strip()] == [
        line for line in PASTED if line.strip()
    ]
    button(app, "New file").click().run()
    assert not app.text_area(key="pasted_reviews").value


@pytest.mark.parametrize(
    ("sent", "said"),
    [("good\n" * 50_000, "Paste 200,000 characters at most, or upload a file."), (["good"], "There is no review yet")],
)
def test_a_paste_that_is_too_long_is_refused_on_the_server_too(sent, said, settings, monkeypatch):
    before = list(all_jobs(settings))
    state = {upload_step._PASTED: sent}
    monkeypatch.setattr(upload_step.st, "session_state", state)
    upload_step._create_from_paste(settings)
    assert state[upload_step._UPLOAD_ERROR].startswith(said)
    assert list(all_jobs(settings)) == before


@pytest.mark.parametrize("pasted", ["", " \n\t\n"])
def test_an_empty_paste_is_reported(pasted):
    app = open_page()
    app.text_area(key="pasted_reviews").set_value(pasted)
    button(app, "Use these reviews").click().run()
    assert "There is no review yet" in app.error[0].value
    assert "job" not in app.query_params


def test_the_link_brings_back_the_job_in_another_session(scored, settings):
    other = open_page(job=job_of(scored, settings).id)
    assert "120 of 120 rows" in said(other)
    assert not other.exception


def test_a_job_that_was_come_back_to_is_found_again_in_that_session(scored, settings):
    id = job_of(scored, settings).id
    other = open_page(job=id)
    button(other, "New file").click().run()
    other.button(key=f"own-{id}").click().run()
    assert figures(other)["Rows"] == "120"


def test_the_table_is_searched_and_filtered_over_all_rows(scored, settings):
    scored.text_input(key="only_text").set_value("DULL").run()
    assert "40 of 120 rows" in said(scored)
    scored.text_input(key="only_text").set_value("").run()
    scored.multiselect(key="only_sentiment").set_value(["positive"]).run()
    positive = job_of(scored, settings).read("result")["counts"]["sentiment"]["positive"]
    assert f"{positive} of 120 rows" in said(scored)
    scored.multiselect(key="only_sentiment").set_value([]).run()
    assert not scored.exception


def test_a_selected_row_is_explained_at_once_and_opens_only_when_asked(scored):
    scored.session_state["review_text"] = "half typed"
    scored.session_state["rows-1"] = {"selection": {"rows": [40]}}
    scored.run()
    assert "**Row 41**" in said(scored)
    assert "true label negative" in said(scored)
    assert scored.button(key="open_bulk")
    assert scored.session_state["review_text"] == "half typed"
    scored.text_input(key="only_text").set_value("dull film 1").run()  # which leaves fewer rows
    assert not scored.exception
    assert scored.session_state["rows-1"]["selection"]["rows"] == [40]
    assert "**Row" not in said(scored)
    scored.session_state["rows-1"] = {"selection": {"rows": []}}
    scored.text_input(key="only_text").set_value("").run()


def test_a_row_is_explained_by_the_model_that_scored_the_file(scored, settings, monkeypatch):
    asked = []
    monkeypatch.setattr("sentiment.app.shared.explained_review.show", lambda _, model, *__, **___: asked.append(model))
    app = open_page(job=job_of(scored, settings).id, run="other")
    app.session_state["rows-1"] = {"selection": {"rows": [0]}}
    app.run()
    assert [model.run.name for model in asked] == ["tiny"]


@pytest.mark.parametrize("content", [b"review,x\n,1\n", b"review,x\na film,1,2,3\n", "review\n\U0001f600\n".encode()])
def test_a_row_that_says_nothing_is_explained_in_a_sentence(settings, content):
    app = settle(upload("odd.csv", content), settings, "new")
    button(app, "Score").click().run()
    settle(app, settings, "done")
    app.session_state["rows-1"] = {"selection": {"rows": [0]}}
    app.run()
    assert not app.exception
    assert "Row 1" in said(app)


def test_filters_outlive_a_visit_to_another_tab(scored):
    scored.multiselect(key="only_sentiment").set_value(["negative"]).run()
    before = next(each.value for each in scored.caption if "of 120 rows" in each.value)
    open_tab(scored, "Summary")
    open_tab(scored, "Rows")
    assert before in said(scored)
    scored.multiselect(key="only_sentiment").set_value([]).run()


def test_the_listed_rows_can_be_downloaded_next_to_the_table(scored):
    scored.text_input(key="only_text").set_value("dull").run()
    assert "Download 40 listed rows" in {each.label for each in scored.get("download_button")}
    scored.text_input(key="only_text").set_value("").run()


@pytest.mark.parametrize(("form", "offered"), [("csv", True), ("tsv", True), ("xlsx", True), ("jsonl", False)])
def test_formulas_can_be_kept_in_every_spreadsheet_format(form, offered, scored):
    scored.selectbox(key="form").set_value(form).run()
    assert any(each.label == "Don't escape formulas" for each in scored.checkbox) == offered


def test_another_format_is_prepared_and_then_offered(scored, settings):
    scored.selectbox(key="form").set_value("xlsx").run()
    button(scored, "Create").click().run()
    settle(scored, settings, "done")
    assert offers(scored, "XLSX")


def test_a_download_that_fails_says_why_and_takes_no_result_away(settings):
    file = io.BytesIO()
    pq.write_table(pa.table({"review": ["good"], "words": [["a word"] * 10_000]}), file)
    app = settle(upload("films.parquet", file.getvalue()), settings, "new")
    button(app, "Score").click().run()
    settle(app, settings, "done")
    (job_of(app, settings).folder / "download.xlsx").write_bytes(b"made with other options")
    app.selectbox(key="form").set_value("xlsx").run()
    button(app, "Create").click().run()
    settle(app, settings, "done", "failed")
    assert "one here has" in app.error[0].value
    assert figures(app)["Rows"] == "1"
    app.selectbox(key="form").set_value("jsonl").run()
    assert not app.error
    button(app, "Create").click().run()
    settle(app, settings, "done")
    assert offers(app, "JSONL")


def test_an_unusable_file_is_reported_in_a_sentence(settings):
    app = settle(upload("films.csv", b"\x1f\x8b zip"), settings, "failed")
    assert r"is not a file of reviews\: it looks like gzip data" in app.error[0].value
    assert not app.exception


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


def test_an_old_job_is_deleted_even_if_nobody_returns_to_the_page(monkeypatch, tmp_path):
    settings = Settings(tmp_path / "jobs")
    monkeypatch.setenv("SENTIMENT_JOBS", str(settings.folder))
    monkeypatch.setattr(job_timer, "_INTERVAL", 0.05)
    job = create_job(settings, "films.csv", io.BytesIO(b"review\n"), 7)
    job_timer.start_job_timer.clear()
    AppTest.from_file(str(server.PAGES), default_timeout=30).run()
    end = time.monotonic() + 30
    while job.state != "new":  # its inspection would make it young again
        assert time.monotonic() < end
        time.sleep(0.05)
    for path in [job.folder, *job.folder.iterdir()]:
        os.utime(path, (1, 1))
    (settings.folder / "cleaned").unlink(missing_ok=True)
    end = time.monotonic() + 30
    while job.folder.exists():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_timer_survives_every_failure_and_logs_it(monkeypatch, caplog):
    failures = iter([ValueError("something is damaged"), OSError(28, "the disk is full")])

    def failing(settings):
        if threading.current_thread() is threading.main_thread():  # and not the timer that another test has begun
            raise next(failures, SystemExit)  # which ends it

    monkeypatch.setattr("sentiment.bulk.jobs.maintenance.run_maintenance", failing)
    monkeypatch.setattr(job_timer, "_INTERVAL", 0)
    with pytest.raises(SystemExit):
        job_timer._maintain_jobs()
    assert "something is damaged" in caplog.text
    assert "the disk is full" in caplog.text


@pytest.mark.parametrize("hours", ["24h", "nan", "-1"])
def test_a_setting_that_is_not_a_number_is_reported_in_a_sentence(monkeypatch, caplog, hours):
    monkeypatch.setenv("SENTIMENT_JOB_HOURS", hours)
    app = open_page()
    assert not app.exception
    job_timer._maintain_jobs()
    sentence = f"SENTIMENT_JOB_HOURS must be a number, 0 or more; it is {hours}."
    assert sentence in caplog.messages
    assert app.error[0].value == escape_markdown(sentence)


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


@pytest.mark.parametrize("name", ["task", "inspection"])
def test_a_job_with_a_damaged_file_says_so_in_a_sentence(settings, name):
    app = settle(upload(), settings, "new")
    job = job_of(app, settings)
    for each in ("result", "task"):
        job.write(each, {"rows": 120})
    (job.folder / f"{name}.json").write_bytes(b"")
    assert app.run().error[0].value == "This job's files are corrupted. Please upload the file again."
    assert not app.exception


def test_work_that_cannot_resume_under_a_changed_model_can_restart(settings):
    app = settle(upload(), settings, "new")
    button(app, "Score").click().run()
    settle(app, settings, "done")
    job = job_of(app, settings)
    write_json(job.parts.folder / "state.json", {**job.parts.state(), "model": ["another"]})
    job.remove("result")
    job.cancel()
    button(app.run(), "Resume").click().run()
    settle(app, settings, "failed")
    assert "model changed" in app.error[0].value
    assert r"\-\-resume" not in app.error[0].value
    button(app, "Change settings").click().run()
    button(app, "Score").click().run()
    settle(app, settings, "done")
    assert figures(app)["Rows"] == "120"


@pytest.mark.parametrize("name", ["result", "cancel"])
def test_a_failed_job_can_restart_whatever_it_did_before(settings, name):
    app = settle(upload(), settings, "new")
    button(app, "Score").click().run()
    settle(app, settings, "done")
    job = job_of(app, settings)
    job.remove("result")
    job.write(name, True)
    job.write("error", "The disk is full.")
    button(app.run(), "Change settings").click().run()
    assert not app.exception
    assert button(app, "Score")


def test_an_unknown_address_is_reported_and_leads_back():
    app = open_page(job="A" * 22)
    assert "doesn't exist or has expired" in said(app)
    app.button[0].click().run()
    assert app.file_uploader


def test_deleting_asks_once_and_leaves_nothing_behind(settings):
    app = settle(upload(), settings, "new")
    folder = job_of(app, settings).folder
    (asked,) = (each for each in app.get("popover") if any(b.label == "Delete now" for b in each.button))
    assert "cannot be undone" in asked.markdown[0].value
    assert [each.label for each in app.button].count("Delete now") == 1
    button(app, "Delete now").click().run()
    assert not folder.exists()
    assert app.file_uploader


@pytest.mark.parametrize("state", ["new", "done", "waiting"])
def test_a_button_on_a_job_that_is_gone_says_so(settings, state, monkeypatch):
    app = settle(upload(), settings, "new")
    job = job_of(app, settings)
    if state == "done":
        button(app, "Score").click().run()
        settle(app, settings, "done")
        app.selectbox(key="form").set_value("jsonl").run()
    elif state == "waiting":
        monkeypatch.setattr("sentiment.bulk.jobs.launcher.start", lambda *_, **__: False)
        button(app, "Score").click().run()
    job.delete()
    button(app, {"new": "Score", "done": "Create", "waiting": "Stop"}[state]).click().run()
    assert not app.exception
    assert "doesn't exist or has expired" in said(app)


def test_other_jobs_are_never_listed(scored, settings):
    app = open_page()
    assert "films.csv" not in said(app)
    assert not any("films.csv" in each.label for each in app.button)


def test_labels_give_accuracy_curves_calibration_and_slices(scored):
    open_tab(scored, "Evaluation")
    titles = {header.value for header in scored.subheader}
    assert {"Confusion matrix", "ROC curve", "Precision-recall curve", "Reliability diagram"} <= titles
    assert "Accuracy by slice" in titles
    shown = {metric.label for metric in scored.metric}
    assert shown == {"Accuracy", "F1", "ROC AUC", "ECE", "Cost-optimal threshold"}
    assert not scored.exception
    open_tab(scored, "Rows")


def test_the_page_says_if_calling_no_review_positive_is_cheapest(settings):
    content = b"review,label\na good film,neg\na good film,neg\na good film,pos\n"
    app = settle(upload("labelled.csv", content), settings, "new")
    button(app, "Score").click().run()
    settle(app, settings, "done")
    open_tab(app, "Evaluation")
    shown = next(metric for metric in app.metric if metric.label == "Cost-optimal threshold")
    assert (shown.value, shown.delta) == ("> 1", "predict all negative")


def test_the_rows_of_a_cell_of_the_confusion_matrix_are_found_without_a_mouse(scored):
    def matrix():
        open_tab(scored, "Evaluation")
        found = next(chart.proto for chart in scored.get("vega_lite_chart") if "a click lists" in chart.proto.alt)
        open_tab(scored, "Rows")
        return found

    wrong = int(matrix().alt.split(" and ")[1].split()[0])
    scored.selectbox(key="only_verdicts").set_value("false positives").run()
    assert f"{wrong} of 120 rows" in said(scored)
    [marked] = [param["value"] for param in selections(json.loads(matrix().spec))]
    assert marked == [{"label": "negative", "verdict": "positive"}]
    scored.selectbox(key="only_verdicts").set_value("everything").run()
    assert "120 of 120 rows" in said(scored)


def test_every_table_has_a_name(scored, settings):
    app = settle(upload(), settings, "new")
    assert len(app.dataframe) == 2
    tables = [*app.dataframe, *(each for tab in (*TABS, "Rows") for each in open_tab(scored, tab).dataframe)]
    assert len(tables) == 5
    assert all(table.proto.alt for table in tables)


def test_labels_that_are_probably_wrong_can_be_listed(scored):
    sentences = said(open_tab(scored, "Evaluation")).split(". ")
    doubtful = int(next(words for words in sentences if "likely label error" in words).split()[0])
    open_tab(scored, "Rows")
    scored.checkbox(key="only_mislabelled").check().run()
    assert f"{doubtful} of 120 rows" in said(scored)
    scored.checkbox(key="only_mislabelled").uncheck().run()


def test_the_evaluation_leads_to_the_rows_with_the_worst_errors_first(scored):
    open_tab(scored, "Evaluation")
    next(each for each in scored.button if each.label == "List the worst errors").click().run()
    assert not scored.exception
    assert scored.session_state["tab"] == "Rows"
    assert scored.selectbox(key="order").value == "worst errors first"
    scored.selectbox(key="order").set_value("as in the file").run()


def test_a_cell_of_the_confusion_matrix_lists_what_it_counts_at_the_threshold_set(scored):
    open_tab(scored, "Evaluation").slider(key=labels.THRESHOLD).set_value(0.99).run()
    open_tab(scored, "Rows")
    scored.selectbox(key="only_verdicts").set_value("false negatives").run()
    assert "80 of 120 rows" in said(scored)  # all that are labelled so
    scored.selectbox(key="only_verdicts").set_value("everything").run()
    open_tab(scored, "Evaluation").slider(key=labels.THRESHOLD).set_value(0.5).run()
    open_tab(scored, "Rows")
    assert "120 of 120 rows" in said(scored)


@pytest.mark.parametrize("way", ["relative", "linked", "each run linked"])
def test_the_run_that_scored_a_file_is_not_offered_as_another_however_its_folder_is_named(
    scored, settings, runs, tmp_path, monkeypatch, way
):
    monkeypatch.chdir(runs.parent)
    if way == "linked":
        (tmp_path / "link").symlink_to(runs)
    elif way == "each run linked":
        (tmp_path / "link").mkdir()
        for path in runs.iterdir():
            (tmp_path / "link" / path.name).symlink_to(path)
    monkeypatch.setenv("SENTIMENT_RUNS", runs.name if way == "relative" else str(tmp_path / "link"))
    app = open_page(job=job_of(scored, settings).id, tab="Evaluation")
    assert app.selectbox(key="bulk_compare").options == ["other"]


def test_another_run_scores_the_same_file_and_is_compared_with_a_paired_test(scored, settings):
    open_tab(scored, "Evaluation")
    scored.selectbox(key="bulk_compare").set_value(scored.selectbox(key="bulk_compare").options[0]).run()
    button(scored, "Also score with").click().run()
    job = job_of(scored, settings)
    (id,) = job.read("twins").values()
    end = time.monotonic() + 60
    while find_job(settings, id).state != "done":
        assert time.monotonic() < end, find_job(settings, id).read("error")
        time.sleep(0.05)
    scored.run()
    assert "n = 120" in said(scored).replace("\\", "")
    assert "McNemar" in said(scored)
    open_tab(scored, "Rows")


def full(*_):
    raise OSError(errno.ENOSPC, "No space left on device", "/a/folder/of/the/server")


@pytest.mark.parametrize("label", ["Score", "Create", "Resume", "Reload file"])
def test_a_button_on_a_full_disk_gives_a_sentence(settings, monkeypatch, label):
    app = settle(upload(), settings, "new")
    if label in ("Create", "Resume"):
        button(app, "Score").click().run()
        settle(app, settings, "done")
    if label == "Create":
        app.selectbox(key="form").set_value("jsonl").run()
    elif label == "Resume":
        job = job_of(app, settings)
        job.remove("result")
        job.cancel()
        app.run()
    with monkeypatch.context() as patch:
        patch.setattr("sentiment.bulk.jobs.job.write_json", full)
        button(app, label).click().run()
    assert not app.exception
    assert [error.value for error in app.error] == [escape_markdown(DISK_FULL)]
    assert not app.run().error


def test_an_upload_that_waits_for_its_turn_says_so(settings, monkeypatch):
    monkeypatch.setenv("SENTIMENT_JOBS_AT_ONCE", "1")
    other = create_job(settings, "others.csv", io.BytesIO(b"review\n"), 7)
    with other.locked():  # as a worker does
        app = upload()
        assert "waits for its turn" in app.info[0].value
        assert job_of(app, settings).state == "unread"
    settle(app.run(), settings, "new")
    other.delete()


def test_a_job_that_another_server_works_on_is_gone_for_its_owner_at_once(settings, monkeypatch):
    app = settle(upload(), settings, "new")
    job = job_of(app, settings)
    monkeypatch.setattr("sentiment.bulk.jobs.job._PATIENCE", 0)
    with job.locked():
        button(app, "Delete now").click().run()
        assert "Another server" in app.toast[0].value
        assert app.file_uploader
        assert find_job(settings, job.id) is None
    assert job.delete()


def test_a_job_on_a_read_only_disk_is_still_shown(settings, monkeypatch):
    app = settle(upload(), settings, "new")
    open_file = Path.open

    def read_only(path, mode="r", *arguments, **named):
        if path.is_relative_to(settings.folder) and set(mode) & set("wax+"):
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        return open_file(path, mode, *arguments, **named)

    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", read_only)
        for name in ("touch", "mkdir", "rename", "unlink"):
            patch.setattr(Path, name, refuse)
        patch.setattr("sentiment.bulk.jobs.job.write_json", refuse)
        app.run()
        assert button(app, "Score")
        assert not app.exception
        button(app, "Delete now").click().run()
        assert not app.exception
        assert "read\\-only" in app.error[0].value
        fresh = open_page()
        fresh.file_uploader[0].upload("films.csv", CONTENT).run()
        assert not fresh.exception
        assert "read\\-only" in fresh.error[0].value
