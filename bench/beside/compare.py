"""What bench/peers runs inside the environment of the peers: all sections asked for, then table or goal lines."""

import argparse
import gc
import importlib
import pathlib
import sys

from beside import check, goals, page
from beside.console import say
from beside.environments import SetupError
from beside.figures import Table, machine, versions
from beside.inputs import Activations
from beside.library import Library


class Context:
    """What every section needs to know."""

    def __init__(self, options):
        self.root, self.build = pathlib.Path(options.root), pathlib.Path(options.build)
        self.rounds, self.quick = options.rounds, options.quick
        self.by_event = options.alternate == "event"
        self.giotto, self.torch = options.giotto, options.torch
        self.library = Library(library_path(self.build))
        self.activations = Activations(self.root)
        self.failed = False  # something differed or could not be measured


def library_path(build):
    return build / "bench" / "libcms_peers.so"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("root", "build", "sections", "giotto", "torch", "alternate", "save"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("rounds", "seed", "check"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args()


def run_check(options):
    differences = check.run(library_path(pathlib.Path(options.build)), options.root, options.check, options.seed)
    if options.json:
        goals.print_json("check", differences)
    else:
        print(f"{options.check:,} windows, from scratch and per event, beside ripser.py and gudhi: "
              f"{differences:,} differ")
    return 1 if differences else 0


def run_sections(context, sections, table):
    """Each part imports what it needs itself, so that one that cannot run does not stop the others."""
    parts = {"homology": {"homology", "hostile"}, "mmd": {"mmd"}, "charts": {"charts"},
             "steps": {"step", "threads", "allocations"}}
    for part, needed_by in parts.items():
        wanted = needed_by & sections
        if not wanted:
            continue
        try:
            importlib.import_module(f"beside.{part}").run(context, table, wanted)
        except (ImportError, OSError, RuntimeError, ValueError, SetupError) as error:
            say(f"{part}: {type(error).__name__}: {error}")
            context.failed = True
        gc.collect()


def main():
    options = arguments()
    if options.check:
        return run_check(options)
    context = Context(options)
    sections = set(options.sections.split(","))
    table = Table()
    say(f"{machine()}\n{versions(context.library)}\nreal windows from {context.activations.source}: "
        f"{len(context.activations):,} different rows")
    gc.disable()
    run_sections(context, sections, table)
    names = goals.of_sections(sections)
    lines = {name: goals.line(name, table.figures.get(name), context.by_event) for name in names}
    if options.json:
        for name in names:
            goals.print_json(name, table.figures.get(name), context.by_event)
    turns = "alternated event by event" if context.by_event else "alternated in blocks of events"
    quick = ", quick: too few events to quote" if context.quick else ""
    head = [machine(), versions(context.library), f"{context.rounds} rounds, {turns}{quick}"]
    text = "\n".join([*head, "", table.words(lines), "", *table.notes])
    print(text, file=sys.stderr if options.json else sys.stdout, flush=True)
    if options.save:
        page.save(pathlib.Path(options.save), options.alternate, head, table.words(lines), table.notes)
    return 1 if context.failed else 0


if __name__ == "__main__":
    sys.exit(main())
