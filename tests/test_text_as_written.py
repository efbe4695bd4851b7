"""Texts as people write them are read like their plain spelling, with spans in the original text."""

from __future__ import annotations

import html
import time
import tracemalloc
from unicodedata import normalize

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sentiment import Classifier
from sentiment.artifacts import ROOT
from sentiment.bulk.scoring import strongest_words
from sentiment.explain.counterfactual import condense, edit, smallest_flip
from sentiment.explain.grouping import group
from sentiment.explain.json_file import from_json, to_json
from sentiment.explain.negation import negations
from sentiment.text.preprocessor import Preprocessor
from sentiment.text.vocabulary import Vocabulary

VOCABULARY = Vocabulary.read(ROOT / "distilled" / "vocabulary.txt")
PREPROCESSOR = Preprocessor(VOCABULARY, 1_000, 2)


@pytest.fixture(scope="module")
def classifier():
    """The committed run, which reads by the second version."""
    loaded = Classifier.load(ROOT / "distilled")
    return Classifier(loaded.run, PREPROCESSOR, loaded.rule, loaded._model)


def forms(text):
    """The tokens as the model reads them."""
    return [token.form for token in PREPROCESSOR(text).tokens]


def written(text):
    """The tokens as they are in the text."""
    return [token.text for token in PREPROCESSOR(text).tokens]


def garbled(text, encoding="cp1252"):
    """UTF-8 with a typographic apostrophe, decoded in another encoding."""
    return text.replace("'", "’").encode().decode(encoding)


