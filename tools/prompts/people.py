"""Conversations of people: who speaks, in which field, about what, and in how many turns.

Every opening frame, with its follow-ups, belongs to one split, and so does every line that fits anywhere. The three
parts of a field therefore meet in its subject, not in its sentences, as the weeks of a real service would.
"""

import random
import re

from chatter import AFTER, AGAIN, BEFORE, CHATTER
from fields import MAJORS, MINORS
from grammar import expand
from voice import VOICES, WEIGHTS, speak

SPLITS = ("fit", "calibrate", "demo")
MAJOR_ROWS = {"fit": 90, "calibrate": 130, "demo": 110}
MINOR_ROWS = {"fit": 8, "calibrate": 10, "demo": 7}
TOO_ALIKE = .8
_WORD = re.compile(r"[a-z0-9']+")
_LENGTHS = [1] * 30 + [2] * 18 + [3] * 15 + [4] * 11 + [5] * 8 + [6] * 6 + [7] * 4 + [8] * 3 + [9] * 2 + [10, 11, 12]


def words_of(text):
    """The set of words by which near-duplicates are told."""
    return frozenset(_WORD.findall(text.lower()))


def alike(one, other):
    """Jaccard similarity of two word sets."""
    return len(one & other) / len(one | other) if one or other else 1.0


class Shelf:
    """All texts accepted so far: refuses what is too long, too short, said already, or nearly said already."""

    def __init__(self):
        self._texts = set()
        self._by_field = {}

    def accept(self, text, field):
        """Whether the text is new; if so, it is remembered."""
        key = " ".join(text.lower().split())
        if not 3 <= len(text.split()) <= 24 or len(text) > 144 or key in self._texts or not text.isascii():
            return False
        words = words_of(text)
        near = self._by_field.setdefault(field, [])
        if any(alike(words, other) > TOO_ALIKE for other in near):
            return False
        self._texts.add(key)
        near.append(words)
        return True


def deal(items, shares, rng):
    """Deal shuffled items to the splits in proportion to the rows that each must give."""
    hand, total = {split: [] for split in SPLITS}, sum(shares.values())
    order = list(items)
    rng.shuffle(order)
    for item in order:
        short = min(SPLITS, key=lambda split: (len(hand[split]) + .5) * total / shares[split])
        hand[short].append(item)
    return hand


def people(shelf, seed):
    """All rows of people, field by field and split by split."""
    chatter = deal(CHATTER, MAJOR_ROWS, random.Random(f"{seed}/chatter"))
    count, rows = 0, []
    for field in MAJORS + MINORS:
        rng = random.Random(f"{seed}/{field.name}")
        wanted = MAJOR_ROWS if field.major else MINOR_ROWS
        openings, nudges = deal(field.openings, wanted, rng), deal(field.nudges, wanted, rng)
        for split in SPLITS:
            got, dry = 0, 0
            pool = Pool(openings[split], nudges[split], chatter[split], rng)
            while got < wanted[split]:
                length = min(rng.choice(_LENGTHS), wanted[split] - got)
                texts = converse(field, pool, length, shelf, rng)
                dry = 0 if texts else dry + 1
                if dry > 60:
                    raise RuntimeError(f"{field.name}/{split} has no more to say after {got} rows")
                if texts:
                    count += 1
                    rows += [dict(kind="people", field=field.name, conversation=f"c{count:04d}", turn=turn,
                                  split=split, text=text) for turn, text in enumerate(texts)]
                    got += len(texts)
    return rows


class Pool:
    """The openings of one split, dealt like cards, so that all of them are used before one comes again."""

    def __init__(self, openings, nudges, chatter, rng):
        self.openings, self.nudges, self.chatter, self._rng, self._deck = openings, nudges, chatter, rng, []

    def draw(self, intent=None):
        """The next opening; with an intent, one of that intent where the deck still has it."""
        if not self._deck:
            self._deck = list(self.openings)
            self._rng.shuffle(self._deck)
        same = [opening for opening in self._deck if opening.intent == intent]
        chosen = same[0] if same else self._deck[-1]
        self._deck.remove(chosen)
        return chosen


def converse(field, pool, length, shelf, rng):
    """One conversation of at most `length` turns, in one voice; may be shorter where the words run out."""
    voice = rng.choices(VOICES, WEIGHTS)[0]
    bound, texts = {}, []

    def say(frame, decorate=None, where=field.name):
        for _ in range(12):
            fresh = dict(bound)
            text = expand(frame, field.slots, fresh, rng)
            spoken = speak(decorate(text, fresh) if decorate else text, voice, rng)
            if shelf.accept(spoken, where):
                bound.update(fresh)
                texts.append(spoken)
                return True
        return False

    def opened(text, fresh):
        return _dress(text, field, fresh, voice, rng, first=not texts)

    opening = None
    for _ in range(length * 4):
        if len(texts) >= length:
            break
        if opening is None or not texts or rng.random() < .3:
            opening = pool.draw(opening.intent if opening else None)
            waiting = list(opening.follow_ups)
            bound.clear()
            say(opening.frame, opened)
        elif waiting and rng.random() < .85:
            say(waiting.pop(0))
        elif pool.nudges and rng.random() < .6:
            say(rng.choice(pool.nudges))
        elif rng.random() < .45:
            say(rng.choice(pool.chatter), where="chatter")
        else:
            opening = None if rng.random() < .3 else opening
            waiting = []
    return texts


def _dress(text, field, bound, voice, rng, first):
    """Put greetings, circumstances and manners around an opening, as this voice would."""
    if rng.random() < voice.manners * (.6 if first else .25):
        text = f"{rng.choice(BEFORE if first else AGAIN)} {text}"
    if field.asides and rng.random() < voice.rambling:
        aside = expand(rng.choice(field.asides), field.slots, bound, rng)
        text = f"{text.rstrip('.')}{'' if text.endswith('?') else '.'} {aside}." if rng.random() < .5 \
            else f"{aside}. {text}" if text[-1:] in "?." else f"{aside}, {text}"
    if rng.random() < voice.manners * .3:
        ending = expand(rng.choice(AFTER), field.slots, bound, rng)
        text = f"{text}{' ' if text[-1:] in '.?!' else ', '}{ending}"
    return text
