"""Messages and progress on standard error: a line that renews itself on a terminal, one every ten seconds elsewhere."""

import sys
import time

SECONDS_BETWEEN_LINES = 10
SECONDS_BETWEEN_DRAWS = 0.2


def say(text):
    print(text, file=sys.stderr, flush=True)


class Progress:
    """Share done, rate and time left of `total` units of work."""

    def __init__(self, what, unit, total):
        self.what, self.unit, self.total = what, unit, max(1, total)
        self.done = 0
        self.started = time.monotonic()
        self.drawn = self.started
        self.terminal = sys.stderr.isatty()

    def advance(self, count=1):
        self.done += count
        now = time.monotonic()
        if now - self.drawn >= (SECONDS_BETWEEN_DRAWS if self.terminal else SECONDS_BETWEEN_LINES):
            self.drawn = now
            self._draw(now)

    def finish(self):
        self._draw(time.monotonic(), last=True)

    def _draw(self, now, last=False):
        seconds = max(now - self.started, 1e-9)
        rate = self.done / seconds
        left = (self.total - self.done) / rate if rate > 0 else float("inf")
        text = f"  {self.what}: {self.done:,} of {self.total:,} {self.unit}, {rate:,.1f} a second, "
        text += f"{seconds:.0f} s" if last else f"{left:.0f} s left"
        if self.terminal:
            print(f"\r\033[K{text}", end="\n" if last else "", file=sys.stderr, flush=True)
        else:
            say(text)
