"""Writes an explanation as self-contained HTML without scripts; the explained text is escaped."""

from __future__ import annotations

from collections.abc import Iterator

from sentiment.explain.grouping import Group, group
from sentiment.explain.prediction_text import headline, probability_sentence
from sentiment.explain.reasons import reasons
from sentiment.formatting import signed
from sentiment.types import Explanation, escape_html

RANKED = 20  # words in the table

# Blue and orange can be distinguished by colour-blind readers; the style of the underline repeats the side.
_STYLE = """
.sentiment { --text: #1b1f24; --page: #fff; --quiet: #59636e; --line: #d1d9e0; --for: #0969da; --against: #bc4c00;
  color: var(--text); background: var(--page); font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; padding: 1rem; }
@media (prefers-color-scheme: dark) { .sentiment { --text: #f0f6fc; --page: #0d1117; --quiet: #9198a1; --line: #3d444d;
  --for: #4493f8; --against: #f0883e; } }
.sentiment .text { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 2; }
.sentiment .text span { unicode-bidi: isolate; }
.sentiment .for { background: color-mix(in srgb, var(--for) calc(var(--w) * 60%), transparent);
  border-bottom: calc(1px + 2px * var(--w)) solid var(--for); }
.sentiment .against { background: color-mix(in srgb, var(--against) calc(var(--w) * 60%), transparent);
  border-bottom: calc(1px + 2px * var(--w)) dotted var(--against); }
.sentiment .unknown { text-decoration: line-through; font-style: italic; }
.sentiment .unread, .sentiment .quiet { color: var(--quiet); }
.sentiment table { border-collapse: collapse; }
.sentiment td, .sentiment th { padding: 0 1rem 0 0; border-bottom: 1px solid var(--line); text-align: left; }
.sentiment td.number { text-align: right; font-variant-numeric: tabular-nums; }
"""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>An explained review</title>
<style>html {{ background: light-dark(#fff, #0d1117); }} body {{ margin: 0 auto; max-width: 48rem; }}</style>
</head>
<body>
{body}</body>
</html>
"""


def to_html(explanation: Explanation) -> str:
    """Returns a whole page: prediction, reasons, the text with its contributions, the sum, and the strongest words."""
    return _PAGE.format(body=to_fragment(explanation))


def to_fragment(explanation: Explanation) -> str:
    """Returns the same content as a fragment for another page or a notebook, with styles that affect only itself."""
    words = group(explanation, "word")
    scale = max((abs(word.value) for word in words), default=0.0)
    parts = [
        f"<h2>{headline(explanation.prediction)}</h2>",
        f"<p>{probability_sentence(explanation.prediction)}</p>",
        f"<p>{escape_html(reasons(explanation))}</p>",
        f'<p class="quiet">{_legend(explanation, scale)}</p>',
        f'<div class="text" dir="auto">{"".join(_marked(explanation, words, scale))}</div>',
        f"<p>{_sum(explanation)}</p>",
        *_table(explanation, words),
    ]
    return f"<style>{_STYLE}</style>\n" + '<div class="sentiment">\n' + "\n".join(parts) + "\n</div>\n"


def _marked(explanation: Explanation, words: list[Group], scale: float) -> Iterator[str]:
    """Yields the whole text as HTML: words with their weights, gaps, and the part that was not read."""
    text, done = explanation.text, 0
    for word in words:
        yield escape_html(text[done : word.start])
        classes = [side for side, here in (("for", word.value > 0), ("against", word.value < 0)) if here]
        classes += ["unknown"] * word.unknown
        weight = abs(word.value) / scale if scale else 0.0
        yield (
            f'<span class="{" ".join(classes)}" style="--w:{weight:.3f}" title="{signed(word.value, 3)}">'
            f"{escape_html(text[word.start : word.end])}</span>"
        )
        done = word.end
    rest = text[done:]
    unread = explanation.prediction.tokens_read < explanation.prediction.tokens_total
    yield f'<span class="unread" title="not read">{escape_html(rest)}</span>' if unread else escape_html(rest)


def _legend(explanation: Explanation, scale: float) -> str:
    read, total = explanation.prediction.tokens_read, explanation.prediction.tokens_total
    notes = [
        f"Blue over a solid line: towards positive, up to {signed(scale, 3)} logits.",
        f"Orange over a dotted line: towards negative, down to {signed(-scale, 3)}.",
    ]
    if explanation.unknown.any():
        notes.append("Struck out: unknown to the model.")
    if read < total:
        notes.append(f"Grey: not read; the model reads the first {read:,} of {total:,} words and punctuation marks.")
    return " ".join(notes)


def _sum(explanation: Explanation) -> str:
    total = float(explanation.contributions.sum(dtype=float))
    run = f", by the model {escape_html(explanation.run)}" if explanation.run else ""
    boundary = explanation.boundary
    rule = f" The decision boundary is a logit of {signed(boundary, 3)}." if boundary else ""
    return (
        f"Baseline {signed(explanation.baseline_logit, 3)} + contributions {signed(total, 3)} = logit "
        f"{signed(explanation.logit, 3)}{run}. Residual from rounding: {explanation.residual:.1e}.{rule}"
    )


def _table(explanation: Explanation, words: list[Group]) -> Iterator[str]:
    if not words:
        return
    yield '<table><thead><tr><th scope="col">Word</th><th scope="col">Contribution</th></tr></thead><tbody>'
    for word in sorted(words, key=lambda word: -abs(word.value))[:RANKED]:
        shown = escape_html(explanation.text[word.start : word.end])
        yield f'<tr><td><bdi>{shown}</bdi></td><td class="number">{signed(word.value, 3)}</td></tr>'
    yield "</tbody></table>"
