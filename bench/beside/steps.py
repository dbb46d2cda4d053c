"""Sections `step`, `threads` and `allocations`: from a raw activation to Proof-of-Humanity, with every measure."""

import hashlib
import json
import subprocess
import time

import numpy as np

from beside.console import Progress, say
from beside.environments import cache_folder, locked, run as run_logged
from beside.figures import Ratio, alternate, microseconds, spread
from beside.inputs import write_set
from beside.library import Steps
from beside.published import published_score

ACCOUNTS = 8            # interleaved, so that none finds the caches as it left them
CALIBRATION = 120       # accounts of the model's calibration
REQUESTS = {64: 96, 256: 272}  # of each of them: the horizon that breadth and mixture look back on
CHARTS = 256
EVENTS = {64: 400, 256: 60}   # of a round of throughput
PUBLISHED_EVENTS = 20
THREAD_ACCOUNTS, THREAD_EVENTS = 64, 4000


def model(context, length):
    """A model fitted by `cms fit` on the examples, kept in the cache by the program that made it."""
    program = context.build / "bin" / "cms"
    examples = context.root / "examples" / "activations"
    with locked(cache_folder()):
        stamp = hashlib.sha256(program.read_bytes() + examples.with_suffix(".npy").read_bytes()
                               + repr((CALIBRATION, REQUESTS, CHARTS)).encode()).hexdigest()[:12]
        path = cache_folder() / f"model-{length}-{stamp}.cms"
        if path.exists():
            return path
        say(f"fitting a model with window {length} on the examples")
        for old in cache_folder().glob(f"model-{length}-*.cms"):
            old.unlink()
        rows = np.load(examples.with_suffix(".npy"))
        starts = np.random.default_rng(3).integers(0, len(rows) - REQUESTS[length], CALIBRATION)
        accounts = np.concatenate([rows[start:start + REQUESTS[length]] for start in starts])
        manifest = json.loads((examples.parent / "activations.manifest.json").read_text(encoding="utf-8"))
        calibrate = cache_folder() / f"calibrate-{length}"
        write_set(calibrate, accounts, CALIBRATION, manifest)
        log = cache_folder() / f"fit-{length}.log"
        log.unlink(missing_ok=True)
        run_logged([str(program), "fit", "--manifold", str(examples), "--benign", str(examples), "--calibrate",
                    str(calibrate), "--charts", str(CHARTS), "--window", str(length), "--stride", "16", "-o",
                    str(path)], log)
        return path


class Feed:
    """Raw rows of real activations, endlessly, for accounts in turn."""

    def __init__(self, context, seed):
        self.rows = context.activations.raw[np.random.default_rng(seed).permutation(len(context.activations))]
        self.next = 0

    def take(self, count):
        picked = np.arange(self.next, self.next + count) % len(self.rows)
        self.next += count
        return np.ascontiguousarray(self.rows[picked])


def beside_published(context, table, path):
    """One request: our step, and the published score of that account's last 64 raw rows."""
    length = 64
    steps, feed = Steps(context.library, path, 1), Feed(context, 5)
    kept = feed.take(3 * length)
    steps.push(kept)
    window, each = list(kept[-length:]), np.empty(1, np.int64)
    times = {name: [] for name in ("ours", "python", "published")}
    events = 4 if context.quick else PUBLISHED_EVENTS
    progress = Progress("whole step, W = 64", "rounds", context.rounds)
    for _ in range(context.rounds):
        took = {name: [] for name in times}
        for event in range(events):
            row = feed.take(1)
            window = [*window[1:], row[0]]
            rows = np.stack(window)
            once, _ = alternate({"ours": lambda row=row: steps.push(row, each),
                                 "published": lambda rows=rows: published_score(rows)}, event)
            took["ours"].append(each[0])
            took["python"].append(once["ours"])
            took["published"].append(once["published"])
        for name in times:
            times[name].append(took[name])
        progress.advance()
    progress.finish()
    ratio = Ratio(times["published"], times["ours"])
    table.add("whole step, W = 64, d = 576, published score in numpy", microseconds(ratio.theirs), spread(ratio.ours),
              ratio.words(), "step_published", ratio.value)
    table.note("the published score is another statistic, so there is no equality to check; our step called through "
               f"Python {microseconds(np.concatenate(times['python']))} us an event")


