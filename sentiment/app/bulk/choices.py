"""Shows the result of an inspection, and offers the options for scoring and for reading the file again."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from sentiment.app.shared import current_run, job_errors
from sentiment.app.shared.uploads import escape_markdown
from sentiment.bulk.jobs.job import Job
from sentiment.formatting import counted
from sentiment.tables.columns import column_choices, doubtful_columns
from sentiment.tables.decoding import TEXT_FORMATS, detect_format, is_text
from sentiment.tables.errors import FileError
from sentiment.tables.headers import header_note
from sentiment.tables.labels import LABELS, value_meanings
from sentiment.tables.options import delimiter_name, parse_delimiter, usable_options

_AUTO = "Auto-detect"
_DELIMITERS = ["comma", "semicolon", "tab", "pipe", "space", "none"]
_ENCODINGS = ["utf-8", "cp1252", "mac_roman", "utf-16", "cp1250", "cp1251", "koi8_r", "shift_jis", "gb18030"]
_OPTIONS = "Read the file in another way"
_HEADER = "First row holds names"
_LEFT_OUT = "left out"
_HEADERS = {_AUTO: None, "yes": True, "no": False}


def show(job: Job) -> None:
    """Shows the result of a job's inspection and the options for scoring."""
    inspection = job.read("inspection")
    columns, rows = inspection["columns"], inspection["survey"]["rows"]
    st.write(_summary(inspection))
    if inspection.get("header_in_doubt"):
        st.warning(
            f"{escape_markdown(header_note(columns))} If it is a review, open “{_OPTIONS}” below and set “{_HEADER}” "
            "to “no”.",
            icon=":material/help:",
        )
    if notes := inspection.get("notes"):
        st.info(escape_markdown(" ".join(notes)), icon=":material/info:")
    for problem in inspection["problems"][:3]:
        st.warning(f"Unreadable, {escape_markdown(problem)}", icon=":material/warning:")
    if not rows:
        st.info("The file has a header and no rows, so there is nothing to score.", icon=":material/info:")
    left, right = st.columns(2)
    names = column_choices(columns)
    text = left.selectbox(
        "Column of reviews",
        range(len(columns)),
        index=inspection["text"],
        format_func=names.__getitem__,
        key="text_column",
    )
    with left:
        texts = sorted([text, *_joined_columns(names, text)])
    label = right.selectbox(
        "Column of labels, to measure against",
        [None, *range(len(columns))],
        index=0 if inspection["label"] is None else inspection["label"] + 1,
        format_func=lambda place: "none" if place is None else names[place],
        key="label_column",
    )
    for place in doubtful_columns(columns, inspection["sample"], texts):
        st.warning(
            f"“{escape_markdown(names[place])}” does not look like reviews. Is it the column you mean?",
            icon=":material/help:",
        )
    labels = None if label is None else _choose_meanings(job, inspection, label)
    explain = st.checkbox("Name the words that pushed each review", value=rows <= 20_000, key="explain")
    st.button(
        f"Score {counted(rows, 'row')}",
        icon=":material/play_arrow:",
        disabled=label in texts or not rows,
        on_click=_submit,
        args=(job, {"text": text if len(texts) == 1 else texts, "label": label, "labels": labels, "explain": explain}),
    )
    if rows:
        _preview(inspection, names, texts)
    show_reading_options(job)


def _joined_columns(names: list[str], text: int) -> list[int]:
    """Offers the other columns of a table, to be joined with the column of reviews."""
    if len(names) == 1:
        return []
    return st.multiselect(
        "Joined with",
        [position for position in range(len(names)) if position != text],
        format_func=names.__getitem__,
        key="joined_columns",
        placeholder="no other column",
        help="For a review in several columns, such as a title and a text. They are joined in the order of the file.",
    )


def _summary(inspection: dict[str, Any]) -> str:
    survey = inspection["survey"]
    parts = [counted(survey["rows"], "row"), counted(len(inspection["columns"]), "column")]
    detected = inspection["found"]
    if "encoding" in detected:
        parts.append(f"encoding {escape_markdown(detected['encoding'])}")
    if "delimiter" in detected:
        parts.append(f"delimiter {escape_markdown(delimiter_name(detected['delimiter']))}")
    if detected.get("header") is False:
        parts.append("no header")
    if "sheet" in detected:
        parts.append(f"sheet {escape_markdown(detected['sheet'])}")
    if survey["unreadable"]:
        parts.append(f"{counted(survey['unreadable'], 'row')} unreadable, to be returned without a score")
    if extra := survey.get("extra"):
        parts.append(f"{counted(extra, 'row')} with extra cells, which are kept in the column “problem”")
    return "Found: " + ", ".join(parts) + "."


