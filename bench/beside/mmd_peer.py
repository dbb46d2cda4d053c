"""alibi-detect's online MMD as a peer process: one JSON header line and the reference candidates on standard input,
then one float32 point an event; one JSON line back for each. score() and predict() take turns and are timed here."""

import importlib.metadata
import json
import logging
import os
import sys
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import numpy as np  # noqa: E402
import torch  # noqa: E402
from alibi_detect.cd import MMDDriftOnline  # noqa: E402

EXPECTED_RUN_TIME, BOOTSTRAPS = 100, 300  # of its thresholds, which cost nothing per event


def timed(work):
    """As figures.timed(), whose module needs more than there is here."""
    processor = time.thread_time_ns()
    start = time.perf_counter_ns()
    result = work()
    wall = time.perf_counter_ns() - start
    return result, min(wall, time.thread_time_ns() - processor)


def main():
    torch.set_num_threads(1)
    torch.manual_seed(1)
    source = sys.stdin.buffer
    header = json.loads(source.readline())
    rank = header["rank"]
    candidates = np.frombuffer(source.read(4 * header["rows"] * rank), np.float32).reshape(-1, rank).copy()
    detector = MMDDriftOnline(candidates, ert=EXPECTED_RUN_TIME, window_size=header["window"], backend="pytorch",
                              sigma=np.array([header["sigma"]], np.float32), n_bootstraps=BOOTSTRAPS, verbose=False)
    versions = f"alibi-detect {importlib.metadata.version('alibi-detect')}, torch {torch.__version__}, one thread"
    print(json.dumps({"reference": detector._detector.ref_inds.tolist(), "versions": versions}), flush=True)
    event = 0
    while data := source.read(4 * rank):
        point = np.frombuffer(data, np.float32)
        if event % 2:
            value, took = timed(lambda: detector.score(point))
            answer = {"value": float(value), "score": took}
        else:
            value, took = timed(lambda: detector.predict(point))
            answer = {"value": float(value["data"]["test_stat"]), "predict": took}
        event += 1
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
