"""The page Score a file: its messages about headers, counts, models and files that are not tables."""

import codecs
import re
from types import SimpleNamespace

import pytest

from sentiment.app.bulk import downloads, loading
from sentiment.formatting import counted
from tests.app_pages import said
from tests.bulk_page import button, figures, job_of, offers, open_tab, settle, upload
from tests.table_files import TABLE, workbook

pytestmark = [pytest.mark.page, pytest.mark.usefixtures("settings")]


def error_text(app):
    """Returns the first error without its Markdown escapes."""
    return app.error[0].value.replace("\\", "")


def choice_of(app, label):
    """Returns the selectbox with this label."""
    return next(each for each in app.selectbox if each.label == label)


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"Great fun,Bob\nDull and long,Ann\n", "2 rows, 2 columns"),
        (b"We liked it.\nDull.\nNot for me.\n", "3 rows, 1 column "),  # the space excludes "columns"
        (b"Great fun,Bob,pos\nDull and long,Ann,neg\n", "2 rows, 3 columns"),
    ],
)
def test_the_first_review_of_a_file_without_a_header_is_a_row(settings, content, rows):
    app = settle(upload("plain.csv", content), settings, "new")
    assert rows in said(app)
    assert "used as the header" not in said(app)


def test_a_doubtful_header_is_reported_with_the_counts_and_a_remedy(settings):
    app = settle(upload("plain.csv", b"Excellent,Bob\nDull,Ann\n"), settings, "new")
    assert "1 row, 2 columns" in said(app)
    (sentence,) = (each.value for each in app.warning if "used as the header" in each.value)
    assert "First row used as the header: “Excellent”, “Bob”" in sentence.replace("\\", "")
    option = next(each for each in app.selectbox if each.label in sentence)
    assert app.expander[-1].label in sentence
    option.set_value("no")
    button(app, "Reload file").click().run()
    settle(app, settings, "new")
    assert "2 rows, 2 columns" in said(app)
    assert "used as the header" not in said(app)


def test_a_count_of_one_is_singular(settings):
    app = settle(upload("one.csv", b"review\ngood\n"), settings, "new")
    assert "1 row, 1 column " in said(app)
    score = button(app, "Score 1 row")
    assert "1 rows" not in score.label
    score.click().run()
    settle(app, settings, "done")
    assert "1 of 1 row." in said(app)
    assert "Download 1 listed row" in {each.label for each in app.get("download_button")}


def test_a_header_without_rows_cannot_be_scored_and_the_page_says_so(settings):
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
def test_a_file_that_is_not_a_table_is_named_in_the_error_and_gets_no_options(settings, name, content):
    app = settle(upload(name, content), settings, "failed")
    assert name in error_text(app)
    assert "input" not in app.error[0].value  # the name under which the server stores it
    assert not any(each.label == "Reload file" for each in app.button)
    assert "0.0 kB" not in said(app)
    assert counted(len(content), "byte") in said(app)


def test_a_table_gets_only_the_options_that_can_change_it(settings):
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


def test_a_table_in_a_txt_file_can_be_read_as_lines_or_with_a_typed_delimiter(settings):
    app = settle(upload("films.txt", b"good @ home;1\nbad @ sea;0\n"), settings, "new")
    assert "2 rows, 2 columns" in said(app)
    assert "“none” reads every line as a review" in app.info[0].value
    choice_of(app, "Delimiter").set_value("none")
    button(app, "Reload file").click().run()
    settle(app, settings, "new")
    assert "2 rows, 1 column " in said(app)
    job_of(app, settings).reinspect({"delimiter": "@"})  # as if typed, which AppTest cannot do
    settle(app.run(), settings, "new")
    delimiter = choice_of(app, "Delimiter")
    assert (delimiter.value, delimiter.options[-1]) == ("@", "@")
    assert "2 rows, 2 columns " in said(app)
    button(app, "Reload file").click().run()
    assert job_of(app, settings).read("reading")["delimiter"] == "@"


def test_another_sheet_of_a_workbook_can_be_read(settings):
    app = settle(upload("films.xlsx", workbook(A=TABLE, B=TABLE[:2])), settings, "new")
    assert "Only the sheet “A” is read, not “B”" in app.info[0].value.replace("\\", "")
    sheet = choice_of(app, "Sheet")
    assert (sheet.value, sheet.options) == ("A", ["A", "B"])
    sheet.set_value("B")
    button(app, "Reload file").click().run()
    settle(app, settings, "new")
    assert "1 row, 3 columns" in said(app)


def test_a_json_file_is_accepted(settings):
    assert "1 row, 1 column " in said(settle(upload("films.json", b'[{"review": "good"}]'), settings, "new"))


def test_an_old_workbook_is_refused_with_advice():
    app = upload("films.xls", b"x")
    assert re.search(r"films\.xls is an old Excel workbook .* save it as \.xlsx or \.csv", error_text(app))


def test_a_csv_download_begins_with_a_byte_order_mark_unless_it_is_switched_off(settings):
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


def test_extra_cells_are_counted_before_scoring_and_kept_after_it(settings):
    content = b'review,who\n"bad, bad film",x,more\ngood,Ann\n'
    app = settle(upload("extra.csv", content), settings, "new")
    assert "1 row with extra cells" in said(app)
    button(app, "Score").click().run()
    settle(app, settings, "done")
    assert figures(app)["Left out"] == "0"
    assert '[""more""]' in (job_of(app, settings).folder / "output.csv").read_text()


def test_the_model_that_scored_a_file_is_named_and_the_chosen_one_offered(settings):
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


def test_the_table_begins_with_the_verdict_and_the_histogram_names_the_predicted_label(scored):
    table = next(each for each in scored.dataframe if each.proto.alt == "The scored rows")
    assert list(table.proto.column_order)[:4] == ["row", "sentiment", "c2", "c1"]  # c2 is the label
    open_tab(scored, "Summary")
    histogram = next(each.proto for each in scored.get("vega_lite_chart") if "by probability" in each.proto.alt)
    assert '"predicted"' in histogram.spec
    assert '"Label"' not in histogram.spec
    open_tab(scored, "Rows")


def test_the_chart_over_time_says_how_doubtful_dates_are_read(settings):
    content = b"review,seen\na good film,05/06/2023\na dull film,07/06/2023\n"
    app = settle(upload("dated.csv", content), settings, "new")
    button(app, "Score").click().run()
    settle(app, settings, "done")
    assert "05/06/… is read as 6 May." in said(open_tab(app, "Groups and time"))


def test_a_click_does_not_recompute_any_figure(scored, monkeypatch):
    calls = []
    for name in ("words", "by_group", "over_time", "date_doubt", "select"):
        method = getattr(loading.Results, name)

        def spy(self, *arguments, name=name, method=method):
            calls.append(name)
            return method(self, *arguments)

        monkeypatch.setattr(loading.Results, name, spy)
    scored.number_input(key="bulk_page").set_value(2).run()
    scored.number_input(key="bulk_page").set_value(1).run()
    assert calls == []
    scored.text_input(key="only_text").set_value("film 7").run()
    assert calls == ["select"]
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
def test_a_download_has_the_name_of_the_upload_without_its_suffixes(name, stem):
    job = SimpleNamespace(read={"upload": {"name": name}}.get)
    assert downloads.stem(job) == stem
