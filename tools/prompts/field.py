"""What one field of use holds, and how its text is read.

Data modules stay prose: a field is a handful of slots and one block of `talk`, read line by line:

    # substitutes                     an intent
    what can i use instead of ...     an opening
    > and if i don't have that?       a follow-up to the opening above it
"""

from dataclasses import dataclass, field as default

from grammar import values


@dataclass
class Opening:
    """A sentence frame that starts a subject, with the follow-ups that only make sense after it."""

    intent: str
    frame: str
    follow_ups: list = default(default_factory=list)


@dataclass
class Field:
    """One field of use: its words, its openings, and what people add or ask anywhere in it."""

    name: str
    slots: dict
    openings: list
    asides: list
    nudges: list
    major: bool

    def intents(self):
        """Intent names in the order they are written."""
        return list(dict.fromkeys(opening.intent for opening in self.openings))


def lines(block):
    """Non-empty stripped lines of a text block."""
    return [line.strip() for line in block.splitlines() if line.strip()]


def major(name, slots, talk, asides="", nudges=""):
    """A field with hundreds of rows: one of the twelve that an honest account may live in for good."""
    return _field(name, slots, talk, asides, nudges, True)


def minor(name, slots, talk, asides="", nudges=""):
    """A field with a few dozen rows: what people also ask."""
    return _field(name, slots, talk, asides, nudges, False)


def _field(name, slots, talk, asides, nudges, is_major):
    openings, intent = [], None
    for line in lines(talk):
        if line.startswith("#"):
            intent = line[1:].strip()
        elif line.startswith(">"):
            openings[-1].follow_ups.append(line[1:].strip())
        else:
            openings.append(Opening(intent, line))
    words = {slot: values(block) for slot, block in slots.items()}
    return Field(name, words, openings, lines(asides), lines(nudges), is_major)
