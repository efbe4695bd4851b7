"""Reading an explanation: what a page, a file or a notebook does with one.

- ``grouping``: contributions by token, word, phrase or sentence, ``group(explanation, "phrase")``; they add up alike.
- ``verdict_text``: the verdict in words, ``headline(prediction)`` and ``chance(prediction)``.
- ``reasons``: the top reasons in one sentence, ``reasons(explanation)``.
- ``reading``: the probability as the text is read, ``read_along(classifier, text)``.
- ``counterfactual``: words dropped or replaced, ``edit(text, {place: word})``; the fewest that turn the verdict,
  ``smallest_flip(classifier, explanation)``; two explanations side by side, ``compare(before, after)``.
- ``negation``: what a negator does to the opinion after it, ``negations(classifier, text)``.
- ``stability``: whether a finer computation would say the same, ``stability(classifier, explanation)``.
- ``json_file``: ``to_json``, ``from_json``; ``html_file``: ``to_html``, a page that needs nothing else.
"""
