"""Writes sentences about the rows that the statistics of a file leave out."""

from __future__ import annotations

from collections.abc import Mapping

from sentiment.formatting import counted

_REASONS = {
    "not_predicted": "{} without a prediction",
    "mostly_unknown": "{} of mostly unknown words",
    "neutral_label": "{} with a label that is neither positive nor negative",
    "no_label": "{} without a label",
    "unknown_label": "{} with a label of unknown meaning",
}


def are_mostly_unknown(statuses: Mapping[str, int]) -> bool:
    """Returns whether most rows with a text consist mostly of words that the model does not know.

    Args:
        statuses: the number of rows of each status.
    """
    return 2 * statuses.get("mostly_unknown", 0) > _rows_with_text(statuses)


def unknown_words(statuses: Mapping[str, int]) -> str:
    """Returns a sentence about the rows of mostly unknown words; "" if there are none."""
    unknown, rows = statuses.get("mostly_unknown", 0), _rows_with_text(statuses)
    if not are_mostly_unknown(statuses):
        return f"{counted(unknown, 'row')} of mostly unknown words left out of the figures." if unknown else ""
    total = counted(rows, "row") + ("" if rows == sum(statuses.values()) else " with a text")
    verb = "is" if unknown == 1 else "are"
    return (
        f"{unknown:,} of {total} {verb} mostly words the model does not know: another language, or the wrong column? "
        "The figures leave them out."
    )


def left_out_rows(reasons: Mapping[str, int]) -> str:
    """Returns a sentence about the rows that cannot be compared with a label; "" if there are none.

    Args:
        reasons: the number of rows for each reason; see ``Results.left_out``.
    """
    listed = [_REASONS[reason].format(counted(n, "row")) for reason, n in reasons.items()]
    return f"Left out: {', '.join(listed)}." if listed else ""


def _rows_with_text(statuses: Mapping[str, int]) -> int:
    return sum(n for status, n in statuses.items() if status not in ("empty", "unreadable"))
