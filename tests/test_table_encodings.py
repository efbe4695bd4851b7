"""The encoding of a file that is not UTF-8 is guessed from its text, and the guess is reported."""

from __future__ import annotations

import csv
import io
from functools import partial

import pytest

from tests.table_files import read_table

SENTENCES = {
    "cp1252": "It’s a “fine” film, très réussi – 5 € well spent",
    "mac_roman": "I don’t recommend this “film”, très long",
    "cp1250": "Bardzo dobry film, cała rodzina była zachwycona, końcówka słaba, żałuję że tak krótki",
    "iso8859_2": "Velmi dobrý film, celá rodina byla nadšená, příběh skvělý, škoda že už skončil",
    "cp1254": "Çok güzel bir film, ailece çok beğendik, sonu sıkıcıydı ama oyuncular şahaneydi",
    "cp1251": "Хороший фильм, нам всем очень понравилось, но конец скучный",
    "koi8_r": "Хороший фильм, нам всем очень понравилось, но конец скучный",
    "cp866": "Хороший фильм, нам всем очень понравилось, но конец скучный",
    "cp1253": "Πολύ καλή ταινία, μας άρεσε σε όλους",
    "cp1255": "סרט טוב מאוד, כולנו נהנינו",
    "cp1256": "فيلم جيد جدا، استمتعنا جميعا",
    "shift_jis": "とても良い映画でした。家族みんなで楽しみました。",
    "euc_jp": "とても良い映画でした。家族みんなで楽しみました。",
    "gb18030": "这部电影非常好看，全家人都很喜欢。结局有点无聊。",
    "big5": "這部電影非常好看，全家人都很喜歡。結局有點無聊。",
    "cp949": "정말 좋은 영화였어요. 가족 모두 즐겁게 봤습니다.",
}
WESTERN = [
    "A naïve film, à la carte, in a café",
    "O filme é muito bom, não esperava tanta emoção",
    "Filmen är väldigt bra, så rolig och spännande",
    "Der Film war schön, aber für mich zu lang",
    "La película es muy buena, mañana la veré, ¿qué más?",
    "I met Žižek and Miloš at the Škoda café",
    "It cost 20 £, “too much”",
]
MAC_ROMAN_LACKS = "ŽžšŠ"


@pytest.fixture
def read(tmp_path):
    return partial(read_table, tmp_path)


@pytest.mark.parametrize("times", [1, 20])
@pytest.mark.parametrize("encoding", SENTENCES)
def test_the_encoding_of_a_legacy_file_is_guessed_and_reported(read, encoding, times):
    rows = [[str(i), SENTENCES[encoding]] for i in range(times)]
    plain = [[str(i), "A plain line in English"] for i in range(100)]
    text = io.StringIO()
    csv.writer(text).writerows([["id", "review"], *plain, *rows])
    found = read("in.csv", text.getvalue().encode(encoding))
    assert found.rows == [*plain, *rows]
    assert f"The encoding {found.detected['encoding']} was guessed" in found.notes


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((text, "cp1252") for text in WESTERN),
        *((text, "mac_roman") for text in WESTERN if not set(text) & set(MAC_ROMAN_LACKS)),
    ],
)
def test_western_text_is_not_taken_for_another_script(read, text, encoding):
    assert read("in.txt", f"{text}\n".encode(encoding)).rows == [[text]]


def test_bytes_that_windows_1252_lacks_are_control_characters(read):
    found = read("in.csv", b"id,review\n1,caf\xe9\n2,Good \x9d film \x81\x8d\x8f\x90\n")
    assert found.rows == [["1", "café"], ["2", "Good \x9d film \x81\x8d\x8f\x90"]]
    assert read("in.csv", b"id,review\n1,caf\xe9 \x81\n", encoding="cp1252").rows == [["1", "café \x81"]]
