"""A made-up release of 280 reviews, in every format of the IMDB reviews."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from sentiment.dataset import fingerprint
from sentiment.dataset.official import write_index

_OPENINGS = {
    "pos": "A warm, “clever” film<br /><br />that I'd see again",
    "neg": 'A cold, "clumsy" film <i>that</i> I won\'t see again',
    "unsup": "A film; naïve — and long",
}
SHARED_BY_TRAIN_AND_TEST = "Seen twice, liked twice: a film for both halves."
REPEATED_IN_TRAIN = "The same words, sent in twice."
SHARED_BY_UNSUP_AND_TEST = "Nobody rated this one, or somebody did."


def release(per_class: int = 60, unlabelled: int = 40) -> pd.DataFrame:
    """Returns a release whose films have reviews of both classes, and of which a few texts are repeated.

    Returns:
        Columns ``id``, ``part`` (train, test, unsup), ``kind`` (pos, neg, unsup), ``rating``, ``movie`` and ``text``.
    """
    rows = []
    for part in ("train", "test"):
        for kind in ("pos", "neg"):
            for id in range(per_class):
                rating = 7 + id % 4 if kind == "pos" else 1 + id % 4
                film = f"tt{(1 if part == 'train' else 2)}{id % 20:06}"
                rows.append((id, part, kind, rating, film, f"{_OPENINGS[kind]}, {part} {id}."))
    rows += [(id, "unsup", "unsup", 0, f"tt3{id % 10:06}", f"{_OPENINGS['unsup']}, {id}.") for id in range(unlabelled)]
    frame = pd.DataFrame(rows, columns=["id", "part", "kind", "rating", "movie", "text"])
    for part, kind, id, text in (
        ("train", "pos", 3, SHARED_BY_TRAIN_AND_TEST),
        ("test", "pos", 5, SHARED_BY_TRAIN_AND_TEST),
        ("train", "neg", 7, REPEATED_IN_TRAIN),
        ("train", "neg", 8, REPEATED_IN_TRAIN),
        ("unsup", "unsup", 2, SHARED_BY_UNSUP_AND_TEST),
        ("test", "neg", 4, SHARED_BY_UNSUP_AND_TEST),
    ):
        frame.loc[(frame["part"] == part) & (frame["kind"] == kind) & (frame["id"] == id), "text"] = text
    return frame


def index(reviews: pd.DataFrame, path: Path) -> Path:
    """Writes the index of the official split for a release."""
    labelled = reviews[reviews["part"] != "unsup"].rename(columns={"movie": "film"})
    write_index(labelled.assign(fingerprint=list(map(fingerprint, labelled["text"]))), path)
    return path


def stanford_files(reviews: pd.DataFrame) -> dict[str, bytes]:
    """Returns the content of every file of the Stanford release, by name."""
    files = {"aclImdb/README": b"Not a review.", "aclImdb/train/labeledBow.feat": b"9 0:9"}
    for (part, kind), rows in reviews.groupby(["part", "kind"]):
        folder = f"aclImdb/{'train' if part == 'unsup' else part}"
        for id, rating, text in zip(rows["id"], rows["rating"], rows["text"], strict=True):
            files[f"{folder}/{kind}/{id}_{rating}.txt"] = text.encode()
        films = rows.sort_values("id")["movie"]
        urls = "".join(f"http://www.imdb.com/title/{film}/usercomments\n" for film in films)
        files[f"{folder}/urls_{kind}.txt"] = urls.encode()
    return files


def stanford_folder(reviews: pd.DataFrame, path: Path) -> Path:
    for name, content in stanford_files(reviews).items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path / "aclImdb"


def stanford_archive(reviews: pd.DataFrame, path: Path) -> Path:
    return tar_of(stanford_files(reviews), path / "aclImdb_v1.tar.gz")


def tar_of(files: dict[str, bytes], path: Path) -> Path:
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def zip_of(files: dict[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def kaggle_table(reviews: pd.DataFrame) -> pd.DataFrame:
    """Returns the labelled reviews, shuffled, without split, ratings or films."""
    labelled = reviews[reviews["part"] != "unsup"].sample(frac=1, random_state=7)
    names = labelled["kind"].map({"pos": "positive", "neg": "negative"})
    return pd.DataFrame({"review": labelled["text"], "sentiment": names})


def kaggle_csv(reviews: pd.DataFrame, path: Path) -> Path:
    kaggle_table(reviews).to_csv(path / "IMDB Dataset.csv", index=False)
    return path / "IMDB Dataset.csv"


def kaggle_zip(reviews: pd.DataFrame, path: Path) -> Path:
    content = kaggle_table(reviews).to_csv(index=False).encode()
    return zip_of({"__MACOSX/._IMDB Dataset.csv": b"x", "IMDB Dataset.csv": content}, path / "archive.zip")


def parquet_folder(reviews: pd.DataFrame, path: Path) -> Path:
    for part, rows in reviews.groupby("part"):
        table = rows.rename(columns={"kind": "label"}).drop(columns="part").assign(reserved=False)
        table.to_parquet(path / f"{part}.parquet", index=False)
    return path


Form = Callable[[pd.DataFrame, Path], Path]
FORMS: dict[str, Form] = {
    "Stanford folder": stanford_folder,
    "Stanford archive": stanford_archive,
    "Kaggle CSV": kaggle_csv,
    "Kaggle zip": kaggle_zip,
    "Parquet folder": parquet_folder,
}
