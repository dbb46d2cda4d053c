"""How a person types: the same sentence from a formal writer, a texter and someone in a hurry.

A voice is kept for a whole conversation, and a person for several, because style is what stays when the subject
changes. Frames are written in lower case with correct names and punctuation; a voice only takes away or adds polish.
"""

import re
from dataclasses import dataclass, replace

_FORMAL = {
    "can't": "cannot", "won't": "will not", "don't": "do not", "doesn't": "does not", "didn't": "did not",
    "isn't": "is not", "aren't": "are not", "wasn't": "was not", "i'm": "I am", "i've": "I have", "i'd": "I would",
    "i'll": "I will", "it's": "it is", "that's": "that is", "what's": "what is", "haven't": "have not",
    "hasn't": "has not", "couldn't": "could not", "shouldn't": "should not", "wouldn't": "would not",
    "they're": "they are", "you're": "you are", "there's": "there is", "we're": "we are", "yeah": "yes",
}
_TEXTED = {
    "you": "u", "your": "ur", "please": "pls", "thanks": "thx", "because": "bc", "are": "r", "people": "ppl",
    "tomorrow": "tmrw", "though": "tho", "without": "w/o", "with": "w", "about": "abt", "probably": "prob",
    "going to": "gonna", "want to": "wanna", "i don't know": "idk", "right now": "rn", "okay": "ok", "really": "rly",
}
_SLIPS = {
    "their": "there", "definitely": "definately", "receive": "recieve", "separate": "seperate", "should have":
    "should of", "too": "to", "weird": "wierd", "until": "untill", "tomorrow": "tommorow", "necessary": "neccessary",
    "appointment": "apointment", "recommend": "reccomend", "because": "becuase", "probably": "probaly", "the": "teh",
    "which": "wich", "really": "realy", "different": "diffrent", "address": "adress", "calendar": "calender",
    "restaurant": "resturant", "your": "you're", "its": "it's", "lose": "loose", "with": "wiht", "just": "jsut",
}
_QUESTION = re.compile(
    r"(^|, |but |so |and |also |or )(what|how|why|when|where|who|which|can|could|should|any ideas)\b|"
    r"(^|, |also |but )(is|are|am|was|were|do|does|did|would|will|may|has|have we|isn't|aren't|won't)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Voice:
    """One person's habits; probabilities are per message."""

    name: str
    capitals: float     # starts a sentence with a capital
    stops: float        # keeps the final mark
    apostrophes: float  # keeps apostrophes
    formal: float       # writes contractions out
    texted: float       # u, pls, thx
    slips: float        # a typo in the message
    manners: float      # greets, says please
    rambling: float     # gives context nobody asked for
    lowered: float      # writes names in lower case too


VOICES = [
    Voice("plain", 1.0, .95, 1.0, .05, .0, .03, .15, .25, .0),
    Voice("careful", 1.0, 1.0, 1.0, .8, .0, .0, .35, .35, .0),
    Voice("quick", .1, .35, .7, .0, .05, .12, .06, .15, .6),
    Voice("texter", .02, .1, .2, .0, .8, .25, .05, .15, .9),
    Voice("hasty", .3, .4, .6, .0, .1, .75, .05, .2, .5),
    Voice("chatty", .7, .7, .95, .0, .1, .1, .45, .6, .1),
    Voice("terse", .3, .2, .8, .0, .0, .05, .0, .0, .4),
    Voice("polite", 1.0, 1.0, 1.0, .3, .0, .02, .6, .3, .0),
]
WEIGHTS = [26, 9, 22, 8, 10, 11, 8, 6]


def settle(voice, rng):
    """One person with this voice: who starts with a capital today nearly always does."""
    def habit(chance):
        return .96 if rng.random() < chance else .04
    return replace(voice, capitals=habit(voice.capitals), lowered=habit(voice.lowered),
                   stops=habit(voice.stops), apostrophes=habit(voice.apostrophes))


def speak(text, voice, rng):
    """The sentence as this person would type it this time."""
    text = close(text) if rng.random() < voice.stops else text.rstrip(".?!")
    if rng.random() < voice.formal:
        text = _replace(text, _FORMAL, rng, 1.0)
    if rng.random() < voice.texted:
        text = _replace(text, _TEXTED, rng, .7)
    if rng.random() < voice.slips:
        text = slip(text, rng)
    if rng.random() > voice.apostrophes:
        text = re.sub(r"(?<=[a-z])'(?=[a-z])", "", text)
    if rng.random() < voice.capitals:
        text = _sentence_case(text)
    elif rng.random() < voice.lowered:
        text = text.lower()
    return text


def close(text):
    """The text with the mark it should end on."""
    if text[-1:] in ".?!":
        return text
    return text + ("?" if _QUESTION.search(re.split(r"[.?!] ", text)[-1]) else ".")


def slip(text, rng):
    """One typo: a usual misspelling where a word has one, else a slip of the fingers in a longer plain word."""
    words = text.split(" ")
    known = [at for at, word in enumerate(words) if word in _SLIPS]
    if known and rng.random() < .4:
        at = rng.choice(known)
        words[at] = _SLIPS[words[at]]
        return " ".join(words)
    plain = [at for at, word in enumerate(words) if len(word) > 3 and word.isalpha() and word.islower()]
    if not plain:
        return text
    at = rng.choice(plain)
    words[at] = _fumble(words[at], rng)
    return " ".join(words)


def _fumble(word, rng):
    at = rng.randrange(1, len(word) - 1)
    how = rng.choice(["swap", "swap", "drop", "double"])
    if how == "swap":
        return word[:at] + word[at + 1] + word[at] + word[at + 2:]
    return word[:at] + word[at + 1:] if how == "drop" else word[:at] + word[at] + word[at:]


def _replace(text, table, rng, share):
    for written, said in table.items():
        if rng.random() < share:
            text = re.sub(rf"(?<![\w'/-]){re.escape(written)}(?![\w'/-])", said, text)
    return text


def _sentence_case(text):
    text = re.sub(r"(?<![\w'/._-])i(?=$|[ ,.?!]|'(m|ve|d|ll)\b)", "I", text)
    text = re.sub(r"([.?!] )([a-z])", lambda match: match.group(1) + match.group(2).upper(), text)
    first = text.split(" ", 1)[0]
    return text[:1].upper() + text[1:] if first.strip(",.?!:'").replace("'", "").isalpha() else text
