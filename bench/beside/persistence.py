"""The peers in homology, each in its best mode: what it wants as input, the call, and its diagrams as sorted bars."""

import json
import subprocess
import sys

import numpy as np
from gudhi._ripser_ext import _full
from pyRipser import doRipsFiltrationDM


def finite_bars(bars):
    """Finite bars of positive length, ascending by (birth, death), float32, no minus zero."""
    bars = np.asarray(bars, np.float32).reshape(-1, 2) + np.float32(0)
    bars = bars[(bars[:, 1] > bars[:, 0]) & np.isfinite(bars[:, 1])]
    return bars[np.lexsort((bars[:, 1], bars[:, 0]))]


def cone_radius(matrix):
    return float(matrix.max(axis=1).min())


class Gudhi:
    """gudhi's Ripser backend as gudhi.sklearn's RipsPersistence calls it: the whole matrix, the cone radius as
    threshold; coefficients in Z/2."""

    name = "gudhi"

    def prepare(self, matrix):
        return matrix, max(0, min(1, len(matrix) - 3)), cone_radius(matrix)

    def call(self, prepared):
        matrix, dimension, radius = prepared
        return _full(matrix, max_dimension=dimension, max_edge_length=radius, homology_coeff_field=2)

    def diagrams(self, returned):
        return finite_bars(returned[0]), finite_bars(returned[1]) if len(returned) > 1 else np.empty((0, 2), np.float32)


class Ripser:
    """Ripser's C++ inside ripser.py, below its Python: the upper triangle row by row, the cone radius as threshold."""

    name = "ripser"

    def prepare(self, matrix):
        return np.ascontiguousarray(matrix[np.triu_indices(len(matrix), 1)]), cone_radius(matrix)

    def call(self, prepared):
        return doRipsFiltrationDM(prepared[0], 1, prepared[1], 2, False)

    def diagrams(self, returned):
        listed = returned["births_and_deaths_by_dim"]
        return finite_bars(listed[0]), finite_bars(listed[1])


class Giotto:
    """giotto-ph in a process of its own (AGPL), one thread. Its time is taken there, around its compiled function."""

    name = "giotto"

    def __init__(self, python):
        self.process = subprocess.Popen([python, "-m", "beside.giotto_peer"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=sys.stderr)
        self.took = 0

    def prepare(self, matrix):
        return matrix

    def call(self, matrix):
        self.process.stdin.write(np.int64(len(matrix)).tobytes() + matrix.tobytes())
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("giotto-ph ended")
        answer = json.loads(line)
        self.took = answer["nanoseconds"]
        return answer["diagrams"]

    def diagrams(self, returned):
        return finite_bars(returned[0]), finite_bars(returned[1])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def same(ours, theirs):
    """Whether two diagrams are equal, bar by bar and bit for bit (-0 counting as 0)."""
    return all(len(a) == len(b) and np.array_equal(a + np.float32(0), b) for a, b in zip(ours, theirs, strict=True))