def throughput(context, table, path, length):
    """Requests of several accounts, interleaved, one thread: one by one and in batches, which must give the same."""
    single, batch = (Steps(context.library, path, ACCOUNTS) for _ in range(2))
    feed = Feed(context, 6)
    warm = feed.take(ACCOUNTS * (REQUESTS[length] + 8))
    single.push(warm)
    batch.push(warm)
    count = EVENTS[length] // 5 if context.quick else EVENTS[length]
    each, all_each, rates = np.empty(count, np.int64), [], {"single": [], "batch": []}
    progress = Progress(f"events a second, W = {length}", "rounds", context.rounds)
    for i in range(context.rounds):
        rows = feed.take(count)
        _, took = alternate({"single": lambda rows=rows: single.push(rows, each),
                             "batch": lambda rows=rows: batch.push(rows)}, i)
        if not np.array_equal(single.poh[:count], batch.poh[:count]):
            say("step: one by one and in batches do not give the same PoH")
            context.failed = True
        for name in rates:
            rates[name].append(count / took[name] * 1e9)
        all_each.append(each.copy())
        progress.advance()
    progress.finish()
    median = {name: float(np.median(values)) for name, values in rates.items()}
    table.add(f"whole step, W = {length}, {ACCOUNTS} accounts interleaved, in batches, ours alone", "-",
              f"{1e6 / median['batch']:,.1f}", f"{median['batch']:,.0f} events/s", f"events_{length}", median["batch"])
    table.add(f"whole step, W = {length}, {ACCOUNTS} accounts interleaved, one by one, ours alone", "-",
              spread(np.concatenate(all_each)), f"{median['single']:,.0f} events/s")
    table.note(f"events a second in batches, W = {length}: best round {max(rates['batch']):,.0f}, worst "
               f"{min(rates['batch']):,.0f}")


def shared(steps, rows):
    """(nanoseconds of a push, those of processor time that this process was given in it)."""
    before = time.process_time_ns()
    return steps.push(rows), time.process_time_ns() - before


def two_threads(context, table, path):
    one, two = (Steps(context.library, path, THREAD_ACCOUNTS, threads) for threads in (1, 2))
    feed = Feed(context, 8)
    warm = feed.take(THREAD_ACCOUNTS * (REQUESTS[64] + 8))
    one.push(warm)
    two.push(warm)
    count = THREAD_EVENTS // 10 if context.quick else THREAD_EVENTS
    times, cores = {"one": [], "two": []}, []
    progress = Progress("two threads", "rounds", context.rounds)
    for i in range(context.rounds):
        rows = feed.take(count)
        _, returned = alternate({"one": lambda rows=rows: one.push(rows),
                                 "two": lambda rows=rows: shared(two, rows)}, i)
        returned["two"], busy = returned["two"]
        cores.append(busy / returned["two"])
        if not np.array_equal(one.poh[:count], two.poh[:count]):
            say("threads: one and two threads do not give the same PoH")
            context.failed = True
        times["one"].append([returned["one"]])
        times["two"].append([returned["two"]])
        progress.advance()
    progress.finish()
    ratio = Ratio(times["one"], times["two"])
    table.add(f"whole step, W = 64, {THREAD_ACCOUNTS} accounts, two threads beside one",
              f"{np.median(ratio.theirs) / count / 1e3:,.1f} (one)",
              f"{np.median(ratio.ours) / count / 1e3:,.1f} (two)",
              ratio.words(), "threads", ratio.value)
    table.note(f"two threads: the machine gave them {np.median(cores):.2f} cores; where that is well below 2, "
               "others were running and the ratio says little of ours")


def allocations(context, table, path):
    program = context.build / "bin" / "cms_allocations"
    examples = context.root / "examples" / "activations"
    done = subprocess.run([program, path, examples], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        context.failed = True
        table.add("allocations per event", "-", "-", "failed", "allocations", None)
        return
    counted = json.loads(done.stdout)
    each = counted["in_steps"] / counted["steps"]
    table.add("allocations per event, whole step, ours alone", "-", "-", f"{each:.4g}", "allocations", each)
    table.note(f"allocations: {counted['in_steps']:,} in {counted['steps']:,} steps, {counted['in_homology']:,} in "
               f"{counted['homology_events']:,} events of homology alone")


def run(context, table, sections):
    path = model(context, 64)
    if "step" in sections:
        beside_published(context, table, path)
        throughput(context, table, path, 64)
        throughput(context, table, model(context, 256), 256)
    if "threads" in sections:
        two_threads(context, table, path)
    if "allocations" in sections:
        allocations(context, table, path)
