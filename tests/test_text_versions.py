"""A run records the version by which it reads texts; without one it reads by the first."""

from __future__ import annotations

import hashlib
import json

import pytest

from sentiment import Classifier
from sentiment.artifacts import ROOT, ArtifactError, write_json, write_manifest
from sentiment.text.preprocessor import Preprocessor
from sentiment.text.reading import LATEST, READINGS
from sentiment.text.vocabulary import Vocabulary
from tests.tiny import tiny_run

# Texts in which the versions differ, and the hash of the tokens that version 1 has always read in them.
TEXTS = [
    "It isn’t good, but I didn't mind.",
    "I dont <b>like</b> it... <3 :( 8/10 & &amp; caf\u00e9 cafe\u0301!",
    "<terrible> ★★★★☆ 👍🏽 soooo baaaad, 4 stars out of 5",
    "donʼt donâ€™t don´t `quoted` 3.5/4 -10/10 #SoBoring",
    "a<b and c>d \u200bzero\u200bwidth ﬁne ｗｉｄｅ ½ 1️⃣",
]
READ_BY_THE_FIRST = "3e5315ec4bc5256855b38a85a21f5764f050161b7ee31c311a8640e1c8bebddc"


def run_with_version(folder, version):
    """Writes a tiny run with this version in its config.json."""
    run = tiny_run(folder)
    config = json.loads((run / "config.json").read_text())
    write_json(run / "config.json", config | {"text_version": version})
    write_manifest(run)
    return run


def test_the_first_version_reads_as_it_always_did():
    preprocessor = Preprocessor(Vocabulary.read(ROOT / "distilled" / "vocabulary.txt"), 1_000, 1)
    read = hashlib.sha256()
    for text in [*TEXTS, " ".join(TEXTS) * 30, " ".join(TEXTS) * 200]:
        ids, total = preprocessor.ids(text)
        tokens = [(token.text, token.start, token.end) for token in preprocessor(text).tokens]
        read.update(ids.tobytes() + str(total).encode() + repr(tokens).encode())
    assert read.hexdigest() == READ_BY_THE_FIRST


def test_a_run_without_a_version_reads_by_the_first(tmp_path):
    preprocessor = Classifier.load(tiny_run(tmp_path / "run")).preprocessor
    assert [token.text for token in preprocessor("donʼt <b>").tokens] == ["donʼt"]


@pytest.mark.parametrize(("version", "tokens"), [(1, ["donʼt"]), (2, ["do", "nʼt"])])
def test_a_run_reads_by_its_version(version, tokens, tmp_path):
    preprocessor = Classifier.load(run_with_version(tmp_path / "run", version)).preprocessor
    assert [token.text for token in preprocessor("donʼt").tokens] == tokens


@pytest.mark.parametrize("version", [0, 3, "2", None, True, 2.5, [], {}])
def test_a_run_with_an_unknown_version_is_refused_in_a_sentence(version, tmp_path):
    with pytest.raises(ArtifactError, match=r"The run run .*text_version .*this program knows 1 and 2"):
        Classifier.load(run_with_version(tmp_path / "run", version))


def test_the_latest_version_is_the_highest():
    assert max(READINGS) == LATEST
