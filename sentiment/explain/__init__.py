"""Tools for explanations, for pages, files and notebooks.

- ``grouping``: contributions by token, word, phrase or sentence, ``group(explanation, "phrase")``; same total.
- ``prediction_text``: the prediction in words, ``headline(prediction)`` and ``probability_sentence(prediction)``.
- ``reasons``: the top reasons in one sentence, ``reasons(explanation)``.
- ``prefixes``: the probability after each token, ``score_prefixes(classifier, text)``.
- ``counterfactual``: edits of words, ``edit(text, tokens, {index: word})``; a minimal edit that flips the prediction,
  ``smallest_flip(classifier, explanation)``; the comparison of two explanations, ``compare(before, after)``.
- ``negation``: the effect of a negator on the opinion after it, ``negations(classifier, text)``.
- ``replacements``: words that move the score the other way, ``suggest_replacements(classifier, explanation, index)``.
- ``stability``: the agreement with a finer computation, ``stability(classifier, explanation)``.
- ``fields``: the fields in the JSON of ``score.py --text`` and the API.
- ``json_file``: ``to_json``, ``from_json``; ``html_file``: ``to_html``, a self-contained page.
"""
