"""Instruction lists as a distiller writes them: every task type crossed with subjects, clean, self-contained, wide.

Wide is the point: such a list is made to show a student everything the teacher can do. So each task type gives the
same share of rows, subjects are dealt without favour, and the rows that span the atlas (`fit`) and those that
attackers draw from (`demo`) are separate texts over the same span.
"""

import random

from field import lines
from grammar import expand, values
from lessons.subjects import SUBJECTS
from lessons.tasks import EXTRA, TASKS

ROWS = {"fit": 300, "demo": 900}
ANY_TOPIC = ("science", "history", "society", "art", "tech", "practice")
TRIES = 400


def tasks():
    """(group, frame) of every task type."""
    found, group = [], None
    for line in lines(TASKS):
        if line.startswith("#"):
            group = line[1:].strip()
        else:
            found.append((group, line))
    return found


def subjects():
    """Slots of the task frames; {topic} is the union of the kinds that any task can speak of."""
    slots = {kind: values(block) for kind, block in {**SUBJECTS, **EXTRA}.items()}
    slots["topic"] = [subject for kind in ANY_TOPIC for subject in slots[kind]]
    return slots


def distiller(shelf, seed):
    """All rows of distillers; one round gives each task type at most one row."""
    rng, slots, kinds = random.Random(f"{seed}/distiller"), subjects(), tasks()
    wanted = sum(ROWS.values())
    made = []
    for _ in range(TRIES):
        rng.shuffle(kinds)
        for group, frame in kinds[:wanted - len(made)]:
            text = expand(frame, slots, {}, rng)
            if shelf.accept(text, f"distiller/{group}"):
                made.append((group, text))
    if len(made) < wanted:
        raise RuntimeError(f"task types give {len(made)} rows, {wanted} are wanted")
    made.sort(key=lambda pair: pair[0])
    fit = {at * len(made) // ROWS["fit"] for at in range(ROWS["fit"])}
    return [dict(kind="distiller", field=group, conversation=None, turn=0,
                 split="fit" if at in fit else "demo", text=text) for at, (group, text) in enumerate(made)]
