"""The Bulk page, run in process: an upload becomes a job, the job a table, and nothing is shown to strangers."""

import errno
import io
import json
import os
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

from sentiment.app.bulk import labels
from sentiment.app.bulk.upload import _create_job
from sentiment.app.shared import job_timer
from sentiment.app.shared.uploads import escape_markdown
from sentiment.artifacts import write_json
from sentiment.bulk.jobs.creation import create_job
from sentiment.bulk.jobs.job import all_jobs, find_job
from sentiment.bulk.jobs.limits import DISK_FULL
from sentiment.bulk.jobs.settings import Settings
from tests.app_runs import all_runs
from tests.inline_worker import inline_worker
from tests.test_app_pages import said, selections

CONTENT = (
    "id,review,label,genre,seen\n"
    + "".join(
        f"{i},{text} {i},{label},{'drama' if i % 3 else 'comedy'},2024-0{i % 9 + 1}-01\n"
        for i, (text, label) in enumerate([("a good film", "pos"), ("a dull film", "neg"), ("not bad .", "pos")] * 40)
    )
).encode()


@pytest.fixture(scope="module", autouse=True)
def worker():
    """Each job is done before its start returns; tests/test_bulk_jobs.py has the children."""
    with inline_worker():
        yield


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return all_runs(tmp_path_factory.mktemp("runs"))


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
    job, end = job_of(app, settings), time.monotonic() + 60
    while job.state not in states:
        assert time.monotonic() < end, (job.state, job.read("error"), (job.folder / "log").read_text())
        time.sleep(0.05)
    return app.run()


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
    return next(each for each in app.button if each.label.startswith(start))


def test_the_limit_and_what_becomes_of_the_file_are_said_before_anything_is_chosen():
    app = open_page()
    assert "200 MB" in said(app)
    assert "24 hours" in said(app)
    assert "scripts/score.py" in app.code[0].value


def test_an_upload_gets_an_address_of_its_own_and_is_described(settings):
    app = settle(upload(), settings, "new")
    assert "120 rows, 5 columns, encoding utf\\-8, delimiter comma" in said(app)
    assert app.selectbox(key="text_column").value == 1
    assert app.selectbox(key="label_column").value == 2
    assert not app.exception


def test_of_two_columns_of_one_name_the_one_chosen_stays_chosen(settings):
    content = b"text,none,text,genre,genre\na good film,1,x,drama,war\na dull film,2,y,comedy,love\n"
    app = settle(upload("twice.csv", content), settings, "new")
    app.selectbox(key="text_column").set_value(0).run()
    app.selectbox(key="label_column").set_value(None).run()
    assert (app.selectbox(key="text_column").value, app.selectbox(key="label_column").value) == (0, None)
    button(app, "Score").click().run()
    settle(app, settings, "done")
    app.selectbox(key="group").set_value(3).run()
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


def test_a_file_without_reviews_is_not_scored_unasked(settings):
    app = settle(upload("prices.csv", b"id,price\n1,20\n2,30\n"), settings, "new")
    assert "does not look like reviews" in app.warning[0].value


def test_what_was_done_is_counted_charted_and_listed(scored):
    assert not scored.exception
    metrics = {metric.label: metric.value for metric in scored.metric}
    assert metrics["Rows"] == "120"
    assert int(metrics["Positive"]) + int(metrics["Negative"]) == 120
    assert "Accuracy" in metrics
    assert "120 of 120 rows" in said(scored)


def test_the_link_brings_back_the_job_in_another_session(scored, settings):
    other = open_page(job=job_of(scored, settings).id)
    assert {metric.label: metric.value for metric in other.metric}["Rows"] == "120"
    assert not other.exception


def test_a_job_that_was_come_back_to_is_found_again_in_that_session(scored, settings):
    id = job_of(scored, settings).id
    other = open_page(job=id)
    button(other, "Another file").click().run()
    other.button(key=f"own-{id}").click().run()
    assert {metric.label: metric.value for metric in other.metric}["Rows"] == "120"


