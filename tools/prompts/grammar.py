"""The smallest grammar that keeps a hand-written sentence readable in the data modules.

A frame is a sentence with three kinds of holes:

    [a|b|c]   one of the alternatives; may be empty and may nest
    {slot}    a value of the field's slot; the same value for a whole conversation, so that follow-ups refer back
    {slot2}   another value of the same slot, never equal to {slot}
    {3-12}    a whole number in that range; {~200-900} a round one, as people remember sums
"""

import re

_ALTERNATIVE = re.compile(r"\[([^\[\]]*)\]")
_HOLE = re.compile(r"\{([a-z0-9_~-]+)\}")
_RANGE = re.compile(r"(~?)(\d+)-(\d+)$")
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeioAEIO](?!uro|ne\b)|u(?!x|ni|se|k|r|til)|hour)")
_SPACE = re.compile(r"\s+")


def values(line_or_lines):
    """Split a comma-separated slot into its values; a newline counts as a comma, ';' allows commas inside."""
    mark = ";" if ";" in line_or_lines else ","
    pieces = line_or_lines.replace("\n", mark).split(mark)
    return [_SPACE.sub(" ", piece).strip() for piece in pieces if piece.strip()]


def expand(frame, slots, bound, rng):
    """Fill a frame. `bound` remembers slot values, so that one conversation speaks of one dish or one server."""
    text = frame
    while True:
        chosen = _ALTERNATIVE.sub(lambda match: rng.choice(match.group(1).split("|")), text)
        chosen = _HOLE.sub(lambda match: _fill(match.group(1), slots, bound, rng), chosen)
        if chosen == text:
            return tidy(text)
        text = chosen


def tidy(text):
    """Repair what filled holes leave behind: doubled spaces, "a electrician"."""
    text = _ARTICLE.sub(r"\1n ", _SPACE.sub(" ", text).strip())
    return re.sub(r" ([,.?!;:])(?=\s|$)", r"\1", text).lstrip(",;: ")


def _fill(name, slots, bound, rng):
    span = _RANGE.match(name)
    if span:
        return _number(int(span.group(2)), int(span.group(3)), span.group(1) == "~", rng)
    if name not in bound:
        base = name if name in slots else name.rstrip("0123456789")
        if base not in slots:
            raise KeyError(f"no slot named {name}")
        taken = {value for other, value in bound.items() if other.rstrip("0123456789") == base}
        free = [value for value in slots[base] if value not in taken] or slots[base]
        bound[name] = rng.choice(free)
    return bound[name]


def _number(low, high, rounded, rng):
    number = rng.randint(low, high)
    if rounded:
        step = 50 if high - low >= 500 else 10
        number = min(max(round(number / step) * step, low), high)
    return str(number)
