"""Section `charts`: the nearest of 1,024 centroids, beside faiss's flat index and scikit-learn, one thread."""

import time

import faiss
import numpy as np
from sklearn.metrics import pairwise_distances_argmin
from threadpoolctl import threadpool_limits

from beside.console import Progress, say
from beside.figures import Ratio, microseconds, spread, take_turns, timed as timed_call
from beside.library import Charts

CHARTS = 1024
BATCHES = {32: 32, 256: 8, 1: 128}  # points of a call: calls of a round
TIE = 1e-5  # products nearer than this may be told apart either way in float32


class Faiss:
    """IndexFlatIP below its Python wrapper, with the better of its two ways: a direct loop or BLAS."""

    def __init__(self, centroids):
        faiss.omp_set_num_threads(1)
        self.index = faiss.IndexFlatIP(centroids.shape[1])
        self.index.add(centroids)
        self.values, self.labels = np.empty(4096, np.float32), np.empty(4096, np.int64)
        self.out = faiss.swig_ptr(self.values), faiss.swig_ptr(self.labels)

    def call(self, count, pointer):
        self.index.search_c(count, pointer, 1, *self.out)

    def choose_way(self, points):
        """Sets the threshold above which faiss uses BLAS to what is faster here; says which."""
        took = {}
        for way, threshold in {"direct": 1 << 30, "BLAS": 1}.items():
            faiss.cvar.distance_compute_blas_threshold = threshold
            took[way] = np.median([self.nanoseconds(points) for _ in range(31)])
        way = min(took, key=took.get)
        faiss.cvar.distance_compute_blas_threshold = 1 << 30 if way == "direct" else 1
        return way

    def nanoseconds(self, points):
        pointer = faiss.swig_ptr(points)
        start = time.perf_counter_ns()
        self.call(len(points), pointer)
        return time.perf_counter_ns() - start

    def overhead(self, rank):
        """Nanoseconds of a call that has next to nothing to do: one point, one centroid."""
        nothing = Faiss(np.ones((1, rank), np.float32))
        point = np.ones((1, rank), np.float32)
        return float(np.median([nothing.nanoseconds(point) for _ in range(1001)]))


def equal(points, centroids, ours, theirs):
    """Whether both found the nearest, up to ties in float32."""
    products = np.einsum("ij,ij->i", points.astype(np.float64), centroids[ours].astype(np.float64))
    others = np.einsum("ij,ij->i", points.astype(np.float64), centroids[theirs].astype(np.float64))
    return bool(np.all((ours == theirs) | (np.abs(products - others) < TIE)))


def run(context, table, _):
    chance = np.random.default_rng(11)
    order = chance.permutation(len(context.activations))
    points = np.ascontiguousarray(context.activations.points, np.float32)
    centroids = np.ascontiguousarray(points[order[:CHARTS]])
    queries = np.ascontiguousarray(points[order[CHARTS:]])
    ours, theirs = Charts(context.library, centroids), Faiss(centroids)
    found = np.empty(len(queries), np.uint16)
    ours.nearest(queries, found)
    _, labels = theirs.index.search(queries, 1)
    learnt = pairwise_distances_argmin(queries, centroids)
    names = {"faiss": labels[:, 0], "scikit-learn": learnt}
    differing = [name for name, other in names.items() if not equal(queries, centroids, found, other)]
    if differing:
        say(f"charts: nearest charts differ from {', '.join(differing)}'s, so nothing is timed")
        context.failed = True
    for batch, calls in BATCHES.items():
        if differing:
            table.add(f"nearest of {CHARTS:,} charts, batch {batch}", "-", "-", "differs", f"charts_{batch}", None)
        else:
            timed(context, table, (ours, theirs, queries, centroids), batch, calls)
    table.note(f"nearest charts: {len(queries):,} points, equal to faiss's and scikit-learn's")


def timed(context, table, sides, batch, calls):
    """Theirs without the cost of calling through Python, ours as measured inside: net against net."""
    ours, theirs, queries, centroids = sides
    way = theirs.choose_way(queries[:batch])
    overhead = theirs.overhead(queries.shape[1])
    out = np.empty(batch, np.uint16)
    times = {name: [] for name in ("ours", "python", "faiss", "sklearn")}
    progress = Progress(f"charts, batch {batch}", "rounds", context.rounds)
    calls = max(2, calls // 10) if context.quick else calls
    for i in range(context.rounds):
        firsts = [(i * calls + j) * batch % (len(queries) - batch + 1) for j in range(calls)]
        some = [queries[first:first + batch] for first in firsts]
        pointers = [faiss.swig_ptr(points) for points in some]
        inside = [0] * calls

        def keep(name, event, returned, inside=inside):
            if name == "ours":
                inside[event] = returned

        systems = {"ours": lambda j, some=some: ours.nearest(some[j], out),
                   "faiss": lambda j, pointers=pointers: theirs.call(batch, pointers[j])}
        once = take_turns(systems, calls, i, context.by_event, keep)
        took = {"ours": inside, "python": once["ours"], "sklearn": [],
                "faiss": [max(1.0, value - overhead) for value in once["faiss"]]}
        with threadpool_limits(1):
            took["sklearn"].append(timed_call(lambda some=some: pairwise_distances_argmin(some[-1], centroids))[1])
        for name in times:
            times[name].append(took[name])
        progress.advance()
    progress.finish()
    ratio, learnt = Ratio(times["faiss"], times["ours"]), Ratio(times["sklearn"], times["ours"])
    table.add(f"nearest of {CHARTS:,} charts, batch {batch}, faiss flat ({way})", microseconds(ratio.theirs),
              spread(ratio.ours), ratio.words(), f"charts_{batch}", ratio.value)
    table.add(f"nearest of {CHARTS:,} charts, batch {batch}, scikit-learn", microseconds(learnt.theirs),
              spread(learnt.ours), learnt.words())
    table.note(f"charts, batch {batch}: calling faiss costs {overhead / 1e3:.1f} us, taken off its time; calling ours "
               f"costs {np.median(np.concatenate(times['python']) - np.concatenate(times['ours'])) / 1e3:.1f} us")
