"""Sections `step`, `threads` and `allocations`: from a raw activation to Proof-of-Humanity, with every measure."""

import hashlib
import json
import subprocess
import sys
import time

import numpy as np

from beside.console import Progress, say
from beside.environments import cache_folder, locked, run as run_logged
from beside.figures import Ratio, alternate, microseconds, spread, take_turns
from beside.inputs import write_set
from beside.library import Steps
from beside.published import published_score

ACCOUNTS = 8            # interleaved, so that none finds the caches as it left them
CALIBRATION = 120       # accounts of the model's calibration
REQUESTS = {64: 96, 256: 272}  # of each of them: the horizon that breadth and mixture look back on
CHARTS = 256
EVENTS = {64: 400, 256: 60}   # of a round of throughput
PUBLISHED_EVENTS = 32
THREAD_ACCOUNTS, THREAD_EVENTS = 64, 4000
TOGETHER = 4            # accounts that a thread takes at a time
SPINS = 30_000_000      # of the loop in registers, about 30 ms


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
    for turn in range(context.rounds):
        rows, windows, inside = [], [], [0] * events
        for _ in range(events):
            rows.append(feed.take(1))
            window = [*window[1:], rows[-1][0]]
            windows.append(np.stack(window))

        def keep(name, event, _, inside=inside):
            if name == "ours":
                inside[event] = int(each[0])

        once = take_turns({"ours": lambda event, rows=rows: steps.push(rows[event], each),
                           "published": lambda event, windows=windows: published_score(windows[event])},
                          events, turn, context.by_event, keep)
        took = {"ours": inside, "python": once["ours"], "published": once["published"]}
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


class Process:
    """Half of the accounts in a process that shares nothing with anybody (steps_peer.py)."""

    def __init__(self, context, model_path, rows, count):
        library = context.build / "bench" / "libcms_peers.so"
        command = [sys.executable, "-m", "beside.steps_peer", str(library), str(model_path), str(rows),
                   str(THREAD_ACCOUNTS // 2), str(count)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sys.stderr,
                                        text=True)
        self.answer()

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("a process of the whole step ended")
        return line

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def together(processes):
    """Nanoseconds until all have taken in their rows, begun at once."""
    for one in processes:
        one.go()
    return max(int(one.answer()) for one in processes)


def two_processes(context, table, path):
    """What no program of two threads can be expected to exceed: two of one thread, with nothing in common."""
    count = (THREAD_EVENTS // 10 if context.quick else THREAD_EVENTS) // 2
    rows = cache_folder() / "process-rows.npy"
    np.save(rows, Feed(context, 9).take(max(8 * count, THREAD_ACCOUNTS // 2 * (REQUESTS[64] + 8))))
    pair = [Process(context, path, rows, count) for _ in range(2)]
    one, two = [], []
    progress = Progress("two processes", "rounds", context.rounds)
    for turn in range(context.rounds):
        took = alternate({"one": lambda: together(pair[:1]) + together(pair[1:]), "two": lambda: together(pair)},
                         turn)[1]
        one.append([took["one"]])
        two.append([took["two"]])
        progress.advance()
    progress.finish()
    for process in pair:
        process.close()
    table.add("whole step in two processes, one after the other and at once: nothing shared",
              f"{np.median(one) / count / 2e3:,.1f} (one)", f"{np.median(two) / count / 2e3:,.1f} (two)",
              Ratio(one, two).words())


def two_threads(context, table, path):
    one, two = (Steps(context.library, path, THREAD_ACCOUNTS, threads, TOGETHER) for threads in (1, 2))
    feed = Feed(context, 8)
    warm = feed.take(THREAD_ACCOUNTS * (REQUESTS[64] + 8))
    one.push(warm)
    two.push(warm)
    count = THREAD_EVENTS // 10 if context.quick else THREAD_EVENTS
    times, cores = {name: [] for name in ("one", "two", "spin one", "spin two")}, []
    progress = Progress("two threads", "rounds", context.rounds)
    for i in range(context.rounds):
        rows = feed.take(count)
        wall, returned = alternate({"one": lambda rows=rows: one.push(rows),
                                 "two": lambda rows=rows: shared(two, rows)}, i)
        cores.append(returned["two"][1] / wall["two"])
        if not np.array_equal(one.poh[:count], two.poh[:count]):
            say("threads: one and two threads do not give the same PoH")
            context.failed = True
        for name in ("one", "two"):
            times[name].append([wall[name]])
        spins = {f"spin {word}": lambda threads=threads: context.library.spin(threads, SPINS)
                 for word, threads in (("one", 1), ("two", 2))}
        for name, took in alternate(spins, i)[0].items():
            times[name].append([took])
        progress.advance()
    progress.finish()
    ratio = Ratio(times["one"], times["two"])
    table.add(f"whole step, W = 64, {THREAD_ACCOUNTS} accounts, two threads beside one",
              f"{np.median(ratio.theirs) / count / 1e3:,.1f} (one)",
              f"{np.median(ratio.ours) / count / 1e3:,.1f} (two)",
              ratio.words(), "threads", ratio.value)
    spun = Ratio([[2 * took for took in one] for one in times["spin one"]], times["spin two"])
    table.add("a loop in registers, twice: two threads beside one, which touch no memory",
              f"{np.median(spun.theirs) / 1e3:,.0f} (one)", f"{np.median(spun.ours) / 1e3:,.0f} (two)", spun.words())
    table.note(f"two threads: the machine gave them {np.median(cores):.2f} cores; a loop in registers, which uses "
               f"no memory and one unit of a core, came to {spun.words()}")


def allocations(context, table, paths):
    """The greatest number an event, over both lengths of the window: the goal is none at all."""
    counted = {length: count_allocations(context, path) for length, path in paths.items()}
    if None in counted.values():
        context.failed = True
        table.add("allocations per event", "-", "-", "failed", "allocations", None)
        return
    each = {length: one["in_steps"] / one["steps"] for length, one in counted.items()}
    words = ", ".join(f"{value:.4g} at W = {length}" for length, value in each.items())
    table.add("allocations per event, whole step, ours alone", "-", "-", words, "allocations", max(each.values()))
    for length, one in counted.items():
        table.note(f"allocations, W = {length}: {one['in_steps']:,} in {one['steps']:,} steps, {one['in_homology']:,} "
                   f"in {one['homology_events']:,} events of homology alone")


def count_allocations(context, path):
    program = context.build / "bin" / "cms_allocations"
    examples = context.root / "examples" / "activations"
    done = subprocess.run([program, path, examples], stdout=subprocess.PIPE, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def run(context, table, sections):
    path = model(context, 64)
    if "step" in sections:
        beside_published(context, table, path)
        throughput(context, table, path, 64)
        throughput(context, table, model(context, 256), 256)
    if "threads" in sections:
        two_threads(context, table, path)
        two_processes(context, table, path)
    if "allocations" in sections:
        allocations(context, table, {64: path, 256: model(context, 256)})
