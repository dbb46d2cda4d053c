"""Section `mmd`: exact unbiased squared MMD of a window, one point an event, beside alibi-detect's online detector."""

import json
import subprocess
import sys

import numpy as np

from beside.console import Progress, say
from beside.figures import Ratio, microseconds, spread, take_turns
from beside.library import Mmd

WINDOW = 64
# Reference points. The goal is for as many as the product's MMD reads, atlas::kKernelPoints; alibi-detect's own wine
# example takes 1,224.
REFERENCES = (256, 1024, 2048)
SERVED = 256
EVENTS = 128  # of a round
TOLERANCE = 1e-5


class Alibi:
    """The detector in its own process (BSL licence, torch): its times are taken there, around score() and predict()."""

    def __init__(self, python, candidates, sigma):
        self.process = subprocess.Popen([python, "-m", "beside.mmd_peer"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=sys.stderr)
        candidates = np.ascontiguousarray(candidates, np.float32)
        header = {"rows": candidates.shape[0], "rank": candidates.shape[1], "sigma": sigma, "window": WINDOW}
        self.process.stdin.write((json.dumps(header) + "\n").encode() + candidates.tobytes())
        self.process.stdin.flush()
        answer = self._answer()
        self.reference, self.versions = answer["reference"], answer["versions"]

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("alibi-detect's process ended")
        return json.loads(line)

    def push(self, point):
        """{value, score: nanoseconds} or {value, predict: nanoseconds}: the two calls take turns."""
        self.process.stdin.write(np.ascontiguousarray(point, np.float32).tobytes())
        self.process.stdin.flush()
        return self._answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def kernel(a, b, bandwidth):
    return np.exp((a @ b.T - 1) / bandwidth**2)


def by_definition(window, reference, bandwidth, self_kernel):
    """Gretton et al. 2012, equation 3, in double precision."""
    n = len(window)
    within = kernel(window, window, bandwidth)
    return (within.sum() - np.trace(within)) / (n * (n - 1)) - 2 * kernel(window, reference, bandwidth).mean() \
        + self_kernel


class Comparison:
    """Both sides fed the same points; the greatest differences on the way."""

    def __init__(self, context, references):
        activations = context.activations
        self.by_event = context.by_event
        order = np.random.default_rng(7).permutation(len(activations))
        candidates = order[:references + 2 * WINDOW - 1]
        self.bandwidth = float(np.float32(0.5 * np.median(activations.matrix(candidates[:500]))))
        self.alibi = Alibi(context.torch, activations.points[candidates], self.bandwidth)
        self.rows = candidates[self.alibi.reference]
        self.stream = order[len(candidates):]
        self.activations = activations
        self.reference = activations.points[self.rows]
        among = kernel(self.reference, self.reference, self.bandwidth)
        n = len(self.rows)
        self.self_kernel = float((among.sum() - np.trace(among)) / (n * (n - 1)))
        self.ours = Mmd(context.library, activations.int8[self.rows], np.full(n, 1 / n), self.bandwidth,
                        self.self_kernel, WINDOW)
        self.event = 0
        self.from_definition = self.from_alibi = 0.0

    def round(self, events, turn):
        """Our nanoseconds inside and through Python and theirs, by call, of one round; compared event by event."""
        rows = [self.stream[(self.event + i) % len(self.stream)] for i in range(events)]
        points = [self.activations.points[row] for row in rows]
        rounded = [np.ascontiguousarray(self.activations.int8[row]) for row in rows]
        values = {name: [0.0] * events for name in ("ours", "alibi")}
        took = {"ours": [0] * events, "score": [], "predict": []}

        def keep(name, event, returned):
            if name == "ours":
                took["ours"][event], values["ours"][event] = returned, float(self.ours.value[0])
                return
            values["alibi"][event] = returned["value"]
            for call in ("score", "predict"):
                if call in returned:
                    took[call].append(returned[call])

        systems = {"ours": lambda event: self.ours.push(rounded[event]),
                   "alibi": lambda event: self.alibi.push(points[event])}
        took["python"] = take_turns(systems, events, turn, self.by_event, keep)["ours"]
        for event in range(events):
            self._compare(values["ours"][event], values["alibi"][event])
        return took

    def _compare(self, ours, theirs):
        self.event += 1
        if self.event < WINDOW:
            return
        seen = self.stream[np.arange(self.event - WINDOW, self.event) % len(self.stream)]
        exact = by_definition(self.activations.points[seen], self.reference, self.bandwidth, self.self_kernel)
        self.from_definition = max(self.from_definition, abs(ours - exact))
        self.from_alibi = max(self.from_alibi, abs(ours - theirs))

    def differs(self):
        return self.from_definition > TOLERANCE or self.from_alibi > TOLERANCE


def run(context, table, _):
    if not context.torch:
        table.add("exact MMD per event, W = 64, alibi-detect", "-", "-", "not set up", "mmd", None)
        return
    for references in REFERENCES:
        beside_alibi(context, table, references)


def beside_alibi(context, table, references):
    say(f"mmd: alibi-detect sets its thresholds for {references:,} reference points")
    goal = "mmd" if references == SERVED else None
    what = f"exact MMD per event, W = {WINDOW}, {references:,} reference points, alibi-detect"
    comparison = Comparison(context, references)
    comparison.round(3 * WINDOW, 0)
    if not comparison.differs():
        times = timed(context, comparison)
    if comparison.differs():
        context.failed = True
        table.add(what, "-", "-", "differs", goal, None)
    else:
        rows(table, what, goal, times)
    table.note(f"MMD, {references:,} reference points: greatest difference from the definition in double "
               f"{comparison.from_definition:.1e}, from alibi-detect {comparison.from_alibi:.1e}; "
               f"{comparison.alibi.versions}")
    comparison.alibi.close()


def timed(context, comparison):
    times = {name: [] for name in ("score", "predict", "ours", "python")}
    events = 4 if context.quick else EVENTS
    progress = Progress("mmd, W = 64", "rounds", context.rounds)
    for turn in range(context.rounds):
        took = comparison.round(events, turn)
        for name in times:
            times[name].append(took[name])
        progress.advance()
    progress.finish()
    return times


def rows(table, what, goal, times):
    predict, score = Ratio(times["predict"], times["ours"]), Ratio(times["score"], times["ours"])
    table.add(f"{what} predict()", microseconds(predict.theirs), spread(predict.ours), predict.words(), goal,
              predict.value)
    table.add(f"{what} score() alone", microseconds(score.theirs), spread(score.ours), score.words())
    table.note(f"our MMD called through Python {microseconds(np.concatenate(times['python']))} us an event")
