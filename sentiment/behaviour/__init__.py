r"""Does a run behave as a person would expect, where a test set of whole film reviews does not look?

Behavioural tests in the manner of CheckList (Ribeiro et al. 2020, "Beyond Accuracy: Behavioral Testing of NLP Models
with CheckList", ACL), in our own words, of its three kinds:

- minimum functionality (``must be``): the label of a text that leaves no doubt;
- invariance (``must not change``): the label stays when something changes that is not about the opinion;
- directional expectation (``must move``): the probability goes the way in which the opinion was changed.

They stand in ``minimum_functionality.toml``, ``invariance.toml`` and ``directional_expectation.toml``, the words that
fill their templates in ``lexicon.toml``. Beside them, ``sentences.csv`` holds short sentences over six domains::

    lexicon, templates -> cases -> checking ->\
                          sentences -> domains ->  report -> behaviour.json
"""
