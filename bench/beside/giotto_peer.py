"""giotto-ph as a peer process: matrices on standard input (int64 count, float32 values), one JSON line each back."""

import json
import sys
import time

import numpy as np
from gph.python.ripser_interface import _compute_ph_vr_dense


def main():
    source = sys.stdin.buffer
    while header := source.read(8):
        count = int(np.frombuffer(header, np.int64)[0])
        matrix = np.frombuffer(source.read(4 * count * count), np.float32).reshape(count, count)
        upper = np.ascontiguousarray(matrix[np.triu_indices(count, 1)])
        diagonal = np.zeros(count, np.float32)
        radius = float(matrix.max(axis=1).min())
        processor = time.thread_time_ns()
        start = time.perf_counter_ns()
        result = _compute_ph_vr_dense(upper, diagonal, 1, radius, 2, 1, False)
        wall = time.perf_counter_ns() - start
        took = min(wall, time.thread_time_ns() - processor)  # as figures.timed()
        bars = [[[float(b), float(d)] for b, d in np.reshape(values, (-1, 2)) if np.isfinite(d)]
                for values in result.births_and_deaths_by_dim()]
        print(json.dumps({"nanoseconds": took, "diagrams": bars}), flush=True)


if __name__ == "__main__":
    main()
