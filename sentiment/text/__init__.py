"""From a text to token ids: tokenizer, vocabulary, and the preprocessor that joins them for training and serving."""