def test_the_table_is_searched_and_filtered_over_all_rows(scored):
    scored.text_input(key="only_text").set_value("DULL").run()
    assert "40 of 120 rows" in said(scored)
    scored.text_input(key="only_text").set_value("").run()
    scored.multiselect(key="only_sentiment").set_value(["positive"]).run()
    positive = next(metric.value for metric in scored.metric if metric.label == "Positive")
    assert f"{positive} of 120 rows" in said(scored)
    scored.multiselect(key="only_sentiment").set_value([]).run()
    assert not scored.exception


def test_a_row_marked_opens_only_when_asked_and_a_filter_may_leave_fewer_rows(scored):
    scored.session_state["review_text"] = "half typed"
    scored.session_state["rows-1"] = {"selection": {"rows": [40]}}
    scored.run()
    assert button(scored, "Open on the Analyse page")
    assert scored.session_state["review_text"] == "half typed"
    scored.text_input(key="only_text").set_value("dull film 1").run()
    assert not scored.exception
    assert scored.session_state["rows-1"]["selection"]["rows"] == [40]
    assert not any(each.label == "Open on the Analyse page" for each in scored.button)
    scored.session_state["rows-1"] = {"selection": {"rows": []}}
    scored.text_input(key="only_text").set_value("").run()


def test_the_rows_listed_can_be_downloaded_beside_the_table(scored):
    scored.text_input(key="only_text").set_value("dull").run()
    assert "These 40 rows as CSV" in {each.label for each in scored.get("download_button")}
    scored.text_input(key="only_text").set_value("").run()


@pytest.mark.parametrize(("form", "offered"), [("csv", True), ("tsv", True), ("xlsx", True), ("jsonl", False)])
def test_formulas_can_be_left_alive_in_every_form_for_spreadsheets(form, offered, scored):
    scored.selectbox(key="form").set_value(form).run()
    assert any(each.label == "Leave formulas alive" for each in scored.checkbox) == offered


def test_another_form_is_prepared_and_then_offered(scored, settings):
    scored.selectbox(key="form").set_value("xlsx").run()
    button(scored, "Prepare").click().run()
    settle(scored, settings, "done")
    assert any(each.label.startswith("Download") for each in scored.get("download_button"))


def test_a_download_that_fails_says_why_and_takes_no_result_away(settings):
    file = io.BytesIO()
    pq.write_table(pa.table({"review": ["good"], "words": [["a word"] * 10_000]}), file)
    app = settle(upload("films.parquet", file.getvalue()), settings, "new")
    button(app, "Score").click().run()
    settle(app, settings, "done")
    (job_of(app, settings).folder / "download.xlsx").write_bytes(b"made with other options")
    app.selectbox(key="form").set_value("xlsx").run()
    button(app, "Prepare").click().run()
    settle(app, settings, "done", "failed")
    assert "one here has" in app.error[0].value
    assert {metric.label: metric.value for metric in app.metric}["Rows"] == "1"
    app.selectbox(key="form").set_value("jsonl").run()
    assert not app.error
    button(app, "Prepare").click().run()
    settle(app, settings, "done")
    assert any(each.label.startswith("Download") for each in app.get("download_button"))


def test_a_file_that_is_none_says_so_in_a_sentence(settings):
    app = settle(upload("films.csv", b"\x1f\x8b zip"), settings, "failed")
    assert r"is not a file of reviews\: it looks like gzip data" in app.error[0].value
    assert not app.exception


