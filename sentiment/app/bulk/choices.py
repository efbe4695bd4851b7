"""The step Columns: the result of an inspection, the options for scoring, and those for reading the file again."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from sentiment.app.shared import current_run, job_errors
from sentiment.app.shared.buttons import primary_label
from sentiment.app.shared.uploads import escape_markdown
from sentiment.bulk.jobs.job import Job
from sentiment.formatting import counted
from sentiment.tables.columns import column_choices, doubtful_columns
from sentiment.tables.errors import FileError
from sentiment.tables.formats import TEXT_FORMATS, detect_format, is_text
from sentiment.tables.headers import header_note
from sentiment.tables.labels import LABELS, value_meanings
from sentiment.tables.options import delimiter_name, parse_delimiter, usable_options

_AUTO = "Auto-detect"
_DELIMITERS = ["comma", "semicolon", "tab", "pipe", "space", "none"]
_ENCODINGS = ["utf-8", "cp1252", "mac_roman", "utf-16", "cp1250", "cp1251", "koi8_r", "shift_jis", "gb18030"]
_PREVIEW_COLUMNS = 30  # of the file, in addition to the review columns
_OPTIONS = "File options"
_HEADER = "First row is a header"
_MEANING = "Treated as"
_IGNORED = "ignored"  # the meaning of values that are no labels
_HEADERS = {_AUTO: None, "yes": True, "no": False}


def show(job: Job) -> None:
    """Shows the result of a job's inspection and the options for scoring."""
    inspection = job.read("inspection")
    rows = inspection["survey"]["rows"]
    _describe(inspection)
    names = column_choices(inspection["columns"])
    left, right = st.columns(2, gap="medium")
    with left:
        texts = _choose_texts(inspection, names)
    with right:
        label = _choose_label(inspection, names)
        labels = None if label is None else _choose_meanings(job, inspection, label)
    explain = st.checkbox(
        "Explain each prediction",
        value=rows <= 20_000,
        key="explain",
        help="Adds the strongest words of each row; slower.",
    )
    task = {"text": texts[0] if len(texts) == 1 else texts, "label": label, "labels": labels, "explain": explain}
    disabled = label in texts or not rows
    st.button(
        primary_label(f"Score {counted(rows, 'row')}", ":material/play_arrow:", disabled=disabled),
        disabled=disabled,
        on_click=_submit,
        args=(job, task),
        type="primary",
    )
    if rows:
        _preview(inspection, names, texts)
    show_reading_options(job)


def _describe(inspection: dict[str, Any]) -> None:
    """Shows how the file was read, and warnings about it."""
    st.write(_summary(inspection))
    if inspection.get("header_in_doubt"):
        st.warning(
            f"{escape_markdown(header_note(inspection['columns']))} If it is a review, open “{_OPTIONS}” below and "
            f"set “{_HEADER}” to “no”.",
            icon=":material/help:",
        )
    if notes := inspection.get("notes"):
        st.info(escape_markdown(" ".join(notes)), icon=":material/info:")
    for problem in inspection["problems"][:3]:
        st.warning(f"Malformed row: {escape_markdown(problem)}", icon=":material/warning:")
    if not inspection["survey"]["rows"]:
        st.info("The file has a header and no rows, so there is nothing to score.", icon=":material/info:")


def _choose_texts(inspection: dict[str, Any], names: list[str]) -> list[int]:
    """Shows the choice of the reviews' columns; returns their positions in order."""
    columns = inspection["columns"]
    text = st.selectbox(
        "Review column",
        range(len(columns)),
        index=inspection["text"],
        format_func=names.__getitem__,
        key="text_column",
    )
    texts = sorted([text, *_choose_joined(names, text)])
    for place in doubtful_columns(columns, inspection["sample"], texts):
        st.warning(
            f"“{escape_markdown(names[place])}” doesn't look like review text. Is this the right column?",
            icon=":material/help:",
        )
    return texts


def _choose_label(inspection: dict[str, Any], names: list[str]) -> int | None:
    """Shows the choice of the labels' column; returns its position, None for no labels."""
    return st.selectbox(
        "Label column (optional)",
        [None, *range(len(names))],
        index=0 if inspection["label"] is None else inspection["label"] + 1,
        format_func=lambda place: "None" if place is None else names[place],
        key="label_column",
        help="True labels, to evaluate the predictions.",
    )


