"""--check N: diagrams from scratch and per event beside ripser.py's and gudhi's on N windows of all families."""

import collections
import multiprocessing
import os

import numpy as np

from beside.console import Progress, say
from beside.inputs import Activations
from beside.library import Homology, Library
from beside.persistence import Gudhi, Ripser, same

# Families whose peers take very long above: the relative neighbourhood graph is nearly complete bipartite, or random.
SLOW_FAMILIES = {"crossed_clusters", "orthogonal_simplices", "orthogonal_simplices_exact", "random_metric",
                 "integer_metric", "orthogonal_circles"}
SLOW_MAX = 64
REAL = "real_activations"
# Points of a window: (from, to, share of the windows).
SIZES = ((2, 16, 0.35), (17, 33, 0.30), (34, 64, 0.28), (65, 128, 0.065), (129, 256, 0.005))
EVENTS_MAX = 3  # replaced or appended before the diagrams are compared
CHUNK = 50      # windows a process takes at a time


class Checker:
    """One process: its own library and peers."""

    def __init__(self, path, root, seed):
        self.library = Library(path)
        self.activations = Activations(root)
        self.families = [*self.library.families(), REAL]
        self.seed = seed
        self.kept = {}
        self.peers = (Gudhi(), Ripser())

    def homology(self, length):
        if length not in self.kept:
            self.kept[length] = Homology(self.library, length)
        return self.kept[length]

    def window(self, index, chance):
        """(family, matrix of the window's points and EVENTS_MAX more, number of points)."""
        family = self.families[index % len(self.families)]
        low, high, _ = SIZES[chance.choice(len(SIZES), p=[share for _, _, share in SIZES])]
        if family in SLOW_FAMILIES and low > SLOW_MAX:
            low, high = 34, SLOW_MAX
        count = int(chance.integers(low, high + 1))
        if family == REAL:
            rows = self.activations.stream(count + EVENTS_MAX, int(chance.integers(1 << 30)))
            return family, self.activations.matrix(rows), count
        return family, self.library.make_window(family, count + EVENTS_MAX, int(chance.integers(1 << 62))), count

    def per_event(self, matrix, count, chance):
        """The window's matrix after some events, and our diagrams of it by replace() alone."""
        events = int(chance.integers(1, EVENTS_MAX + 1))
        grown = int(chance.integers(0, min(events, count - 2) + 1)) if chance.random() < 0.25 else 0
        slots = list(range(count - grown))
        homology = self.homology(count)
        homology.start(np.ascontiguousarray(matrix[np.ix_(slots, slots)]))
        for event in range(events):
            point = count - grown + event
            if event < grown:
                slot = len(slots)
                slots.append(point)
            else:
                slot = int(chance.integers(0, len(slots)))
                slots[slot] = point
            homology.replace(slot, np.ascontiguousarray(matrix[point][slots]))
        return np.ascontiguousarray(matrix[np.ix_(slots, slots)]), homology.diagrams()

    def check(self, index):
        """(family, points, bars, what differs)."""
        chance = np.random.default_rng((self.seed, index))
        family, matrix, count = self.window(index, chance)
        window, per_event = self.per_event(matrix, count, chance)
        homology = self.homology(count)
        homology.scratch(window)
        ours = {"per event": per_event, "from scratch": homology.diagrams()}
        different = []
        for peer in self.peers:
            theirs = peer.diagrams(peer.call(peer.prepare(window)))
            different += [f"{form} and {peer.name}" for form, diagrams in ours.items() if not same(diagrams, theirs)]
        return family, count, sum(len(bars) for bars in per_event), different


CHECKER = []  # of this process


def start_process(path, root, seed):
    os.nice(5)
    CHECKER.append(Checker(path, root, seed))


def check_chunk(chunk):
    return [(index, *CHECKER[0].check(index)) for index in chunk]


def run(path, root, count, seed):
    """Prints counts by family to standard error; the number of windows that differ."""
    chunks = [range(first, min(first + CHUNK, count)) for first in range(0, count, CHUNK)]
    windows, bars, differing, points = (collections.Counter() for _ in range(4))
    progress = Progress("checking", "windows", count)
    context = multiprocessing.get_context("spawn")
    with context.Pool(min(2, os.cpu_count() or 1), start_process, (path, root, seed)) as pool:
        for results in pool.imap_unordered(check_chunk, chunks):
            for index, family, size, bar_count, different in results:
                windows[family] += 1
                bars[family] += bar_count
                points[family] = max(points[family], size)
                differing[family] += bool(different)
                if different:
                    say(f"\nwindow {index} (seed {seed}), {family}, {size} points, differs: {', '.join(different)}")
            progress.advance(len(results))
    progress.finish()
    say(f"  {'family':<28}{'windows':>9}{'bars':>12}{'most points':>13}{'differ':>8}")
    for family in sorted(windows):
        say(f"  {family:<28}{windows[family]:>9,}{bars[family]:>12,}{points[family]:>13}{differing[family]:>8}")
    say(f"  {'all':<28}{windows.total():>9,}{bars.total():>12,}{max(points.values()):>13}{differing.total():>8}")
    return differing.total()
