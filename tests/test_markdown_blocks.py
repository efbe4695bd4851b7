"""A model card's Markdown in blocks: nothing is lost, nothing remote is kept, and no table breaks the page."""

from __future__ import annotations

import pytest

from sentiment.app.model_card import markdown_blocks
from sentiment.app.model_card.markdown_blocks import Block
from sentiment.formatting import table


def test_text_tables_and_code_come_in_order() -> None:
    written = table(["kind", "n"], [["a", 1], ["b", 2]])
    document = f"# Title\n\nSome text.\n\n{written}\n\n```\n| not | a table |\n| --- | --- |\n```\nThe end."
    blocks = list(markdown_blocks.split(document))
    assert [block.kind for block in blocks] == ["text", "table", "code", "text"]
    assert blocks[0].content.strip() == "# Title\n\nSome text."
    assert blocks[2] == Block("code", "| not | a table |\n| --- | --- |")
    assert blocks[3].content == "The end."
    cells = markdown_blocks.table(blocks[1].content)
    assert cells.to_dict("list") == {"kind": ["a", "b"], "n": ["1", "2"]}


@pytest.mark.parametrize(
    ("written", "columns", "rows"),
    [
        ("| a | b |\n| --- | ---: |\n| 1 |\n| 1 | 2 | 3 |", ["a", "b"], [["1", ""], ["1", "2"]]),
        ("| a \\| b | c |\n|---|:-:|\n| x \\| y | z |", ["a | b", "c"], [["x | y", "z"]]),
        ("| a |\n| --- |", ["a"], []),
    ],
)
def test_cells_are_split_as_markdown_splits_them(written: str, columns: list[str], rows: list[list[str]]) -> None:
    frame = markdown_blocks.table(written)
    assert list(frame.columns) == columns
    assert frame.to_numpy().tolist() == rows


def test_columns_of_the_same_name_stay_apart() -> None:
    frame = markdown_blocks.table("|  |  | x | x |\n| --- | --- | --- | --- |\n| a | b | c | d |")
    assert len(set(frame.columns)) == 4
    assert [markdown_blocks.visible_name(name) for name in frame.columns] == ["", "", "x", "x"]


@pytest.mark.parametrize(
    "document",
    ["", "|", "| a |", "| a |\n| b |", "```", "```\nopen", "~~~\na\n~~~", "|---|\n|---|", "| a |\n| --- |\ntext", "\0"],
)
def test_odd_documents_are_split_without_loss(document: str) -> None:
    kept = "".join(block.content for block in markdown_blocks.split(document))
    letters = [character for character in document if character.isalnum()]
    assert [character for character in kept if character.isalnum()] == letters


@pytest.mark.parametrize(
    "image",
    [
        "![alt](https://example.org/i.png)",
        "![][ref]\n\n[ref]: https://example.org/i.png",
        "\\\\![alt](https://example.org/i.png)",
        "[![alt](https://example.org/i.png)](https://example.org)",
        "![a![b](https://example.org/b.png)](https://example.org/i.png)",
    ],
)
def test_no_image_is_left_in_text_or_table(image: str) -> None:
    for document in (image, f"| a |\n| --- |\n| {image.splitlines()[0]} |"):
        assert not any("![" in block.content for block in markdown_blocks.split(document))
