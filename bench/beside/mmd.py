"""Section `mmd`: exact unbiased squared MMD of a window, one point an event, beside alibi-detect's online detector."""

import json
import subprocess
import sys

import numpy as np

from beside.console import Progress, say
from beside.figures import Ratio, alternate, microseconds, spread
from beside.library import Mmd

WINDOW, REFERENCE = 64, 2048  # the product's: atlas::FitOptions::reference_max
EVENTS = 20  # of a round
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

    def __init__(self, context):
        activations = context.activations
        order = np.random.default_rng(7).permutation(len(activations))
        candidates = order[:REFERENCE + 2 * WINDOW - 1]
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

    def push(self, check=True):
        """One event on both sides: their answer, our nanoseconds inside and through Python."""
        row = self.stream[self.event % len(self.stream)]
        point, rounded = self.activations.points[row], self.activations.int8[row]
        took, returned = alternate({"ours": lambda: self.ours.push(rounded), "alibi": lambda: self.alibi.push(point)},
                                   self.event)
        self.event += 1
        if check and self.event >= WINDOW:
            seen = self.stream[np.arange(self.event - WINDOW, self.event) % len(self.stream)]
            exact = by_definition(self.activations.points[seen], self.reference, self.bandwidth, self.self_kernel)
            self.from_definition = max(self.from_definition, abs(self.ours.value[0] - exact))
            self.from_alibi = max(self.from_alibi, abs(self.ours.value[0] - returned["alibi"]["value"]))
        return returned["alibi"], returned["ours"], took["ours"]


def run(context, table, _):
    if not context.torch:
        table.add("exact MMD per event, W = 64, alibi-detect", "-", "-", "not set up", "mmd", None)
        return
    say("mmd: alibi-detect sets its thresholds")
    comparison = Comparison(context)
    for _ in range(3 * WINDOW):
        comparison.push()
    differ = comparison.from_definition > TOLERANCE or comparison.from_alibi > TOLERANCE
    table.note(f"MMD, W = {WINDOW}, {REFERENCE:,} reference points: greatest difference from the definition in double "
               f"{comparison.from_definition:.1e}, from alibi-detect {comparison.from_alibi:.1e}")
    if differ:
        context.failed = True
        table.add("exact MMD per event, W = 64, alibi-detect", "-", "-", "differs", "mmd", None)
    else:
        timed(context, table, comparison)
    comparison.alibi.close()


def timed(context, table, comparison):
    times = {name: [] for name in ("score", "predict", "ours", "python")}
    events = 4 if context.quick else EVENTS
    progress = Progress("mmd, W = 64", "rounds", context.rounds)
    for _ in range(context.rounds):
        took = {name: [] for name in times}
        for _ in range(events):
            answer, ours, python = comparison.push(check=False)
            for name in ("score", "predict"):
                if name in answer:
                    took[name].append(answer[name])
            took["ours"].append(ours)
            took["python"].append(python)
        for name in times:
            times[name].append(took[name])
        progress.advance()
    progress.finish()
    predict, score = Ratio(times["predict"], times["ours"]), Ratio(times["score"], times["ours"])
    table.add("exact MMD per event, W = 64, alibi-detect predict()", microseconds(predict.theirs),
              spread(predict.ours), predict.words(), "mmd", predict.value)
    table.add("exact MMD per event, W = 64, alibi-detect score() alone", microseconds(score.theirs),
              spread(score.ours), score.words())
    table.note(f"{comparison.alibi.versions}; our MMD called through Python "
               f"{microseconds(np.concatenate(times['python']))} us an event")
