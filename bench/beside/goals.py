"""The goals of the comparison, and their lines: what, figure, goal, holds. Standard library only, so that lines can be
printed even where no peer could be set up."""

import json
import operator

# name: (section, what, comparison, bound, unit). The order is that of the table.
GOALS = {
    "homology_64_gudhi": ("homology", "exact H0+H1 per event, W = 64: gudhi's Ripser backend / ours", ">=", 25, "x"),
    "homology_256_gudhi": ("homology", "exact H0+H1 per event, W = 256: gudhi's Ripser backend / ours", ">=", 40, "x"),
    "homology_64_ripser": ("homology", "exact H0+H1 per event, W = 64: Ripser's C++ (ripser.py) / ours", ">=", 40, "x"),
    "homology_256_ripser": ("homology", "exact H0+H1 per event, W = 256: Ripser's C++ (ripser.py) / ours", ">=", 70,
                            "x"),
    "hostile_64": ("hostile", "worst hostile window, capped, W = 64: its time / our median", "<=", 5, "x"),
    "hostile_256": ("hostile", "worst hostile window, capped, W = 256: its time / our median", "<=", 5, "x"),
    "mmd": ("mmd", "exact MMD per event, W = 64, 256 reference points (as many as the product's MMD reads): "
            "alibi-detect online MMD / ours", ">=", 300, "x"),
    "charts_32": ("charts", "nearest of 1,024 charts, r = 64, batch 32: faiss flat / ours", ">=", 1, "x"),
    "charts_256": ("charts", "nearest of 1,024 charts, r = 64, batch 256: faiss flat / ours", ">=", 1, "x"),
    "charts_1": ("charts", "nearest of 1,024 charts, r = 64, batch 1: faiss flat / ours", ">=", 3, "x"),
    "step_published": ("step", "whole step, W = 64, d = 576: published score in numpy / ours", ">=", 50, "x"),
    "events_64": ("step", "whole step, one core, W = 64", ">=", 20000, " events/s"),
    "events_256": ("step", "whole step, one core, W = 256", ">=", 1500, " events/s"),
    "threads": ("threads", "whole step, W = 64, accounts split: two threads / one", ">=", 1.9, "x"),
    "allocations": ("allocations", "allocations per event after warm-up", "<=", 0, ""),
}
CHECK = ("check", "diagrams that differ from ripser.py's and gudhi's", "<=", 0, "")
SECTIONS = ("homology", "hostile", "mmd", "charts", "step", "threads", "allocations")
ALTERNATED = ("homology", "mmd", "charts", "step")  # sections with peers that take turns with us

COMPARISONS = {">=": operator.ge, "<=": operator.le}


def line(name, figure, by_event=False):
    """The goal line of one figure; None where nothing could be measured."""
    section, what, comparison, bound, unit = CHECK if name == "check" else GOALS[name]
    if section in ALTERNATED and unit == "x":
        what += ", alternated event by event" if by_event else ", alternated in blocks of events"
    holds = None if figure is None else bool(COMPARISONS[comparison](figure, bound))
    goal = f"{comparison} {bound:,}{unit}"
    return {"what": what, "figure": None if figure is None else float(f"{figure:.5g}"), "goal": goal, "holds": holds}


def print_json(name, figure, by_event=False):
    print(json.dumps(line(name, figure, by_event)), flush=True)


def of_sections(sections):
    return [name for name, goal in GOALS.items() if goal[0] in sections]
