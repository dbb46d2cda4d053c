"""Our side: the C functions of bench/peers_library.hpp, loaded with ctypes. Addresses of arrays are passed as integers,
which is the cheapest call that ctypes has."""

import ctypes

import numpy as np

POINTER, INT, LONG, WORD, REAL = (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int64, ctypes.c_uint64, ctypes.c_double)
TEXT = ctypes.c_char_p
FUNCTIONS = {
    "about": (TEXT,), "error": (TEXT,), "family": (TEXT, INT), "window": (LONG, TEXT, INT, WORD, POINTER),
    "homology_open": (POINTER, INT, WORD), "homology_close": (None, POINTER), "homology_budget": (WORD, INT),
    "homology_scratch": (LONG, POINTER, POINTER, INT), "homology_start": (LONG, POINTER, POINTER, INT),
    "homology_replace": (LONG, POINTER, INT, POINTER), "homology_bars": (INT, POINTER, INT, POINTER, INT),
    "homology_truncated": (INT, POINTER), "homology_units": (WORD, POINTER),
    "mmd_open": (POINTER, POINTER, INT, INT, POINTER, REAL, REAL, INT), "mmd_close": (None, POINTER),
    "mmd_push": (LONG, POINTER, POINTER, POINTER),
    "charts_open": (POINTER, POINTER, INT, INT), "charts_close": (None, POINTER),
    "charts_nearest": (LONG, POINTER, POINTER, INT, POINTER),
    "steps_open": (POINTER, TEXT, INT, INT, INT), "steps_close": (None, POINTER), "steps_dimension": (INT, POINTER),
    "spin": (LONG, INT, WORD),
    "steps_window": (INT, POINTER), "steps_push": (LONG, POINTER, POINTER, INT, POINTER, POINTER),
}
BARS_MAX = 1 << 15  # of one window of 256 points: at most (W/2 - 1)^2


class Library:
    """The functions without their prefix: library.window(...)."""

    def __init__(self, path):
        loaded = ctypes.CDLL(str(path))
        for name, (result, *parameters) in FUNCTIONS.items():
            function = getattr(loaded, f"cms_peers_{name}")
            function.restype, function.argtypes = result, parameters
            setattr(self, name, function)

    def families(self):
        names, index = [], 0
        while (name := self.family(index)) is not None:
            names.append(name.decode())
            index += 1
        return names

    def make_window(self, family, count, seed):
        matrix = np.empty((count, count), np.float32)
        if self.window(family.encode(), count, seed, matrix.ctypes.data) < 0:
            raise ValueError(f"no window of family {family} with {count} points")
        return matrix


class Handle:
    """What one of the *_open functions gave; closed with the object."""

    def __init__(self, library, kind, *arguments):
        self.library, self.kind = library, kind
        self.handle = getattr(library, f"{kind}_open")(*arguments)
        if not self.handle:
            raise ValueError(f"{kind}: {(library.error() or b'refused').decode()}")

    def __del__(self):
        if getattr(self, "handle", None):
            getattr(self.library, f"{self.kind}_close")(self.handle)


class Homology(Handle):
    """Diagrams of one window of at most `length` points."""

    def __init__(self, library, length, budget=0):
        super().__init__(library, "homology", length, budget)
        self.buffer = np.empty((BARS_MAX, 2), np.float32)

    def scratch(self, matrix):
        return self.library.homology_scratch(self.handle, matrix.ctypes.data, len(matrix))

    def start(self, matrix):
        return self.library.homology_start(self.handle, matrix.ctypes.data, len(matrix))

    def replace(self, slot, row):
        return self.library.homology_replace(self.handle, slot, row.ctypes.data)

    def bars(self, dimension):
        count = self.library.homology_bars(self.handle, dimension, self.buffer.ctypes.data, BARS_MAX)
        return self.buffer[:count].copy()

    def diagrams(self):
        return self.bars(0), self.bars(1)

    def truncated(self):
        return bool(self.library.homology_truncated(self.handle))


class Mmd(Handle):
    """Unbiased squared MMD of a sliding window to a weighted reference of int8 points."""

    def __init__(self, library, reference, weights, bandwidth, self_kernel, length):
        self.reference = np.ascontiguousarray(reference, np.int8)
        self.weights = np.ascontiguousarray(weights, np.float32)
        rows, rank = self.reference.shape
        super().__init__(library, "mmd", self.reference.ctypes.data, rows, rank, self.weights.ctypes.data, bandwidth,
                         self_kernel, length)
        self.value = np.empty(1)

    def push(self, point):
        return self.library.mmd_push(self.handle, point.ctypes.data, self.value.ctypes.data)


class Charts(Handle):
    """Nearest of many centroids."""

    def __init__(self, library, centroids):
        centroids = np.ascontiguousarray(centroids, np.float32)
        super().__init__(library, "charts", centroids.ctypes.data, *centroids.shape)

    def nearest(self, points, out):
        return self.library.charts_nearest(self.handle, points.ctypes.data, len(points), out.ctypes.data)


class Steps(Handle):
    """The whole step of a number of accounts under the model in a file."""

    def __init__(self, library, model, accounts, threads=1, together=None):
        super().__init__(library, "steps", str(model).encode(), accounts, threads, together or accounts)
        self.poh = np.empty(1)

    def push(self, rows, each=None):
        """Nanoseconds of all; those of each row into `each` (int64), where it is given."""
        if len(self.poh) < len(rows):
            self.poh = np.empty(len(rows))
        return self.library.steps_push(self.handle, rows.ctypes.data, len(rows), self.poh.ctypes.data,
                                       None if each is None else each.ctypes.data)