def test_nothing_that_stands_in_a_file_is_read_as_markdown(settings):
    image = "![x](https://evil.example/p.png)"
    escaped = escape_markdown(image)
    content = f"review,{image}\na good film,no\na dull film,{image},{image}\n".encode()
    app = settle(upload("![x](https:evil.example).csv", content), settings, "new")
    app.selectbox(key="label_column").set_value(None).run()
    app.selectbox(key="text_column").set_value(1).run()
    assert escaped in next(each.value for each in app.warning if "does not look like" in each.value)
    assert escaped in next(each.value for each in app.warning if "Unreadable" in each.value)
    app.selectbox(key="text_column").set_value(0).run()
    app.selectbox(key="label_column").set_value(1).run()
    assert "(https:" not in said(app)
    assert app.header[0].value == r"\!\[x\]\(https\:evil\.example\)\.csv"
    job_of(app, settings).write("error", f"There is no column called {image}.")
    assert escaped in app.run().error[0].value
    button(app, "Another file").click().run()
    assert r"\!\[x\]\(https\:evil\.example\)\.csv" in {each.label for each in app.button}


def test_an_old_job_goes_though_nobody_comes_back_to_the_page(monkeypatch, tmp_path):
    settings = Settings(tmp_path / "jobs")
    monkeypatch.setenv("SENTIMENT_JOBS", str(settings.folder))
    monkeypatch.setattr(job_timer, "_INTERVAL", 0.05)
    job = create_job(settings, "films.csv", io.BytesIO(b"review\n"), 7)
    job_timer.start_job_timer.clear()
    AppTest.from_file(str(Path(__file__).parent.parent / "streamlit_app.py"), default_timeout=30).run()
    for path in [job.folder, *job.folder.iterdir()]:
        os.utime(path, (1, 1))
    (settings.folder / "cleaned").unlink(missing_ok=True)
    end = time.monotonic() + 30
    while job.folder.exists():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_timer_outlives_whatever_fails_and_says_so(monkeypatch, caplog):
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
def test_a_setting_that_is_no_number_is_told_in_a_sentence(monkeypatch, caplog, hours):
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
    button(app, "Read again").click().run()
    settle(app, settings, "new")
    assert "120 rows" in said(app)
    assert not app.exception


def test_a_label_column_with_too_many_values_to_list_is_not_called_unknown(settings):
    rows = "".join(f"a good film,{1 + i / 10:.1f}\n" for i in range(41))
    app = settle(upload("stars.csv", f"review,stars\n{rows}".encode()), settings, "new")
    assert app.selectbox(key="label_column").value == 1
    assert "no labels" not in said(app)
    assert "measured against them" in app.info[0].value


@pytest.mark.parametrize("name", ["task", "inspection"])
def test_a_job_of_which_a_file_is_damaged_says_so_in_a_sentence(settings, name):
    app = settle(upload(), settings, "new")
    job = job_of(app, settings)
    for each in ("result", "task"):
        job.write(each, {"rows": 120})
    (job.folder / f"{name}.json").write_bytes(b"")
    assert app.run().error[0].value == "A file of this job is damaged; upload the reviews again."
    assert not app.exception


def test_work_that_cannot_go_on_under_a_changed_model_can_start_anew(settings):
    app = settle(upload(), settings, "new")
    button(app, "Score").click().run()
    settle(app, settings, "done")
    job = job_of(app, settings)
    write_json(job.parts.folder / "state.json", {**job.parts.state(), "model": ["another"]})
    job.remove("result")
    job.cancel()
    button(app.run(), "Go on").click().run()
    settle(app, settings, "failed")
    assert "model changed" in app.error[0].value
    assert r"\-\-resume" not in app.error[0].value
    button(app, "Start anew").click().run()
    button(app, "Score").click().run()
    settle(app, settings, "done")
    assert {metric.label: metric.value for metric in app.metric}["Rows"] == "120"


@pytest.mark.parametrize("name", ["result", "cancel"])
def test_whatever_a_failed_job_has_been_before_it_can_start_anew(settings, name):
    app = settle(upload(), settings, "new")
    button(app, "Score").click().run()
    settle(app, settings, "done")
    job = job_of(app, settings)
    job.remove("result")
    job.write(name, True)
    job.write("error", "The disk is full.")
    button(app.run(), "Start anew").click().run()
    assert not app.exception
    assert button(app, "Score")


