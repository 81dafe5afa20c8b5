"""text: sentences of ordinary words in the place of a text, about as long, with its paragraphs.

Not a word, number, name or address of the text survives, nor how long its words were: each
paragraph is written anew, from one stream of draws a text.  Equal texts become equal ones.
"""

from collections.abc import Callable, Iterator
import hashlib

from pgproxy.treatment.wordlists import words

_SENTENCE = range(5, 13)


def plausible(text: str, digest: Callable[[bytes], bytes]) -> str:
    """A text of like length, and as many lines."""
    given = {word.strip(".,;:!?").lower() for word in text.split()}
    stream = _draws(digest(text.encode()))
    listed = [word for word in words("plain_words") if word not in given]
    return "\n".join(_paragraph(len(line), stream, listed) for line in text.split("\n"))


def _paragraph(size: int, stream: Iterator[int], listed: list[str]) -> str:
    """About ``size`` characters: a word more or less."""
    parts: list[str] = []
    length = left = 0
    while length < size:
        word = listed[next(stream) % len(listed)]
        if parts and length + len(word) > size + 3:
            break
        if left == 0:
            word = word.capitalize()
            left = _SENTENCE[next(stream) % len(_SENTENCE)]
        left -= 1
        parts.append(word + ("." if left == 0 else ""))
        length += len(parts[-1]) + 1
    return " ".join(parts)


def _draws(seed: bytes) -> Iterator[int]:
    block = 0
    while True:
        data = hashlib.blake2b(block.to_bytes(8), key=seed[:32]).digest()
        yield from (int.from_bytes(data[at : at + 4]) for at in range(0, len(data), 4))
        block += 1
