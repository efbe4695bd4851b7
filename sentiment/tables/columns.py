"""Guesses which columns hold reviews, and finds columns by name or number."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence

from sentiment.tables.empty_words import is_empty_word
from sentiment.tables.errors import FileError
from sentiment.tables.labels import is_label_name, says_sentiment
from sentiment.tables.names import name_words, words_of
from sentiment.tables.sampling import Cells, usable_rows

TEXT_NAMES = ("review", "text", "reviews", "review_text", "reviewtext", "content", "comment", "comments", "body")
# Words of names, in lower case and without accents. A column of reviews has one of the first two kinds. The third kind
# says something else wherever it is, the fourth only at the end: "user review", but "review user".
_REVIEW_NAMES = words_of(
    "review, reviews, feedback, opinion, opinions, reviewtext, reviewbody, reviewcontent, selftext, testimonial, "
    "verbatim, resena, resenas, opiniones, opiniao, opinioes, avis, critique, bewertung, bewertungen, rezension, "
    "rezensionen, meinung, meinungen, recensione, recensioni, opinione, opinioni, recensie, recension, anmeldelse, "
    "arvostelu, recenze, recenzja, opinia, opinie, yorum, yorumlar, ulasan, отзыв, отзывы, рецензия, відгук, 评论, "
    "評論, 点评, レビュー, 口コミ, 리뷰, 후기, مراجعة, تعليق"
)
_PROSE_NAMES = words_of(
    "text, texts, comment, comments, content, contents, body, remark, remarks, tweet, tweets, message, sentence, "
    "sentences, phrase, document, utterance, texto, textos, comentario, comentarios, mensaje, contenido, texte, "
    "commentaire, commentaires, contenu, kommentar, kommentare, inhalt, testo, commento, commenti, contenuto, tekst, "
    "komentarz, komentar, текст, комментарий, комментарии, сообщение, 内容, 文本, コメント, 댓글, 내용"
)
_OTHER_NAMES = words_of(
    "id, ids, uuid, hash, url, urls, uri, link, links, permalink, date, dates, time, timestamp, day, month, year, "
    "created, updated, count, counts, number, num, nr, total, votes, length, title, titles, titre, titulo, titel, "
    "titolo, subject, headline, heading, summary, plot, synopsis, overview, reply, replies, response, responses, "
    "answer, respuesta, reponse, antwort, risposta, ответ, developer, info, metadata"
)
_OWNER_NAMES = words_of(
    "author, user, username, reviewer, reviewers, name, names, nickname, owner, company, product, brand, country, "
    "city, language, lang, locale, source, status, state, type, kind, category, genre, genres, tag, tags, version, "
    "address, website, email, phone, price, key, index, image, images, photo, photos, score, rating, ratings, rate, "
    "stars, star, sentiment, label, labels, polarity, class, confidence, likes, upvotes, helpful, helpfulness"
)
# A full year, three numbers with one separator, or a month between two numbers: "8/10" and "10:30" are not dates.
_DATED = re.compile(
    r"(?<![\d.,:])(1\d|20)\d\d(?!\d)"  # 2021-05-03, May 2021
    r"|(?<!\d)(19|20)\d{6}[T ]\d"  # 20210503T1030
    r"|(?<![\d.])\d{1,2}([-/.])\d{1,2}\3(\d{4}|\d\d)\b(?!\.)"  # 3/4/21, 3.4.2021 10:30
    r"|\d(?:st|nd|rd|th)?\W+[a-z]{3,}\W+\d"  # 3-May-21
    r"|[a-z]{3,}\W+\d+\w*\W*,\s*\d\d\b",  # May 3, 21
    re.IGNORECASE,
)
_SENTENCE_WORDS = 3  # on average; a column with fewer holds names or categories
_REPEATED = 5  # times that a category occurs, on average
_CHOICE_CHARACTERS = 100
_UNIT_LETTERS = 3  # of a cell that is a number with a unit
_DATE_WORDS = 4  # of a cell that is a date, such as "Jan 2, 2024 at 10 AM"
_WORD = re.compile(r"[^\W\d_]{2,}")
_LISTED = re.compile(r"\[\s*(?:\]|['\"{\[\d-])|\{\s*(?:\}|['\"])")
_URL = re.compile(r"(?:[a-z]+://|www\.)\S", re.IGNORECASE)
_DATA_FORMS = (
    re.compile(r"[\w.-]+\.[a-z]{2,}/\S*$|\S+@\S+\.\w+$|\S+\.(?:jpe?g|png|gif|mp4|html?|pdf)$", re.IGNORECASE),
    re.compile(r"(?=\S*\d)[\w:.=/+-]{6,}$", re.ASCII),  # ids
    re.compile(r"[^|]{1,40}(?:\|[^|]{1,40})+$"),  # Action|Drama
    re.compile(r"(?:about )?(?:an?|\d+) (?:second|minute|hour|day|week|month|year)s? ago\W?$", re.IGNORECASE),
    re.compile(r"\d[\d.,]* (?:likes?|votes?|comments?|replies|views|reviews?|points?|people)$", re.IGNORECASE),
)
_NAME_LIMIT = 1000  # characters; a longer cell is not a column's name
_DATE_LIMIT = 60  # characters; a longer cell is not a date


def guess_text_column(columns: Sequence[str], rows: Sequence[Cells], texts: Sequence[int] = ()) -> int:
    """Returns the column that looks most like reviews: by its cells, then by its name, then by its number of words.

    Args:
        columns: the names.
        rows: the first rows; ragged ones are ignored.
        texts: positions of the columns that can hold reviews; empty for all.
    """
    rows = usable_rows(columns, rows)

    def key(position: int) -> tuple[bool, float, int]:
        cells, rank = _given(rows, position), float(_name_rank(columns[position]))
        words = sum(len(cell.split()) for cell in cells)
        short = 0 < words < _SENTENCE_WORDS * len(cells)
        are_labels = rank < 0 and is_label_name(columns[position])  # whose values may look like prose
        prose = not _are_data(cells) and not are_labels and (rank > 0 or bool(cells))
        if not cells or (short and _REPEATED * len(set(cells)) <= len(cells)):
            rank = min(rank, 0)  # nothing, or categories
        if short and rank == 0:
            rank = -0.5
        return prose, rank, words

    return max(texts or range(len(columns)), key=key)


def column_choices(columns: Sequence[str]) -> list[str]:
    """Returns a distinct label for each column, none of them "none"; a browser identifies a choice by its label."""
    columns = [name if len(name) <= _CHOICE_CHARACTERS else f"{name[:_CHOICE_CHARACTERS]}…" for name in columns]
    often = Counter(columns)
    return [
        f"{name} (column {i + 1})".lstrip() if often[name] > 1 or name in ("", "none") or "(column " in name else name
        for i, name in enumerate(columns)
    ]


def looks_like_reviews(columns: Sequence[str], rows: Sequence[Cells], position: int) -> bool:
    """Returns whether a column may hold reviews: it has a usual name or sentences, and no URLs, numbers or lists."""
    cells, rank = _given(rows, position), _name_rank(columns[position])
    if _are_data(cells) or rank < 0:
        return False
    words = [sum(any(map(str.isalpha, word)) for word in cell.split()) for cell in cells]
    return rank > 0 or not words or sum(words) / len(words) >= _SENTENCE_WORDS


def doubtful_columns(columns: Sequence[str], rows: Sequence[Cells], texts: Sequence[int]) -> list[int]:
    """Returns those of the columns to score that do not look like reviews; a joined one need only hold words."""
    if len(texts) > 1:
        return [position for position in texts if _are_data(_given(rows, position))]
    return [position for position in texts if not looks_like_reviews(columns, rows, position)]


def _given(rows: Sequence[Cells], position: int) -> list[str]:
    """Returns the cells of a column that say something."""
    cells = [(row[position] or "").strip() for row in rows if position < len(row)]
    return [cell for cell in cells if cell and not is_empty_word(cell)]


def _name_rank(name: str) -> int:
    """Returns 2 or 1 if a name says that a column holds reviews, -1 if it says something else, otherwise 0."""
    words = name_words(name)
    rank = 2 if not _REVIEW_NAMES.isdisjoint(words) else 1 if not _PROSE_NAMES.isdisjoint(words) else 0
    owned = words[-1:] if rank else words
    return -1 if not (_OTHER_NAMES.isdisjoint(words) and _OWNER_NAMES.isdisjoint(owned)) else rank


def _are_data(cells: Sequence[str]) -> bool:
    return 2 * sum(map(_is_data, cells)) > len(cells)


def _is_data(cell: str) -> bool:
    """Returns whether a cell is data, not prose: an address, a number, a date, an id, a list, JSON or a label."""
    if _LISTED.match(cell) or (cell[0] == "[" and cell[-1] == "]" and cell.count("[") == 1 and "," in cell):
        return True
    if len(cell) > _DATE_LIMIT or _URL.match(cell):
        return all(map(_URL.match, cell[:_NAME_LIMIT].split()))
    if any(map(str.isdecimal, cell)) and sum(map(str.isalpha, cell)) <= _UNIT_LETTERS:  # "12", "3/4", "1.2K", "5 min"
        return True
    if looks_like_date(cell) and len(_WORD.findall(cell)) <= _DATE_WORDS:
        return True
    return any(form.match(cell) for form in _DATA_FORMS) or says_sentiment(cell)


def find_column(columns: Sequence[str], wanted: str | int) -> int:
    """Returns the position of a column: an integer is the position, a string a name or else a number from 1.

    Raises:
        FileError: there is no such column, or more than one.
    """
    if isinstance(wanted, int):
        return wanted
    positions = [i for i, name in enumerate(columns) if name == wanted]
    if len(positions) == 1:
        return positions[0]
    if positions:
        numbers = " and ".join(str(i + 1) for i in positions)
        every = "both" if len(positions) == 2 else "all"
        raise FileError(f"Columns {numbers} are {every} called {wanted}; give the number of the one you mean.")
    if wanted.isdecimal() and 1 <= int(wanted) <= len(columns):
        return int(wanted) - 1
    shown = ", ".join(columns[:20]) + (", …" if len(columns) > 20 else "")
    raise FileError(f"There is no column called {wanted}; the columns are {shown}.")


def find_columns(columns: Sequence[str], wanted: str | int | Sequence[int]) -> list[int]:
    """Returns the positions of one or several columns.

    Args:
        columns: the names.
        wanted: a name, a number from 1, or several of them between commas; as integers, positions from 0.

    Raises:
        FileError: there is no such column, more than one, or a column is named twice.
    """
    if isinstance(wanted, int):
        return [wanted]
    if not isinstance(wanted, str):
        return list(wanted)
    if wanted in columns or "," not in wanted:
        return [find_column(columns, wanted)]
    positions = [find_column(columns, name) for name in next(csv.reader([wanted], skipinitialspace=True))]
    if len(set(positions)) < len(positions):
        raise FileError(f"A column of {wanted} is named twice; name each once.")
    return positions


def looks_like_date(value: str) -> bool:
    """Returns whether a value is written like a date."""
    return len(value) <= _DATE_LIMIT and _DATED.search(value) is not None
