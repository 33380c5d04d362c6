"""Words for people, in the language they ask for: one file for each language, all with the same messages."""

from loyalty_engine.words.say import LANGUAGES, WordMissing, language_of, say, words

__all__ = ["LANGUAGES", "WordMissing", "language_of", "say", "words"]