def test_an_unknown_address_is_told_and_leads_back():
    app = open_page(job="A" * 22)
    assert "no job at this address" in said(app)
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
    button(app, {"new": "Score", "done": "Prepare", "waiting": "Stop"}[state]).click().run()
    assert not app.exception
    assert "no job at this address" in said(app)


def test_other_jobs_are_never_listed(scored, settings):
    app = open_page()
    assert "films.csv" not in said(app)
    assert not any("films.csv" in each.label for each in app.button)


def test_labels_give_accuracy_curves_calibration_and_slices(scored):
    titles = {header.value for header in scored.subheader}
    assert {"Where verdicts and labels meet", "ROC", "Precision and recall", "Stated against observed"} <= titles
    assert "On which rows it errs" in titles
    shown = {metric.label for metric in scored.metric}
    assert {"Accuracy", "F1", "ROC area", "Calibration", "Cheapest threshold"} <= shown


def test_where_it_is_cheapest_to_call_none_positive_that_is_said(settings):
    content = b"review,label\na good film,neg\na good film,neg\na good film,pos\n"
    app = settle(upload("labelled.csv", content), settings, "new")
    button(app, "Score").click().run()
    settle(app, settings, "done")
    shown = next(metric for metric in app.metric if metric.label == "Cheapest threshold")
    assert (shown.value, shown.delta) == ("over 1", "call none positive")


def test_the_rows_of_a_cell_of_the_confusion_matrix_are_found_without_a_mouse(scored):
    def matrix():
        return next(chart.proto for chart in scored.get("vega_lite_chart") if "a click filters" in chart.proto.alt)

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
    assert all(table.proto.alt for table in [*app.dataframe, *scored.dataframe])


def test_labels_that_are_probably_wrong_can_be_listed(scored):
    doubtful = int(next(words for words in said(scored).split(". ") if "probably wrong" in words).split()[0])
    scored.checkbox(key="only_mislabelled").check().run()
    assert f"{doubtful} of 120 rows" in said(scored)
    scored.checkbox(key="only_mislabelled").uncheck().run()


def test_a_cell_of_the_confusion_matrix_lists_what_it_counts_at_the_threshold_set(scored):
    scored.slider(key=labels.THRESHOLD).set_value(0.99).run()
    scored.selectbox(key="only_verdicts").set_value("false negatives").run()
    assert "80 of 120 rows" in said(scored)  # all that are labelled so
    scored.selectbox(key="only_verdicts").set_value("everything").run()
    scored.slider(key=labels.THRESHOLD).set_value(0.5).run()
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
    app = open_page(job=job_of(scored, settings).id)
    assert app.selectbox(key="bulk_compare").options == ["other"]


def test_another_run_scores_the_same_file_and_is_compared_with_a_paired_test(scored, settings):
    scored.selectbox(key="bulk_compare").set_value(scored.selectbox(key="bulk_compare").options[0]).run()
    button(scored, "Score the file with").click().run()
    job = job_of(scored, settings)
    (id,) = job.read("twins").values()
    end = time.monotonic() + 60
    while find_job(settings, id).state != "done":
        assert time.monotonic() < end, find_job(settings, id).read("error")
        time.sleep(0.05)
    scored.run()
    assert "On 120 common reviews" in said(scored)
    assert "McNemar" in said(scored)


def full(*_):
    raise OSError(errno.ENOSPC, "No space left on device", "/a/folder/of/the/server")


@pytest.mark.parametrize("label", ["Score", "Prepare", "Go on", "Read again"])
def test_a_button_on_a_full_disk_gives_a_sentence(settings, monkeypatch, label):
    app = settle(upload(), settings, "new")
    if label in ("Prepare", "Go on"):
        button(app, "Score").click().run()
        settle(app, settings, "done")
    if label == "Prepare":
        app.selectbox(key="form").set_value("jsonl").run()
    elif label == "Go on":
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