PLAIN = [
    "I don't recommend this film.",
    "It wasn't boring at all.",
    "They're fine, but she'll say it isn't what you'd want.",
]
APOSTROPHES = [  # as people, programs and wrong encodings write it
    *"’‘ʼ´`＇′ʹʻ‛ˈ՚ꞌ", "&#39;", "&#39", "&rsquo;", "&apos;", "&#x27;", "&amp;#39;", "&amp;rsquo;", "‰Ûª", "\x92",
    "\x91", "Õ", "\ufffd", "''", "\\'", "ï¿½",
]  # fmt: skip
SPELLINGS = {
    **{
        f"U+{ord(sign):04X}" if len(sign) == 1 else sign: lambda text, sign=sign: text.replace("'", sign)
        for sign in APOSTROPHES
    },
    "escaped": html.escape,
    "twice escaped": lambda text: html.escape(html.escape(text)),
    "UTF-8 as windows-1252": garbled,
    "UTF-8 as Latin-1": lambda text: garbled(text, "latin-1"),
    "UTF-8 as MacRoman": lambda text: garbled(text, "mac_roman"),
    "UTF-8 as cp437": lambda text: garbled(text, "cp437"),
    "UTF-8 as cp850": lambda text: garbled(text, "cp850"),
    "twice garbled": lambda text: garbled(garbled(text)),
    "zero width": lambda text: text.replace("o", "o\u200b"),
    "soft hyphens": lambda text: text.replace("e", "\xade\xad"),
    "byte order mark": lambda text: "\ufeff" + text,
    "marks of direction": lambda text: text.replace("t", "\u202at\u202c").replace("n", "\u2066n"),
    "fullwidth": lambda text: "".join(chr(ord(each) + 0xFEE0) if each.isalpha() else each for each in text),
    "bold": lambda text: "".join(chr(0x1D41A + ord(each) - 97) if "a" <= each <= "z" else each for each in text),
    "unread signs": lambda text: "★ " + text.replace(" ", " 🎬 ") + "👨\u200d👩\u200d👧",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("plain", PLAIN)
def test_a_text_is_read_like_its_plain_spelling(plain, spelling):
    assert forms(SPELLINGS[spelling](plain)) == forms(plain)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("I dont recommend this film.", "I don't recommend this film."),
        ("It wasnt boring at all.", "It wasn't boring at all."),
        ("This isnt a bad film", "This isn't a bad film"),
        ("CANT WONT Didnt", "CAN'T WON'T Didn't"),
        ("It couldnt, wouldnt, shouldnt: aint", "It couldn't, wouldn't, shouldn't: ain't"),
        ("don?t and CAN?T", "don't and CAN'T"),
        ("This is a wonder\u200bful film.", "This is a wonderful film."),
        ("su\xadperb", "superb"),
        ("\ufeffTerrible film.", "Terrible film."),
        ("A cliche\u0301.", "A cliché."),
        ("Déjà vu at the cafe\u0301", "De\u0301ja\u0300 vu at the café"),
        ("AmÃ©lie, cafÃ©", "Amélie, café"),
        ("a ﬁne eﬀort", "a fine effort"),
        ("e\u0300&#769; &eacute;", "e\u0300\u0301 é"),
        ("Tom &amp; Jerry &lt;br&gt; fun&nbsp;film &quot;yes&quot;", 'Tom & Jerry fun film "yes"'),
        ("It was baaaad.", "It was bad."),
        ("Loooved it!", "Loved it!"),
        ("Booooring, sooooooooo toooo goooood", "Boring, so too good"),
        ("It was reeeeally gooood", "It was really good"),
        ("This film is <terrible>", "This film is terrible"),
        ("This film is <not> good", "This film is not good"),
        ("I watched <Alien> and it was terrible", "I watched Alien and it was terrible"),
        ("if a<b and the film is terrible> fine", "if a b and the film is terrible fine"),
        (
            'one<br>two<BR/>three<a href="x" target=_blank>four</a><!-- an <aside> -->five',
            "one two three four five",
        ),
        ("<p class='x'>one</p ><!-- aside --><!DOCTYPE html>two", "one two"),
        ("#fail #SoBoring #wasteOfTime", "fail So Boring waste Of Time"),
        ("Loved it 🎬🎥🍿", "Loved it"),
        ("★ one ✓ two • three", "one two three"),
        ("one :'( two", "one :( two"),
        ("one =( two", "one :( two"),
    ],
)
def test_misspellings_entities_and_tags_are_read_as_meant(text, plain):
    assert forms(text) == forms(plain)


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("★★★★★", "10/10"),
        ("★★★★☆", "8/10"),
        ("★☆☆☆☆", "2/10"),
        ("⭐⭐⭐⭐", "8/10"),
        ("⭐️ ⭐️ ⭐️ ⭐️ ⭐️", "10/10"),
        ("★★★½☆", "7/10"),
        ("4★", "8/10"),
        ("***1/2 out of ****", "9/10"),
        ("**** out of *****", "8/10"),
        ("*** (out of 4", "7.5/10"),
        ("3 1/2 stars out of 4", "9/10"),
        ("3½ stars out of 4", "9/10"),
        ("three and a half stars out of five", "7/10"),
        ("4 stars out of 5", "8/10"),
        ("5 out of 5", "10/10"),
        ("5 OUT OF 5", "10/10"),
        ("two out of five", "4/10"),
        ("ten out of ten", "10/10"),
        ("7 out of 10", "7/10"),
        ("8 / 10", "8/10"),
        ("8,5/10", "8.5/10"),
        ("2.5/10", "3/10"),
        ("1.5/10", "2/10"),
        ("3.5/4", "9/10"),
        ("90/100", "9/10"),
        ("15/100", "2/10"),
        ("11/10", "10/10"),
        ("-10/10", "0/10"),
        ("−8/10", "0/10"),
        ("minus 10/10", "0/10"),
        ("negative 10/10", "0/10"),
        ("minus ten out of ten", "0/10"),
    ],
)
def test_a_rating_is_one_token_read_as_the_nearest_known_rating(text, rating):
    for before, after in (("", ""), ("", " A film"), ("I rate it ", "."), ("I give it ", "!")):
        [token] = [token for token in PREPROCESSOR(before + text + after).tokens if "/" in token.form]
        assert token.text.rstrip(")") == text
        assert token.form == rating


@pytest.mark.parametrize(
    "text",
    [
        "two out of five people liked it",
        "9 out of 10 times",
        "open 24/7",
        "since 9/11",
        "8/12",
        "out of 5",
        "7 out of 8",
    ],
)
def test_text_that_is_not_a_rating_stays(text):
    assert " ".join(forms(text)) == text


