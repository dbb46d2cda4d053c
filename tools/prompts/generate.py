#!/usr/bin/env python3
"""Write examples/prompts.jsonl: the product's own prompts of people and of distillers, the same bytes on every run.

    tools/prompts/generate.py --out examples/prompts.jsonl
    tools/prompts/generate.py --check

Where to look: fields/ holds what people ask, a field of use at a time; lessons/ what distillers ask, task types and
subjects; chatter.py what is said in any field; grammar.py fills a frame's holes; voice.py types it as a person would;
people.py makes conversations and deals them to the splits; distiller.py makes instruction lists.

The splits share subjects, never sentences: every frame of people belongs to one of fit, calibrate and demo. The
distiller rows of fit span what a model can do, for projection and charts; those of demo are what attackers draw from.
"""

import argparse
import json
import os
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from distiller import distiller  # noqa: E402
from people import Shelf, people  # noqa: E402

DEFAULT = Path(__file__).resolve().parents[2] / "examples" / "prompts.jsonl"
SEED = "cms-prompts-1"
KEYS = ("id", "kind", "field", "conversation", "turn", "split", "text")


def rows():
    """All rows in file order."""
    shelf = Shelf()
    found = people(shelf, SEED) + distiller(shelf, SEED)
    return [{"id": f"p{number:05d}", **row} for number, row in enumerate(found, 1)]


def encode(all_rows):
    """The file's bytes: one JSON object a line, keys in the documented order."""
    lines = (json.dumps({key: row[key] for key in KEYS}, ensure_ascii=True) for row in all_rows)
    return ("\n".join(lines) + "\n").encode("ascii")


def summary(all_rows):
    """A table of rows per field and split."""
    count = Counter((row["kind"], row["field"], row["split"]) for row in all_rows)
    talks = len({row["conversation"] for row in all_rows} - {None})
    table = [f"{'kind':<10} {'field':<28} {'fit':>5} {'calibrate':>9} {'demo':>5}"]
    for kind, field in dict.fromkeys((row["kind"], row["field"]) for row in all_rows):
        fit, calibrate, demo = (count[kind, field, split] for split in ("fit", "calibrate", "demo"))
        table.append(f"{kind:<10} {field:<28} {fit:>5} {calibrate:>9} {demo:>5}")
    return "\n".join(table) + f"\n{len(all_rows)} rows, {talks} conversations"


def write(path, data):
    """Replace the file only when all of it is on disk."""
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=DEFAULT, help="file to write or to check")
    parser.add_argument("--check", action="store_true", help="compare with the file instead of writing it")
    options = parser.parse_args()
    made = rows()
    data = encode(made)
    print(summary(made))
    if options.check:
        same = options.out.is_file() and options.out.read_bytes() == data
        print(f"{options.out}: {'as generated' if same else 'differs from what the generators write'}", file=sys.stderr)
        return 0 if same else 1
    write(options.out, data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