def _choose_joined(names: list[str], text: int) -> list[int]:
    """Shows the choice of other columns to join with the review column; returns their positions."""
    if len(names) == 1:
        return []
    return st.multiselect(
        "Join with (optional)",
        [position for position in range(len(names)) if position != text],
        format_func=names.__getitem__,
        key="joined_columns",
        placeholder="No other column",
        help="For a review in several columns, such as a title and a text. They are joined in the order of the file.",
    )


def _summary(inspection: dict[str, Any]) -> str:
    """Returns the size of the table and how it was read, in one line."""
    survey, detected = inspection["survey"], inspection["found"]
    parts = [f"{counted(survey['rows'], 'row')}, {counted(len(inspection['columns']), 'column')}"]
    if "encoding" in detected:
        parts.append(escape_markdown(detected["encoding"].upper()))
    if (delimiter := detected.get("delimiter")) and (name := delimiter_name(delimiter)) != "none":
        parts.append(f"delimiter {escape_markdown(name)}")
    if detected.get("header") is False:
        parts.append("no header")
    if "sheet" in detected:
        parts.append(f"sheet {escape_markdown(detected['sheet'])}")
    if survey["unreadable"]:
        parts.append(f"{counted(survey['unreadable'], 'malformed row')}, to be returned unscored")
    if extra := survey.get("extra"):
        parts.append(f"{counted(extra, 'row')} with extra cells, kept in the column “problem”")
    return " · ".join(parts)


def _choose_meanings(job: Job, inspection: dict[str, Any], label: int) -> dict[str, int | None] | None:
    """Shows the meaning of each label value in a table to edit; returns the meanings, None to guess them."""
    name, values = inspection["columns"][label], inspection["values"].get(str(label))
    if values is None:
        st.info(
            f"“{escape_markdown(name)}” has no values, or too many to list. Words (such as “positive”), stars, marks "
            "and percentages are used as labels."
        )
        return None
    guessed = value_meanings(values, name)
    if not LABELS.keys() & set(guessed.values()):
        st.warning(
            f"Unrecognised labels in “{escape_markdown(name)}”. Choose their meanings in this table.",
            icon=":material/help:",
        )
    table: dict[str, list[Any]] = {
        "value": list(guessed),
        "means": [meaning if meaning in LABELS else _IGNORED for meaning in guessed.values()],
        "rows": [values[value] for value in guessed],
    }
    edited = st.data_editor(
        table,
        hide_index=True,
        width="content",
        disabled=["value", "rows"],
        column_config={
            "value": "Value",
            "means": st.column_config.SelectboxColumn(_MEANING, options=[*LABELS, _IGNORED], required=True),
            "rows": "Rows",
        },
        key=f"meanings_{job.short_id}_{label}",
        alt="What each value of the labels means, and how many rows have it",
    )
    ignored = sum(n for n, meaning in zip(edited["rows"], edited["means"], strict=True) if meaning not in LABELS)
    effect = f" The evaluation ignores {counted(ignored, 'row')}." if ignored else ""
    st.caption(f"Double-click a cell under “{_MEANING}” to change it.{effect}")
    return {value: LABELS.get(meaning) for value, meaning in zip(edited["value"], edited["means"], strict=True)}


def _preview(inspection: dict[str, Any], names: list[str], texts: list[int]) -> None:
    order = [*texts, *(i for i in range(min(len(names), _PREVIEW_COLUMNS)) if i not in texts)]
    rows = [[row[i] if i < len(row) else "" for i in order] for row in inspection["sample"]]
    keys = [f"c{i}" for i in order]
    widths: list[Literal["large"] | None] = ["large" if i in texts else None for i in order]
    config = {
        key: st.column_config.TextColumn(names[i], width=width)
        for key, i, width in zip(keys, order, widths, strict=True)
    }
    st.header("Preview")
    shown = [dict(zip(keys, row, strict=True)) for row in rows]
    st.dataframe(shown, hide_index=True, column_config=config, alt="The first rows of the file")


def show_reading_options(job: Job, *, expanded: bool = False) -> None:
    """Shows the options for reading the file, with their current values, if any apply to this file."""
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
        if st.form_submit_button("Reload file"):
            _read_again(job, chosen)


def _index(choices: list[str], chosen: str) -> int:
    """Returns the position of the choice; that after the last one if it is not among the choices."""
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
