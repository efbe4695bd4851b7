"""Removes HTML tags. Only the names of HTML's elements make a tag, so ``<terrible>`` and ``a<b and c>d`` stay."""

from __future__ import annotations

import re

from sentiment.text.drafts import Draft

_ELEMENTS = (
    "br|p|i|b|a|em|strong|u|s|q|div|span|hr|li|ul|ol|dl|dt|dd|h[1-6]|tt|big|small|sub|sup|strike|del|ins|mark|font|"
    "center|pre|code|kbd|samp|var|cite|dfn|abbr|acronym|blockquote|address|table|thead|tbody|tfoot|tr|td|th|caption|"
    "col|colgroup|img|picture|source|figure|figcaption|video|audio|track|embed|object|param|iframe|frame|frameset|"
    "noframes|map|area|html|head|body|title|meta|link|base|style|script|noscript|template|slot|canvas|svg|path|g|math|"
    "form|fieldset|legend|label|input|button|select|option|optgroup|datalist|textarea|output|progress|meter|article|"
    "section|nav|aside|header|footer|main|hgroup|details|summary|dialog|menu|data|time|ruby|rb|rt|rp|bdi|bdo|wbr|nobr|"
    "marquee|blink|basefont|applet|dir"
)
_VALUE = r"""(?:"[^"<]*+"|'[^'<]*+'|[^\s"'<>=`]++)"""
_TAG = re.compile(  # possessive or bounded, which keeps the search linear
    rf"<(?:/?\s*+(?:{_ELEMENTS})(?:\s++[a-z_:@][-\w:.]*+\s*+=\s*+{_VALUE})*+\s*+/?\s*+>"
    r"|!--[\s\S]{0,200}?-->|!doctype\b[^<>]*+>|\?xml\b[^<>]*+>|!\[CDATA\[)",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"<[^\W\d_][^<>]*+>")
_BRACKET = re.compile("[<>]")


def remove_tags(draft: Draft) -> None:
    """Replaces every tag by a line break, and angle brackets around other words by spaces."""
    if not draft.mapped:
        draft.text = draft.text.replace("<br />", "\n")  # by far the most frequent one
    if "<" in draft.text:
        draft.substitute(_TAG, "\n")
        bracketed = _BRACKETED.finditer(draft.text)
        draft.replace((each for words in bracketed for each in _BRACKET.finditer(draft.text, *words.span())), " ")
