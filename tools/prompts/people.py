"""Conversations of people: who speaks, in which field, about what, and in how many turns.

Every opening frame, with its follow-ups, belongs to one split, and so does every line that fits anywhere. The three
parts of a field therefore meet in its subject, not in its sentences, as the weeks of a real service would.
"""

import random
import re
from dataclasses import dataclass

from chatter import AFTER, AGAIN, BEFORE, CHATTER
from fields import MAJORS, MINORS
from grammar import expand
from voice import VOICES, WEIGHTS, Voice, close, settle, speak

SPLITS = ("fit", "calibrate", "demo")
MAJOR_ROWS = {"fit": 90, "calibrate": 130, "demo": 110}
MINOR_ROWS = {"fit": 8, "calibrate": 10, "demo": 7}
TOO_ALIKE = .8
RETURNS = .4  # how often the next conversation is the same person's
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

    def accept(self, text, field, meant=None):
        """Whether the text is new; if so, it is remembered. A typo makes nothing new: `meant` is what is compared."""
        key = " ".join(text.lower().split())
        if not 3 <= len(text.split()) <= 24 or len(text) > 144 or key in self._texts or not text.isascii():
            return False
        words = words_of(meant or text)
        near = self._by_field.setdefault(field, [])
        if any(alike(words, other) > TOO_ALIKE for other in near):
            return False
        self._texts.add(key)
        near.append(words)
        return True


class Deck:
    """Lines dealt like cards: all of them are used before one comes again."""

    def __init__(self, cards, rng):
        self._cards, self._rng, self._left = list(cards), rng, []

    def __bool__(self):
        return bool(self._cards)

    def draw(self, wanted=lambda card: False):
        """The next card; a wanted one where the deck still has it."""
        if not self._left:
            self._left = list(self._cards)
            self._rng.shuffle(self._left)
        chosen = next(filter(wanted, self._left), self._left[-1])
        self._left.remove(chosen)
        return chosen


@dataclass
class Pool:
    """What may be said in one split of one field."""

    openings: Deck
    nudges: Deck
    chatter: Deck


@dataclass
class Person:
    """Somebody who comes back: the same voice, the same hello, the same circumstances."""

    voice: Voice
    hello: str
    aside: str


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
    chatter_rng = random.Random(f"{seed}/chatter")
    chatter = {split: Deck(cards, chatter_rng) for split, cards in deal(CHATTER, MAJOR_ROWS, chatter_rng).items()}
    count, rows = 0, []
    for field in MAJORS + MINORS:
        rng = random.Random(f"{seed}/{field.name}")
        wanted = MAJOR_ROWS if field.major else MINOR_ROWS
        openings, nudges = deal(field.openings, wanted, rng), deal(field.nudges, wanted, rng)
        for split in SPLITS:
            pool = Pool(Deck(openings[split], rng), Deck(nudges[split], rng), chatter[split])
            for texts in conversations(field, pool, wanted[split], shelf, rng):
                count += 1
                rows += [dict(kind="people", field=field.name, conversation=f"c{count:04d}", turn=turn,
                              split=split, text=text) for turn, text in enumerate(texts)]
    return rows


def conversations(field, pool, wanted, shelf, rng):
    """Conversations of together exactly `wanted` rows."""
    got, dry, person = 0, 0, None
    while got < wanted:
        if person is None or rng.random() > RETURNS:
            person = _somebody(field, rng)
        texts = Talk(field, pool, person, shelf, rng).run(min(rng.choice(_LENGTHS), wanted - got))
        dry = 0 if texts else dry + 1
        if dry > 60:
            raise RuntimeError(f"{field.name} has no more to say after {got} of {wanted} rows")
        got += len(texts)
        if texts:
            yield texts


def _somebody(field, rng):
    aside = expand(rng.choice(field.asides), field.slots, {}, rng) if field.asides else ""
    return Person(settle(rng.choices(VOICES, WEIGHTS)[0], rng), rng.choice(BEFORE), aside)


class Talk:
    """One conversation: a subject, questions that follow from it, sometimes the next subject or a thank you."""

    def __init__(self, field, pool, person, shelf, rng):
        self._field, self._pool, self._person, self._shelf, self._rng = field, pool, person, shelf, rng
        self._bound, self._texts, self._told = {}, [], False
        self._opening, self._waiting = None, []

    def run(self, length):
        """The texts of at most `length` turns; fewer where the words run out."""
        for _ in range(length * 4):
            if len(self._texts) >= length:
                break
            self._turn()
        return self._texts

    def _turn(self):
        rng = self._rng
        if not self._texts or rng.random() < .25:
            self._open()
        elif self._waiting and rng.random() < .9:
            self._say(self._waiting.pop(0))
        elif self._pool.nudges and rng.random() < .4:
            self._say(self._pool.nudges.draw())
        elif rng.random() < .3:
            self._say(self._pool.chatter.draw(), where="chatter")
        else:
            self._open()

    def _open(self):
        last, rng = self._opening, self._rng
        self._opening = self._pool.openings.draw(lambda card: last is not None and card.intent == last.intent)
        self._waiting = list(self._opening.follow_ups)
        if rng.random() < .5:
            self._bound.clear()
        frame = self._opening.frame
        if self._waiting and rng.random() < .16 + .3 * self._person.voice.rambling:
            frame = f"{frame} ~ {self._waiting[0]}"
            if self._say(frame, dress=True):
                self._waiting.pop(0)
                return
        self._say(self._opening.frame, dress=True)

    def _say(self, frame, where=None, dress=False):
        for _ in range(12):
            bound = dict(self._bound)
            told, text = self._told, " ".join(self._join(expand(frame, self._field.slots, bound, self._rng)).split())
            if dress:
                text, told = self._dress(text)
            spoken = speak(text, self._person.voice, self._rng)
            if self._shelf.accept(spoken, where or self._field.name, text):
                self._bound, self._told = bound, told
                self._texts.append(spoken)
                return True
        return False

    def _join(self, text):
        """A question and its follow-up in one message: '~' stands between them."""
        if "~" not in text:
            return text
        head, tail = (part.strip() for part in text.split("~", 1))
        return f"{close(head)} {tail}" if self._person.voice.stops > .5 or head[-1:] == "?" else f"{head}, {tail}"

    def _dress(self, text):
        """Put circumstances, greetings and manners around an opening, as this person would."""
        person, rng, told = self._person, self._rng, self._told
        if person.aside and not told and rng.random() < person.voice.rambling * 1.5:
            told = True
            if rng.random() < .5:
                text = f"{close(text)} {person.aside}"
            else:
                text = f"{person.aside}{'.' if person.voice.stops > .5 else ','} {text}"
        if rng.random() < person.voice.manners * (.6 if not self._texts else .3):
            text = f"{person.hello if not self._texts else rng.choice(AGAIN)} {text}"
        if rng.random() < person.voice.manners * .3:
            text = f"{close(text)} {expand(rng.choice(AFTER), {}, {}, rng)}"
        return text, told
