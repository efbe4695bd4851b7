"""Converts texts to token ids: normal form, tokenizer, vocabulary, and the preprocessor of training and serving.

``reading`` has the versions of reading. Version 2 works in three steps::

    text -> normalization (graphemes, mojibake, tags, ratings) -> tokenizer -> forms (a word of the vocabulary) -> id

``drafts`` maps each token back to its span in the original text. Signs that the vocabulary lacks are not read.
"""