def test_a_dash_before_a_rating_is_not_a_minus_and_an_ambiguous_rating_is_not_read():
    assert forms("Rating-4/10, or - 8/10") == ["rating", "-", "4/10", ",", "or", "-", "8/10"]
    assert forms("Great film -9/10") == ["great", "film"]
    assert forms("Fine.\n-8/10") == ["fine", "."]
    assert forms("I rate this film -10/10")[-1] == "0/10"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Loved it 😀😀😀😀", "positive"),
        ("Great film 👍👍👍👍👍", "positive"),
        ("A wonderful film ❤️❤️❤️❤️❤️", "positive"),
        ("Terrible film 🤮🤮🤮🤮🤮🤮", "negative"),
        ("★★★★★ A wonderful film", "positive"),
        ("★☆☆☆☆ A terrible film", "negative"),
        ("★ A wonderful film", "positive"),
        ("★ A terrible film", "negative"),
        ("Watched it tonight 👍", "positive"),
        ("Watched it tonight 👍🏽", "positive"),
        ("Watched it tonight 👎", "negative"),
        ("Watched it tonight 😡", "negative"),
        ("I <3 this film", "positive"),
        ("I </3 this film", "negative"),
        ("Watched it tonight :)", "positive"),
        ("Watched it tonight :(", "negative"),
        ("I rate this film -10/10", "negative"),
        ("-10/10 dreadful", "negative"),
        ("3 1/2 stars out of 4", "positive"),
        ("4 stars out of 5", "positive"),
        ("95% fresh", "positive"),
        ("20% fresh", "negative"),
        ("#fail #awful", "negative"),
        ("It was a film #SoBoring #WasteOfTime", "negative"),
        ("I donʼt recommend this film.", "negative"),
        ("It wasn&#39;t boring at all.", "positive"),
    ],
)
def test_emojis_ratings_and_misspellings_get_the_right_verdict(text, label, classifier):
    [prediction] = classifier.predict([text])
    assert (prediction.label, prediction.status) == (label, "ok")


@pytest.mark.parametrize("text", ["👨\u200d👩\u200d👧\u200d👦", "★", "🇫🇷 1️⃣ •", "\u200b\ufeff", "&nbsp;<br>"])
def test_a_text_of_signs_that_are_not_read_is_empty(text, classifier):
    assert classifier.predict([text])[0].status == "empty"
    assert classifier.explain(text).tokens == ()


@pytest.mark.parametrize(
    "text",
    [
        "AT&T, R&B and salt&not bad",
        "if x < 3 and 2 <> 3",
        "VOCÊ» É» Â«",
        "a snake_case C# #1",
        "I <3000 it",
        "an amount",
    ],
)
def test_text_that_only_looks_like_a_misspelling_stays(text):
    assert "".join(written(text)) == text.replace(" ", "")


# Grapheme clusters by UAX #29; each is one unit in any text.
CLUSTERS = (
    "a", "n", "t", "'", " ", "\n", ".", "8/10", "great", "e\u0301", "e\u0301\u0323", "n\u0303",
    "👨\u200d👩\u200d👧\u200d👦", "👍🏽", "🇫🇷", "❤️", "🏴\u200d☠️", "1️⃣", "#️⃣",
    "🏴\U000e0067\U000e0062\U000e007f", "❤️\u200d🔥", "क\u094d\u0937\u093f", "กำ", "각", "★", "⭐️",
    "!\u0301", "\u06001", "ﬁ", "ｱﾞ", "<b>", "&amp;", "—",
)  # fmt: skip


@given(st.lists(st.sampled_from(CLUSTERS), max_size=12))
def test_no_token_begins_or_ends_inside_a_grapheme_cluster(clusters):
    text, edges = "".join(clusters), {0}
    for cluster in clusters:
        units = list(cluster) if cluster.isascii() else [cluster]
        for unit in units:
            edges.add(max(edges) + len(unit))
    for token in PREPROCESSOR(text).tokens:
        assert {token.start, token.end} <= edges


PIECES = (
    *CLUSTERS, "\u0301", "\u200d", "\ufe0f", "🏽", "🇫", "\u20e3", "\u200b", "\xad", "\ufeff", "don",
    "n't", "nt", "dont", "isnt", "&#39;", "&amp;#39;", "&rsquo", "â€™", "Ã", "©", "‚Äô", "Õ", "?",
    "''", "\\'", "´", "`", "<br />", "<terrible>", "<", ">", "</3", "<3", "<!--", "-->", "5",
    "5 out of 5", " out of ", "***", "½", "1/2", " / 10", "-10/10", "minus ", "★★★★☆", "95% fresh",
    "#So", "Boring", "sooooo", "baaaad", ":(", ":'(", "...", "x" * 60, "\x00", "\x85", "İ", "ŉ",
)  # fmt: skip
WRITTEN = st.text() | st.lists(st.sampled_from(PIECES), max_size=20).map("".join)


@given(WRITTEN)
def test_spans_are_in_order_and_ids_are_those_of_the_forms(text):
    review, end = PREPROCESSOR(text), 0
    for token in review.tokens:
        assert end <= token.start < token.end <= len(text)
        assert text[token.start : token.end] == token.text
        end = token.end
    ids, total = PREPROCESSOR.ids(text)
    assert ids.tolist() == review.ids.tolist()
    assert total == review.tokens_total
    assert VOCABULARY.encode(token.form for token in review.tokens).tolist() == review.ids.tolist()