def _choose_meanings(job: Job, inspection: dict[str, Any], label: int) -> dict[str, int | None] | None:
    """Shows the meaning of each value of the label column, to be changed; returns the meanings, None to guess."""
    name, values = inspection["columns"][label], inspection["values"].get(str(label))
    if values is None:
        st.info(
            f"The values of “{escape_markdown(name)}” are not listed here: there are none, or too many values or "
            "columns. If they are stars, marks, percent, or words such as positive and negative, the verdicts are "
            "measured against them."
        )
        return None
    guessed = value_meanings(values, name)
    if not LABELS.keys() & set(guessed.values()):
        st.warning(
            f"The meanings of the values of “{escape_markdown(name)}” are not clear. Choose them in this table.",
            icon=":material/help:",
        )
    table: dict[str, list[Any]] = {
        "value": list(guessed),
        "means": [meaning if meaning in LABELS else _LEFT_OUT for meaning in guessed.values()],
        "rows": [values[value] for value in guessed],
    }
    table = st.data_editor(
        table,
        hide_index=True,
        width="content",
        disabled=["value", "rows"],
        column_config={
            "means": st.column_config.SelectboxColumn(options=[*LABELS, _LEFT_OUT], required=True),
        },
        key=f"meanings_{job.short_id}_{label}",
        alt="What each value of the labels means, and how many rows have it",
    )
    left_out = sum(n for n, meaning in zip(table["rows"], table["means"], strict=True) if meaning not in LABELS)
    st.caption(
        f"Double-click a meaning to change it. {counted(left_out, 'row')} left out of the comparison with the labels."
    )
    return {value: LABELS.get(meaning) for value, meaning in zip(table["value"], table["means"], strict=True)}


def _preview(inspection: dict[str, Any], names: list[str], texts: list[int]) -> None:
    order = [*texts, *(i for i in range(min(len(names), 30)) if i not in texts)]
    rows = [[row[i] if i < len(row) else "" for i in order] for row in inspection["sample"]]
    keys = [f"c{i}" for i in order]
    labels = {key: st.column_config.TextColumn(names[i], pinned=i in texts) for key, i in zip(keys, order, strict=True)}
    st.header("How it begins")
    shown = [dict(zip(keys, row, strict=True)) for row in rows]
    st.dataframe(shown, hide_index=True, column_config=labels, alt="The first rows of the file")


def show_reading_options(job: Job, *, expanded: bool = False) -> None:
    """Offers the options for reading the file, as they were set last, if any apply to this file."""
    inspection, reading = job.read("inspection") or {}, job.read("reading") or {}
    offered = _useful_options(job, inspection)
    if not offered:
        return
    chosen: dict[str, Any] = {}
    with st.expander(_OPTIONS, expanded, icon=":material/tune:"), st.form("reading", border=False):
        places = dict(zip(offered, st.columns(len(offered)), strict=True))
        if place := places.get("sheet"):
            sheets = inspection["sheets"]
            now = inspection["found"]["sheet"]
            chosen["sheet"] = place.selectbox("Sheet", list(dict.fromkeys([*sheets, now])), index=_index(sheets, now))
        if place := places.get("delimiter"):
            given = reading.get("delimiter")
            chosen["delimiter"] = _choose_or_type(place, "Delimiter", _DELIMITERS, given and delimiter_name(given))
        if place := places.get("encoding"):
            chosen["encoding"] = _choose_or_type(place, "Encoding", _ENCODINGS, reading.get("encoding"))
        if place := places.get("header"):
            now = list(_HEADERS.values()).index(reading.get("header"))
            chosen["header"] = _HEADERS[place.selectbox(_HEADER, list(_HEADERS), index=now)]
        if st.form_submit_button("Read again"):
            _read_again(job, chosen)


def _index(choices: list[str], chosen: str) -> int:
    return choices.index(chosen) if chosen in choices else len(choices)


def _choose_or_type(place: DeltaGenerator, label: str, usual: list[str], given: str | None) -> str | None:
    """Offers the usual values of an option, and a box to type another; returns None to detect it."""
    choices = list(dict.fromkeys([_AUTO, *usual, given or _AUTO]))
    chosen = place.selectbox(label, choices, index=choices.index(given or _AUTO), accept_new_options=True)
    return None if chosen in (None, _AUTO) else chosen


def _read_again(job: Job, chosen: dict[str, Any]) -> None:
    try:
        if chosen.get("delimiter") is not None:
            chosen["delimiter"] = parse_delimiter(chosen["delimiter"])
    except FileError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    job_errors.run_action(job.reinspect, chosen)
    st.rerun()


def _useful_options(job: Job, inspection: dict[str, Any]) -> list[str]:
    """Returns the options for reading that apply to this file; none if it is not a table."""
    try:
        form = inspection["form"] if inspection else detect_format(job.input)[0]
        if not inspection and (form not in TEXT_FORMATS or not is_text(job.input)):
            return []
    except FileError:
        return []
    usable = usable_options(form)
    if len(inspection.get("sheets", [])) < 2:
        usable -= {"sheet"}
    if form == "txt" and inspection and "header" not in inspection["found"]:
        usable -= {"header"}
    return sorted(usable)


def _submit(job: Job, task: dict[str, Any]) -> None:
    job_errors.run_action(
        job.submit, {**task, "run": str(current_run.run().path), "reading": job.read("reading") or {}}
    )
