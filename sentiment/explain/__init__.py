"""Tools for explanations, used by the pages, files and notebooks.

- ``grouping``: contributions by token, word, phrase or sentence, ``group(explanation, "phrase")``; same total.
- ``prediction_text``: the prediction in words, ``headline(prediction)`` and ``probability_sentence(prediction)``.
- ``reasons``: the top reasons in one sentence, ``reasons(explanation)``.
- ``prefixes``: the probability after each token, ``score_prefixes(classifier, text)``.
- ``counterfactual``: drops or replaces words, ``edit(text, tokens, {index: word})``; finds the fewest that flip the
  prediction, ``smallest_flip(classifier, explanation)``; compares two explanations, ``compare(before, after)``.
- ``negation``: how a negator changes the effect of the opinion after it, ``negations(classifier, text)``.
- ``stability``: agreement with a finer computation, ``stability(classifier, explanation)``.
- ``fields``: the fields that ``score.py --text`` and the API give.
- ``json_file``: ``to_json``, ``from_json``; ``html_file``: ``to_html``, a self-contained page.
"""
