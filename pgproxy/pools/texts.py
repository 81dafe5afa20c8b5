"""What a value of a pool may consist of.  It comes from a model or a file: nobody's friend."""

import unicodedata

MAX_CHARACTERS = 20_000

# Overrides of the writing direction can make a text read as another; U+2028 and U+2029 end lines.
_TRICKS = frozenset("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def sound(text: str) -> bool:
    """Not empty, not endless, and no control character but the line feed; no half of a pair."""
    if not text or len(text) > MAX_CHARACTERS:
        return False
    if text.isprintable():  # most are, and it is quick
        return True
    return not any(
        char in _TRICKS or (char != "\n" and unicodedata.category(char) in ("Cc", "Cs"))
        for char in text
    )


def likeness(text: str) -> str:
    """What two values share that nobody would call two: capitals and blanks aside."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def printable(text: str, most: int = 60) -> str:
    """A text from elsewhere as a terminal may show it."""
    return "".join(char if char.isprintable() else "?" for char in text[:most])
