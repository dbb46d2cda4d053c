"""Medians, ratios and their intervals over rounds, the machine, and the table."""

import datetime
import importlib.metadata
import os
import pathlib
import platform
import time

import numpy as np

BOOTSTRAPS = 2000


class Ratio:
    """How many times longer `theirs` took than `ours`: the median over rounds of the ratio of the rounds' medians, with
    a bootstrap 95% interval over rounds. Both are lists of rounds, each a list of nanoseconds."""

    def __init__(self, theirs, ours):
        self.theirs, self.ours = np.concatenate(theirs), np.concatenate(ours)
        rounds = np.array([np.median(a) / np.median(b) for a, b in zip(theirs, ours, strict=True)])
        draws = np.random.default_rng(1).integers(0, len(rounds), (BOOTSTRAPS, len(rounds)))
        self.value = float(np.median(rounds))
        self.low, self.high = np.quantile(np.median(rounds[draws], axis=1), [0.025, 0.975])

    def words(self):
        return f"{self.value:.2f}x [{self.low:.2f}, {self.high:.2f}]"


def microseconds(nanoseconds):
    return f"{np.median(nanoseconds) / 1e3:,.1f}"


def spread(nanoseconds):
    """Median and 99th percentile in microseconds."""
    return f"{np.median(nanoseconds) / 1e3:,.1f} (p99 {np.quantile(nanoseconds, 0.99) / 1e3:,.1f})"


def alternate(systems, event):
    """Times every system once on one event, the first of them another each time: {name: nanoseconds by this clock}.
    A system is a function without arguments; what they return is returned too."""
    names = list(systems)
    first = event % len(names)
    took, returned = {}, {}
    for name in names[first:] + names[:first]:
        work = systems[name]
        start = time.perf_counter_ns()
        returned[name] = work()
        took[name] = time.perf_counter_ns() - start
    return took, returned


def timed(work):
    """(what it returns, nanoseconds): the lesser of a clock and of the processor time of this thread, which leaves out
    what others ran meanwhile. A long call is interrupted more often than a short one: by a clock alone a busy machine
    would tell against it."""
    processor = time.thread_time_ns()
    start = time.perf_counter_ns()
    returned = work()
    wall = time.perf_counter_ns() - start
    return returned, min(wall, time.thread_time_ns() - processor)


def take_turns(systems, events, turn, by_event, keep=lambda name, event, returned: None):
    """Times every system on events 0 .. events - 1: {name: nanoseconds of each}. A system is a function of the event's
    number; what it returns goes to keep(name, event, returned), untimed. In blocks (the default) a system takes all
    events before the next one starts, by event all systems take one event before the next; whose turn is first moves
    on with `turn`, or with every event."""
    names = list(systems)
    took = {name: [0] * events for name in names}

    def once(name, event):
        work = systems[name]
        returned, took[name][event] = timed(lambda: work(event))
        keep(name, event, returned)

    for part in ([[event] for event in range(events)] if by_event else [range(events)]):
        first = (turn * events + part[0] if by_event else turn) % len(names)
        for name in names[first:] + names[:first]:
            for event in part:
                once(name, event)
    return took


def machine():
    cpu = "unknown processor"
    for row in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if row.startswith("model name"):
            cpu = row.split(":", 1)[1].strip()
            break
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    return f"{cpu}, {os.cpu_count()} cores, load average {load}; {datetime.date.today().isoformat()}"


def versions(library):
    names = ("gudhi", "ripser", "faiss-cpu", "scikit-learn", "numpy")
    listed = [f"{name} {importlib.metadata.version(name)}" for name in names]
    return f"{library.about().decode()}; {', '.join(listed)}; Python {platform.python_version()}"


class Table:
    """Rows of words, and the figure of each goal."""

    def __init__(self):
        self.rows = []
        self.figures = {}
        self.notes = []

    def add(self, what, theirs, ours, ratio, goal=None, figure=None):
        self.rows.append((what, theirs, ours, ratio, goal))
        if goal is not None:
            self.figures[goal] = figure

    def note(self, text):
        self.notes.append(text)

    def words(self, lines):
        """The table; `lines` are the goal lines by name."""
        head = ("what", "theirs, us", "ours, us", "ratio [95%]", "goal")
        body = []
        for what, theirs, ours, ratio, goal in self.rows:
            held = {True: ", holds", False: ", falls short", None: ""}
            text = f"{lines[goal]['goal']}{held[lines[goal]['holds']]}" if goal else ""
            body.append((what, theirs, ours, ratio, text))
        widths = [max(len(row[i]) for row in [head, *body]) for i in range(len(head))]
        listed = [head, tuple("-" * width for width in widths), *body]
        return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
                         for row in listed)
