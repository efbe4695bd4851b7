"""What the page Score a file says: of headers, counts, models, files that are no tables, and full disks."""

import codecs
import errno
import io
import subprocess
import time
from types import SimpleNamespace

import pytest

from sentiment.app.bulk import downloads, loading
from sentiment.app.shared import job_errors
from sentiment.budget import Settings
from sentiment.bulk.jobs.creation import create_job
from sentiment.bulk.jobs.job import Job
from sentiment.formatting import counted
from sentiment.tables.errors import FileError
from tests.bulk_page import (  # noqa: F401
    button,
    figures,
    job_of,
    offers,
    open_page,
    open_tab,
    scored,
    settings,
    settle,
    upload,
)
from tests.test_app_pages import said
from tests.test_table_forms import TABLE, workbook

pytestmark = [pytest.mark.page, pytest.mark.usefixtures("settings")]

READ_ONLY = OSError(errno.EROFS, "Read-only file system")
FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"Great fun,Bob\nDull and long,Ann\n", "2 rows, 2 columns"),
        (b"We liked it.\nDull.\nNot for me.\n", "3 rows, 1 column "),
        (b"Great fun,Bob,pos\nDull and long,Ann,neg\n", "2 rows, 3 columns"),
    ],
)
def test_the_first_review_of_a_file_without_a_header_is_a_row(settings, content, rows):  # noqa: F811
    app = settle(upload("plain.csv", content), settings, "new")
    assert rows in said(app)
    assert "used as the header" not in said(app)


def test_a_doubtful_header_is_reported_with_the_counts_and_a_remedy(settings):  # noqa: F811
    app = settle(upload("plain.csv", b"Excellent,Bob\nDull,Ann\n"), settings, "new")
    assert "1 row, 2 columns" in said(app)
    (sentence,) = (each.value for each in app.warning if "used as the header" in each.value)
    assert "First row used as the header: “Excellent”, “Bob”" in sentence.replace("\\", "")
    choice = next(each for each in app.selectbox if each.label in sentence)
    assert app.expander[-1].label in sentence
    choice.set_value("no")
    button(app, "Reload file").click().run()
    settle(app, settings, "new")
    assert "2 rows, 2 columns" in said(app)
    assert "used as the header" not in said(app)


def test_one_is_counted_as_one(settings):  # noqa: F811
    app = settle(upload("one.csv", b"review\ngood\n"), settings, "new")
    assert "1 row, 1 column " in said(app)
    button(app, "Score 1 row").click().run()
    assert not [each for each in app.button if "1 rows" in each.label]
    settle(app, settings, "done")
    assert "1 of 1 row." in said(app)
    assert "Download 1 listed row" in {each.label for each in app.get("download_button")}
    assert [counted(n, "row") for n in (0, 1, 2, 1000)] == ["0 rows", "1 row", "2 rows", "1,000 rows"]


def test_a_header_alone_cannot_be_scored_and_says_so(settings):  # noqa: F811
    app = settle(upload("head.csv", b"id,review\n"), settings, "new")
    assert button(app, "Score 0 rows").disabled
    assert "no rows" in app.info[0].value


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("fake.xlsx", b"no workbook"),
        ("fake.parquet", b"no table"),
        ("packed.csv", b"\x1f\x8b packed"),
        ("blank.csv", b"\n\n\n"),
        ("broken.csv.gz", b"\x1f\x8b broken"),
    ],
)
def test_a_file_that_is_not_a_table_is_called_by_its_own_name_and_gets_no_options(settings, name, content):  # noqa: F811
    app = settle(upload(name, content), settings, "failed")
    assert name in app.error[0].value.replace("\\", "")
    assert "input" not in app.error[0].value
    assert not any(each.label == "Reload file" for each in app.button)
    assert "0.0 kB" not in said(app)
    assert counted(len(content), "byte") in said(app)


def test_a_table_gets_only_the_options_that_can_change_it(settings):  # noqa: F811
    offered = {
        "films.csv": (b"review,x\ngood,1\n", {"Delimiter", "Encoding", "First row is a header"}),
        "films.txt": (b"good\nbad\n", {"Delimiter", "Encoding"}),
        "table.txt": (b"good\t1\nbad\t0\n", {"Delimiter", "Encoding", "First row is a header"}),
        "films.xlsx": (workbook(A=TABLE, B=TABLE), {"Sheet", "First row is a header"}),
        "films.jsonl": (b'{"review": "good"}\n', {"Encoding"}),
    }
    every = set().union(*(labels for _, labels in offered.values()))
    for name, (content, labels) in offered.items():
        app = settle(upload(name, content), settings, "new")
        assert {each.label for each in app.selectbox} & every == labels


