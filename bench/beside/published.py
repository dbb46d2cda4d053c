"""The published CMS score in plain numpy, written from its description: six signals of a window of raw activations,
weighted .30 .25 .20 .15 .05 .05. It is what the whole step is timed against; it knows no homology, no atlas and no
calibration. Written the way such code is usually written: whole matrices, a Python loop where pairs follow one another.
"""

import numpy as np

BINS, BUCKETS, LEADING = 20, 256, 16
TINY = 1e-8


def upper_cosines(rows):
    """Cosines of all pairs of rows, through the full Gram matrix."""
    unit = rows / (np.linalg.norm(rows, axis=1, keepdims=True) + TINY)
    return (unit @ unit.T)[np.triu_indices(len(rows), 1)]


def upper_correlations(rows):
    """The same, each row centred first."""
    return upper_cosines(rows - rows.mean(axis=1, keepdims=True))


def entropy(similarities):
    """Bits of the histogram of similarities over [-1, 1]."""
    counts, _ = np.histogram(np.clip(similarities, -1, 1), bins=BINS, range=(-1, 1))
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


def hashed_coverage(rows):
    """Share of buckets hit when each row is hashed by its leading coordinates, by their signs and by their sizes."""
    hit = set()
    for row in rows:
        leading = np.argsort(np.abs(row))[-LEADING:]
        values = row[leading]
        for key in (leading, values > 0, (4 * np.abs(values)).astype(int)):
            hit.add(hash(tuple(key.tolist())) % BUCKETS)
    return len(hit) / BUCKETS


def sequential_coherence(rows):
    """Mean correlation of consecutive rows, pair by pair."""
    return float(np.mean([upper_correlations(rows[i:i + 2])[0] for i in range(len(rows) - 1)]))


def published_score(rows):
    """In [0, 1], higher for what looks like extraction. `rows`: window x dimension."""
    similarities = upper_correlations(rows)
    magnitude = abs(float(upper_cosines(rows).mean()) - float(upper_correlations(rows).mean()))
    variance = float(rows.var(axis=0).mean())
    return (0.30 * max(0.0, 1 - float(similarities.mean())) + 0.25 * min(entropy(similarities) / 4, 1)
            + 0.20 * max(0.0, 1 - sequential_coherence(rows)) + 0.15 * hashed_coverage(rows)
            + 0.05 * min(5 * magnitude, 1) + 0.05 * min(10 * variance, 1))
