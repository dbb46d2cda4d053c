"""The whole step in a process of its own, one thread: LIBRARY MODEL ROWS.npy ACCOUNTS COUNT. Warms itself with all
rows, then pushes the next COUNT of them whenever a line comes, and answers with the nanoseconds by the clock."""

import sys
import time

import numpy as np

from beside.library import Library, Steps


def main():
    library, model, rows, accounts, count = sys.argv[1:]
    rows, count = np.load(rows), int(count)
    steps = Steps(Library(library), model, int(accounts))
    steps.push(rows)
    parts = [np.ascontiguousarray(rows[i:i + count]) for i in range(0, len(rows) - count + 1, count)]
    print("ready", flush=True)
    for turn, _ in enumerate(sys.stdin):
        part = parts[turn % len(parts)]
        start = time.perf_counter_ns()
        steps.push(part)
        print(time.perf_counter_ns() - start, flush=True)


if __name__ == "__main__":
    main()