def test_a_table_in_a_txt_is_said_to_be_one_and_can_be_read_as_lines_or_with_a_typed_delimiter(settings):  # noqa: F811
    app = settle(upload("films.txt", b"good @ home;1\nbad @ sea;0\n"), settings, "new")
    assert "2 rows, 2 columns" in said(app)
    assert "“none” reads every line as a review" in app.info[0].value
    next(each for each in app.selectbox if each.label == "Delimiter").set_value("none")
    button(app, "Reload file").click().run()
    settle(app, settings, "new")
    assert "2 rows, 1 column " in said(app)
    job_of(app, settings).reinspect({"delimiter": "@"})  # as if typed, which AppTest cannot do
    settle(app.run(), settings, "new")
    choice = next(each for each in app.selectbox if each.label == "Delimiter")
    assert (choice.value, choice.options[-1]) == ("@", "@")
    assert "2 rows, 2 columns " in said(app)
    button(app, "Reload file").click().run()
    assert job_of(app, settings).read("reading")["delimiter"] == "@"


def test_another_sheet_of_a_workbook_can_be_read(settings):  # noqa: F811
    app = settle(upload("films.xlsx", workbook(A=TABLE, B=TABLE[:2])), settings, "new")
    assert "Only the sheet “A” is read, not “B”" in app.info[0].value.replace("\\", "")
    choice = next(each for each in app.selectbox if each.label == "Sheet")
    assert (choice.value, choice.options) == ("A", ["A", "B"])
    choice.set_value("B")
    button(app, "Reload file").click().run()
    settle(app, settings, "new")
    assert "1 row, 3 columns" in said(app)


def test_a_json_file_is_taken_and_an_old_workbook_refused_with_advice(settings):  # noqa: F811
    assert "1 row, 1 column" in said(settle(upload("films.json", b'[{"review": "good"}]'), settings, "new"))
    app = open_page()
    with pytest.raises(FileError, match=r"films\.xls is an old Excel workbook .* save it as \.xlsx or \.csv"):
        create_job(settings, "films.xls", io.BytesIO(b"x"), 1)
    assert not app.exception


def test_a_csv_download_begins_with_a_byte_order_mark_unless_it_is_switched_off(settings):  # noqa: F811
    app = settle(upload("films.csv", "review\ncafé\n".encode()), settings, "new")
    button(app, "Score").click().run()
    settle(app, settings, "done")
    assert app.checkbox(key="bom").value
    assert (job_of(app, settings).folder / "output.csv").read_bytes().startswith(codecs.BOM_UTF8)
    assert offers(app, "CSV")
    app.checkbox(key="bom").set_value(False).run()
    button(app, "Create").click().run()
    settle(app, settings, "done")
    assert (job_of(app, settings).folder / "download.csv").read_bytes().startswith(b"review,")


def test_surplus_cells_are_counted_before_and_kept_after(settings):  # noqa: F811
    content = b'review,who\n"bad, bad film",x,more\ngood,Ann\n'
    app = settle(upload("extra.csv", content), settings, "new")
    assert "1 row with extra cells" in said(app)
    button(app, "Score").click().run()
    settle(app, settings, "done")
    assert figures(app)["Left out"] == "0"
    assert '[""more""]' in (job_of(app, settings).folder / "output.csv").read_text()


def test_the_model_that_scored_a_file_is_named_and_the_chosen_one_offered(settings):  # noqa: F811
    app = settle(upload(), settings, "new")
    button(app, "Score").click().run()
    settle(app, settings, "done")
    assert "Model: **tiny**" in said(app)
    first = job_of(app, settings)
    app.selectbox(key="run").set_value("other").run()
    assert "Scored with **tiny**; the model in the sidebar is **other**." in app.info[0].value
    button(app, "Score again with other").click().run()
    settle(app, settings, "done")
    second = job_of(app, settings)
    assert second.id != first.id
    assert second.read("task")["run"].endswith("other")
    assert "Model: **other**" in said(app)
    assert not app.info
    app.selectbox(key="run").set_value("tiny").run()
    button(app, "Open the results of tiny").click().run()
    assert job_of(app, settings).id == first.id
    first.delete()
    assert not second.folder.exists()


def test_the_table_begins_with_the_verdict_and_the_histogram_says_predicted(scored):  # noqa: F811
    table = next(each for each in scored.dataframe if each.proto.alt == "The scored rows")
    assert list(table.proto.column_order)[:4] == ["row", "sentiment", "p_positive", "c1"]
    open_tab(scored, "Summary")
    histogram = next(each.proto for each in scored.get("vega_lite_chart") if "by probability" in each.proto.alt)
    assert '"predicted"' in histogram.spec
    assert '"Label"' not in histogram.spec
    open_tab(scored, "Rows")


def test_the_chart_over_time_says_how_doubtful_dates_are_read(settings):  # noqa: F811
    content = b"review,seen\na good film,05/06/2023\na dull film,07/06/2023\n"
    app = settle(upload("dated.csv", content), settings, "new")
    button(app, "Score").click().run()
    settle(app, settings, "done")
    assert "05/06/… is read as 6 May." in said(open_tab(app, "Groups and time"))


