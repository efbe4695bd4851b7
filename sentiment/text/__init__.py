"""Converts texts to token ids: tokenizer, vocabulary, and the preprocessor that training and serving share."""
