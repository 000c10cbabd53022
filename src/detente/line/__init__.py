"""The language of a line: terms, entry types, phrasebook, apply, obligations (pure)."""