def test_a_click_computes_no_figure_again(scored, monkeypatch):  # noqa: F811
    counted = []
    for name in ("words", "by_group", "over_time", "date_doubt", "select"):
        method = getattr(loading.Results, name)

        def spy(self, *arguments, name=name, method=method):
            counted.append(name)
            return method(self, *arguments)

        monkeypatch.setattr(loading.Results, name, spy)
    scored.number_input(key="bulk_page").set_value(2).run()
    scored.number_input(key="bulk_page").set_value(1).run()
    assert counted == []
    scored.text_input(key="only_text").set_value("film 7").run()
    assert counted == ["select"]
    scored.text_input(key="only_text").set_value("").run()
    assert not scored.exception


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("reviews.csv", "reviews"),
        ("my.reviews.2024.csv", "my.reviews.2024"),
        ("reviews.csv.gz", "reviews"),
        ("my.reviews.CSV.ZST", "my.reviews"),
        ("reviews.zip", "reviews"),
        ("2024.05.reviews.jsonl.zip", "2024.05.reviews"),
        ("noted", "noted"),
    ],
)
def test_a_download_is_named_as_the_upload_without_its_endings(name, stem):
    job = SimpleNamespace(read={"upload": {"name": name}}.get)
    assert downloads.stem(job) == stem


def refuse(monkeypatch, error, *names):
    def refused(*arguments, **options):
        raise error

    for name in names:
        monkeypatch.setattr(Job, name, refused)


@pytest.mark.parametrize(("error", "sentence"), [(READ_ONLY, "read-only"), (FULL, "disk is full")])
def test_every_button_on_a_disk_that_takes_nothing_ends_in_a_sentence(settings, monkeypatch, error, sentence):  # noqa: F811
    app = settle(upload(), settings, "new")
    for label in ("Score", "Reload file", "Delete now"):
        with monkeypatch.context() as patch:
            refuse(patch, error, "write", "remove", "delete", "submit", "reinspect")
            button(app, label).click().run()
            assert not app.exception, label
            assert sentence in app.error[0].value.replace("\\", ""), label
    job = job_of(app, settings)
    job.write("task", {"text": 1, "label": None, "explain": False, "run": "runs/tiny", "reading": {}})
    for state, labels in (("error", ("Retry", "Change settings")), ("cancel", ("Resume",))):
        job.remove("error", "cancel")
        job.write(state, "It failed.")
        app.run()
        for label in labels:
            if not any(each.label == label for each in app.button):
                continue
            with monkeypatch.context() as patch:
                refuse(patch, error, "write", "remove", "submit", "withdraw")
                button(app, label).click().run()
                assert not app.exception, label
                assert any(sentence in each.value.replace("\\", "") for each in app.error), label
    job.delete()


def test_stopping_on_a_full_disk_ends_in_a_sentence(settings, monkeypatch):  # noqa: F811
    app = settle(upload(), settings, "new")
    monkeypatch.setattr("sentiment.bulk.jobs.maintenance.run_maintenance", lambda settings: None)
    button(app, "Score").click().run()
    refuse(monkeypatch, FULL, "write")
    button(app, "Stop").click().run()
    assert not app.exception
    assert "disk is full" in app.error[0].value


@pytest.mark.parametrize(("error", "sentence"), [(READ_ONLY, "read-only"), (FULL, "disk is full")])
def test_an_upload_to_a_disk_that_takes_nothing_ends_in_a_sentence(monkeypatch, error, sentence):
    def refused(*arguments):
        raise error

    monkeypatch.setattr("sentiment.bulk.jobs.creation.create_job", refused)
    app = upload()
    assert sentence in app.error[0].value.replace("\\", "")


def test_the_page_on_a_read_only_disk_ends_in_a_sentence(scored, settings, monkeypatch):  # noqa: F811
    def refused(*arguments, **options):
        raise READ_ONLY

    id = job_of(scored, settings).id
    monkeypatch.setattr("sentiment.bulk.jobs.locks.hold", refused)
    for app in (open_page(), open_page(job=id)):
        assert not app.exception
        assert "read-only" in app.error[0].value.replace("\\", "")


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.process
def test_a_disk_that_is_really_full_or_read_only_ends_in_sentences(small_disk, monkeypatch):
    monkeypatch.setenv("SENTIMENT_JOBS", str(small_disk / "jobs"))
    settings = Settings(small_disk / "jobs")  # noqa: F811
    app = settle(upload("films.csv", b"review\ngood film\n"), settings, "new")
    try:
        with (small_disk / "filler").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
    except OSError:
        pass
    button(app, "Score").click().run()
    assert not app.exception
    assert any("disk is full" in each.value for each in app.error)
    end = time.monotonic() + 30
    while subprocess.run(["mount", "-o", "remount,ro", small_disk], capture_output=True).returncode:
        assert time.monotonic() < end  # a worker that is ending may still write
        time.sleep(0.2)
    app.run()
    assert not app.exception
    assert any("read\\-only" in each.value for each in app.error)
    button(app, "Delete now").click().run()
    assert not app.exception
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)


def test_an_error_of_the_system_shows_no_path():
    sentence = job_errors.error_message(PermissionError(errno.EACCES, "Permission denied", "/home/someone/jobs"))
    assert sentence == "The server could not continue: Permission denied. Try again later."
