"""Sections `homology` and `hostile`: exact diagrams of a sliding window, one point replaced an event."""

import numpy as np

from beside.console import Progress, say
from beside.figures import Ratio, microseconds, spread, take_turns
from beside.library import Homology
from beside.persistence import Giotto, Gudhi, Ripser, same

EVENTS = {64: 32, 256: 8}  # of a round
HOSTILE = ("crossed_clusters", "orthogonal_simplices", "orthogonal_simplices_exact", "random_metric",
           "integer_metric", "orthogonal_circles", "loop_in_100", "repeats", "clusters", "grid", "all_equal")
HOSTILE_WINDOWS, HOSTILE_EVENTS, REPLAYS = 4, 8, 5


class Sliding:
    """A window of `length` points out of a matrix of more: event e puts point length + e into slot e mod length."""

    def __init__(self, matrix, length):
        self.all, self.length = matrix, length
        self.slots = np.arange(length)
        self.window = np.ascontiguousarray(matrix[:length, :length])

    def row(self, event):
        """(slot, distances of the new point to all slots, its own 0); the window is changed too."""
        slot = event % self.length
        self.slots[slot] = self.length + event
        row = np.ascontiguousarray(self.all[self.length + event][self.slots])
        self.window[slot, :] = row
        self.window[:, slot] = row
        return slot, row


class Stream:
    """Rounds of events over real windows, ours and the peers' times of each event, equality of every diagram."""

    def __init__(self, context, length, peers):
        self.context, self.length, self.peers = context, length, peers
        self.homology = Homology(context.library, length)
        self.times = {name: [] for name in ("ours", "ours inside", *(peer.name for peer in peers))}
        self.compared = self.differences = 0

    def round(self, seed, events):
        activations = self.context.activations
        sliding = Sliding(activations.matrix(activations.stream(self.length + events, seed)), self.length)
        self.homology.start(sliding.window)
        rows, prepared = [], {peer.name: [] for peer in self.peers}
        for event in range(events):
            rows.append(sliding.row(event))
            window = sliding.window.copy()
            for peer in self.peers:
                prepared[peer.name].append(peer.prepare(window))
        systems = {"ours": lambda event: self.homology.replace(*rows[event])}
        for peer in self.peers:
            systems[peer.name] = lambda event, peer=peer: peer.call(prepared[peer.name][event])
        kept = Kept(self.homology, self.peers, events)
        took = take_turns(systems, events, seed, self.context.by_event, kept.keep)
        took |= kept.inside
        for name in took:
            self.times[name].append(took[name])
        self.compared += events * len(self.peers)
        self.differences += kept.differences()


class Kept:
    """What the systems gave on each event of a round, and the times taken inside them."""

    def __init__(self, homology, peers, events):
        self.homology, self.peers = homology, {peer.name: peer for peer in peers}
        self.inside = {"ours inside": [0] * events}
        self.diagrams = {name: [None] * events for name in ("ours", *self.peers)}

    def keep(self, name, event, returned):
        if name == "ours":
            self.inside["ours inside"][event] = returned
            self.diagrams[name][event] = self.homology.diagrams()
            return
        peer = self.peers[name]
        self.diagrams[name][event] = peer.diagrams(returned)
        if isinstance(peer, Giotto):
            self.inside.setdefault(name, [0] * len(self.diagrams[name]))[event] = peer.took

    def differences(self):
        return sum(not same(ours, theirs) for name in self.peers
                   for ours, theirs in zip(self.diagrams["ours"], self.diagrams[name], strict=True))