@given(WRITTEN, st.integers(1, 4))
def test_the_tokens_of_a_truncated_text_are_counted_to_its_end(text, length):
    preprocessor = Preprocessor(VOCABULARY, length, 2)
    review = preprocessor(text)
    assert review.tokens == PREPROCESSOR(text).tokens[:length]
    assert review.tokens_total == PREPROCESSOR(text).tokens_total == preprocessor.ids(text)[1]


@given(WRITTEN)
def test_a_long_text_is_counted_like_a_short_one(text):
    with pytest.MonkeyPatch.context() as patch:
        expected = Preprocessor(VOCABULARY, 3, 2).ids(text)
        patch.setattr("sentiment.text.preprocessor._LONG_TEXT", 0)
        patch.setattr("sentiment.text.preprocessor._LONG", 1)
        ids, total = Preprocessor(VOCABULARY, 3, 2).ids(text)
    assert (ids.tolist(), total) == (expected[0].tolist(), expected[1])


@given(st.text(st.characters(codec="utf-8"), max_size=30))
@example("¬Ñ")
def test_composed_and_decomposed_letters_are_the_same(text):
    composed, decomposed = normalize("NFC", text), normalize("NFD", text)
    assert PREPROCESSOR.ids(composed)[0].tolist() == PREPROCESSOR.ids(decomposed)[0].tolist()


NEGATED = "It&rsquo;s not a good film, and I dont recommend it. A wasteʼs a waste!"


def test_an_explanation_uses_the_forms_of_tokens(classifier):
    explanation = classifier.explain(NEGATED)
    assert [token.text for token in explanation.tokens][:3] == ["It", "&rsquo;s", "not"]
    assert {explanation.tokens[each.negator].form for each in negations(classifier, NEGATED)} <= {"not", "n't"}
    words = [NEGATED[each.start : each.end] for each in group(explanation, "word")]
    assert {"It&rsquo;s", "dont", "wasteʼs"} <= set(words)
    assert "n't" in {each.form for each in explanation.tokens}
    assert from_json(to_json(explanation)).tokens == explanation.tokens
    named, _ = strongest_words(explanation.tokens, [1.0] * len(explanation.tokens))
    assert "&rsquo;" not in named


def test_dropping_a_negation_completes_the_word_it_was_contracted_with():
    text = "I cant say, it wont do"
    tokens = PREPROCESSOR(text).tokens
    dropped = {place: "" for place, token in enumerate(tokens) if token.form == "n't"}
    assert edit(text, tokens, dropped) == "I can say, it will do"


@given(
    st.lists(st.sampled_from([*PLAIN, "dont", "★★★★☆", "go" + "o" * 200 + "d", "a\u0301" * 99, "👍🏽", "5 out of 5"]))
)
def test_a_condensed_text_is_read_like_the_original(pieces):
    text = "  ".join(pieces)
    tokens = PREPROCESSOR.tokens(text, 1_000)
    short, short_tokens = condense(text, tokens)
    assert PREPROCESSOR.ids(short)[0].tolist() == PREPROCESSOR.ids(text)[0].tolist()
    assert all(short[token.start : token.end] == token.text for token in short_tokens)


def test_a_flip_is_found_in_a_text_with_signs_that_are_not_read(classifier):
    text = "★ A wonderful, wonderful film 🎬 that I dont regret 👨\u200d👩\u200d👧"
    flip = smallest_flip(classifier, classifier.explain(text))
    assert flip
    assert classifier.predict([flip.text])[0].label == flip.prediction.label == "negative"


@pytest.mark.parametrize(
    "piece",
    [
        "<", "<a ", '<a b="', "<!--", "<b><", "&", "&#39;", "&amp;amp;", "a\u0301\u0316",
        "\u0301\u0316", "😀", "👍🏽", "👨\u200d", "\u200d", "★", "★☆", "*out of *", "5 out of ", "1/",
        "5 / ", "minus 1/10", "½ ", "â€™", "Ãƒ", "‰Û", "#aB", "o", "5% fresh", "''", "nÕt", "ﬁ",
        "\u0600", "<x", "\\'",
    ],
)  # fmt: skip
def test_a_hostile_text_takes_time_and_memory_in_proportion_to_its_length(piece):
    text = piece * (50_000 // len(piece))
    PREPROCESSOR("é\u0301")  # compiles the patterns
    start = time.process_time()
    assert PREPROCESSOR(text).tokens_total == PREPROCESSOR.ids(text)[1]
    assert time.process_time() - start < 4  # a second when linear; minutes when quadratic
    tracemalloc.start()
    try:
        PREPROCESSOR(text[:20_000])
        assert tracemalloc.get_traced_memory()[1] < 4_000_000  # 200 bytes for each character
    finally:
        tracemalloc.stop()
