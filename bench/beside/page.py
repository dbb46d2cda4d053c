"""--save: the result of a run between two marker comments of a page, so that no number there is typed by hand."""

import os
import textwrap

COLUMNS = 120


def markers(alternate):
    name = f"bench/peers --alternate {alternate}"
    return f"<!-- {name}: begin, written by --save -->", f"<!-- {name}: end -->"


def save(path, alternate, head, table, notes):
    """Replaces what lies between the markers of this alternation; ValueError where the page has none."""
    begin, end = markers(alternate)
    text = path.read_text(encoding="utf-8")
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{path} has no markers '{begin}' and '{end}'")
    said = [wrapped(". ".join(head) + "."), table]
    said.append("\n".join(wrapped(note, "- ") for note in notes))
    temporary = path.with_name(f"{path.name}.new")
    temporary.write_text(before + begin + "\n\n" + "\n\n".join(said) + "\n\n" + end + after, encoding="utf-8")
    os.replace(temporary, path)


def wrapped(text, first=""):
    return textwrap.fill(text, COLUMNS, initial_indent=first, subsequent_indent=" " * len(first),
                         break_long_words=False, break_on_hyphens=False)