def stream(context, table, length, giotto):
    """The rows of one window length."""
    peers = [Gudhi(), Ripser()]
    if giotto:
        peers.append(giotto)
    first = Stream(context, length, peers)
    for seed in range(4):
        first.round(seed, EVENTS[length])
    if first.differences:
        say(f"homology, W = {length}: {first.differences} of {first.compared} diagrams differ, so nothing is timed")
        context.failed = True
        for peer in ("gudhi", "ripser"):
            table.add(f"exact H0+H1, W = {length}, {peer}", "-", "-", "differs", f"homology_{length}_{peer}", None)
        return
    timed = Stream(context, length, peers)
    events = max(1, EVENTS[length] // 4) if context.quick else EVENTS[length]
    progress = Progress(f"homology, W = {length}", "rounds", context.rounds)
    for seed in range(context.rounds):
        timed.round(100 + seed, events)
        progress.advance()
    progress.finish()
    context.failed |= timed.differences > 0
    rows(table, timed, length)
    compared, differences = first.compared + timed.compared, first.differences + timed.differences
    table.note(f"homology, W = {length}: {compared:,} diagrams compared on the way, {differences} differ; "
               f"ours called through Python {microseconds(np.concatenate(timed.times['ours']))} us an event")


def rows(table, timed, length):
    ours = timed.times["ours inside"]
    for peer in timed.peers:
        ratio = Ratio(timed.times[peer.name], ours)
        goal = f"homology_{length}_{peer.name}"
        goal = None if isinstance(peer, Giotto) else goal
        figure = None if timed.differences else ratio.value
        table.add(f"exact H0+H1 per event, W = {length}, {peer.name}", microseconds(ratio.theirs), spread(ratio.ours),
                  ratio.words(), goal, figure)


def replayed(homology, matrix, length):
    """Nanoseconds of each event of a sliding window, and whether any was cut short by the budget. The same events are
    replayed, and the least time of each counts: the work is the same to the bit, so what exceeds it is the machine."""
    times, truncated = [], False
    for _ in range(REPLAYS):
        sliding = Sliding(matrix, length)
        homology.start(sliding.window)
        times.append([])
        for event in range(HOSTILE_EVENTS):
            times[-1].append(homology.replace(*sliding.row(event)))
            truncated |= homology.truncated()
    return np.min(times, axis=0), truncated


def hostile(context, table, length):
    """Capped by the served budget: the worst window of any family beside the median of real ones, taken in turn."""
    library, activations = context.library, context.activations
    homology = Homology(library, length, library.homology_budget(length))
    ordinary, families = [], {name: [] for name in HOSTILE}
    windows = 2 if context.quick else HOSTILE_WINDOWS
    capped = set()
    progress = Progress(f"hostile, W = {length}", "windows", windows * len(HOSTILE))
    for seed in range(windows):
        for family in HOSTILE:
            matrix = library.make_window(family, length + HOSTILE_EVENTS, seed + 1)
            times, truncated = replayed(homology, matrix, length)
            families[family].append(times)
            if truncated:
                capped.add(family)
            rows_of = activations.stream(length + HOSTILE_EVENTS, 1000 + seed)
            ordinary.append(replayed(homology, activations.matrix(rows_of), length)[0])
            progress.advance()
    progress.finish()
    own = np.median(np.concatenate(ordinary))
    worst = {name: np.max(times) / own for name, times in families.items()}
    name = max(worst, key=worst.get)
    table.add(f"worst hostile window, W = {length} ({name.replace('_', ' ')}), ours alone", "-",
              f"{worst[name] * own / 1e3:,.1f} (median {own / 1e3:,.1f})", f"{worst[name]:.2f}x", f"hostile_{length}",
              worst[name])
    medians = ", ".join(f"{family} {np.median(times) / own:.2f}" for family, times in families.items())
    table.note(f"hostile, W = {length}, medians beside our own: {medians}; cut short by the budget: "
               f"{', '.join(sorted(capped)) or 'none'}")


def run(context, table, sections):
    giotto = Giotto(context.giotto) if context.giotto and "homology" in sections else None
    for length in (64, 256):
        if "homology" in sections:
            stream(context, table, length, giotto)
        if "hostile" in sections:
            hostile(context, table, length)
    if giotto:
        giotto.close()
