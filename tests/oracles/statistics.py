"""Expected results for the statistical measures, computed with numpy and scipy.

    pip install numpy scipy && python tests/oracles/statistics.py

writes statistics.json beside this file: inputs (all drawn here from fixed seeds) and what coverage, dispersion,
coherence, divergence, mixture and repetition must give for them. Where a second way to the same number exists it is
the one used here: eigenvalues for the effective rank, vectors for angles and cosines, loops over charts (not
frequency counts) for entropies, scipy's own Shapiro-Wilk beside the published coefficients.

Points are rows of small integers. Both sides make the same float32 chord distances of them; keys that end in
`_of_vectors` come from the rows themselves and agree only as far as float32 distances go.
"""

import json
import math
import pathlib

import numpy as np
from scipy import special, stats

RNG = np.random.default_rng(20240607)
DIMENSION = 8


def unit(rows):
    rows = np.asarray(rows, dtype=np.float64)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def chord_distances(a, b):
    """sqrt(2 - 2 cos) as float32, from exact integer dot products."""
    a, b = np.asarray(a, dtype=np.int64), np.asarray(b, dtype=np.int64)
    dots = (a @ b.T).astype(np.float64)
    norms = np.sqrt((a * a).sum(1).astype(np.float64))[:, None] * np.sqrt((b * b).sum(1).astype(np.float64))[None, :]
    return np.sqrt(np.maximum(0.0, 2 - 2 * (dots / norms))).astype(np.float32).astype(np.float64)


# ---- windows -------------------------------------------------------------------------------------------------------

def window_inputs():
    def normal(n, dim, spread=40):
        return np.rint(RNG.normal(size=(n, dim)) * spread)

    def around(centre, n, spread):
        return np.rint(np.asarray(centre) + RNG.normal(size=(n, len(centre))) * spread)

    centres = normal(4, DIMENSION, 60)
    clusters = np.concatenate([around(c, 12, 4) for c in centres])
    walk = np.cumsum(RNG.normal(size=(40, DIMENSION)) * 8, axis=0) + 60
    repeated = normal(12, DIMENSION)[RNG.integers(0, 12, size=30)]
    return {
        "random": normal(64, DIMENSION),
        "clusters": RNG.permutation(clusters),
        "clusters in order": clusters,
        "walk": np.rint(walk),
        "repeated points": repeated,
        "one tight cluster": around([90, -50, 30, 10, 0, 70, -20, 40], 24, 1),
        "great circle": [[round(100 * math.cos(t)), round(100 * math.sin(t))] for t in np.linspace(0, 3, 12)],
        "there and back": [[1, 0], [0, 1]] * 6,
        "orthonormal": np.eye(DIMENSION) * 127,
        "orthonormal and opposite": np.concatenate([np.eye(DIMENSION), -np.eye(DIMENSION)]) * 127,
        "opposite pair": [[3, 4, 0], [-3, -4, 0]],
        "all equal": [[5, 6, 7]] * 9,
        "three": normal(3, 4),
        "two": normal(2, 4),
        "one": normal(1, 4),
    }


def mean_pairwise_cosine(cosines):
    n = len(cosines)
    return None if n < 2 else float(cosines[~np.eye(n, dtype=bool)].mean())


def turning_angle(inner, path):
    """Mean angle between successive non-zero steps; inner = matrix of inner products."""
    kept = [path[0]]
    for slot in path[1:]:
        last = kept[-1]
        if inner[slot, slot] + inner[last, last] - 2 * inner[slot, last] > 1e-12:
            kept.append(slot)
    angles = []
    for a, b, c in zip(kept, kept[1:], kept[2:]):
        dot = inner[b, c] - inner[b, b] - inner[a, c] + inner[a, b]
        first = inner[a, a] + inner[b, b] - 2 * inner[a, b]
        second = inner[b, b] + inner[c, c] - 2 * inner[b, c]
        angles.append(math.acos(max(-1, min(1, dot / math.sqrt(first * second)))))
    return float(np.mean(angles)) if angles else None


def ranks(cosines, multiplicities):
    """Effective ranks of the expanded Gram matrix: of order 2, and exp of entropy (Roy and Vetterli 2007)."""
    if sum(multiplicities) < 2:
        return None, None
    gram = np.repeat(np.repeat(cosines, multiplicities, axis=0), multiplicities, axis=1)
    values = np.linalg.eigvalsh(gram)
    share = np.maximum(values, 0) / np.maximum(values, 0).sum()
    return float(values.sum() ** 2 / (values**2).sum()), float(np.exp(special.entr(share).sum()))


def window_case(name, rows, reference):
    rows = np.asarray(rows, dtype=np.int64)
    n = len(rows)
    distances = chord_distances(rows, rows)
    cosines = 1 - distances**2 / 2
    exact = unit(rows) @ unit(rows).T
    path = RNG.permutation(n) if name == "random" else np.arange(n)
    multiplicities = 1 + RNG.poisson(0.5, size=n)
    consecutive = [(path[i - 1], path[i]) for i in range(1, n)]

    def above_mean(matrix):
        return None if n < 3 else float(np.mean([matrix[p] for p in consecutive]) - mean_pairwise_cosine(matrix))

    h = reference["bandwidth"]
    kernel_to_reference = (np.exp(-chord_distances(rows, reference["rows"]) ** 2 / (2 * h * h))
                           @ np.asarray(reference["weights"])).astype(np.float32)
    kernel = np.exp(-distances**2 / (2 * h * h))
    mmd = None if n < 2 else float(kernel[~np.eye(n, dtype=bool)].mean() - 2 * kernel_to_reference.astype(float).mean()
                                   + reference["self_kernel"])
    rank, entropy_rank = ranks(cosines, multiplicities)
    return {
        "name": name, "rows": rows.tolist(), "path": path.tolist(), "multiplicities": multiplicities.tolist(),
        "kernel_to_reference": [float(f"{k:.9g}") for k in kernel_to_reference],
        "mean_cosine": mean_pairwise_cosine(cosines), "mean_cosine_of_vectors": mean_pairwise_cosine(exact),
        "above_mean": above_mean(cosines), "above_mean_of_vectors": above_mean(exact),
        "turning_angle": turning_angle(cosines, path), "turning_angle_of_vectors": turning_angle(exact, path),
        "mmd": mmd, "effective_rank": rank, "entropy_rank": entropy_rank,
    }


def reference_case():
    rows = np.rint(RNG.normal(size=(60, DIMENSION)) * 40 + 15).astype(np.int64)
    weights = RNG.uniform(0.5, 2, size=60)
    weights /= weights.sum()
    distances = chord_distances(rows, rows)
    h = 0.8
    kernel = np.exp(-distances**2 / (2 * h * h))
    pairs = np.outer(weights, weights)
    off = ~np.eye(60, dtype=bool)
    return {"rows": rows, "weights": weights, "bandwidth": h,
            "self_kernel": float((pairs * kernel)[off].sum() / pairs[off].sum())}


def window_cases(reference):
    cases = []
    for name, rows in window_inputs().items():
        rows = np.asarray(rows)
        padded = np.pad(rows, ((0, 0), (0, DIMENSION - rows.shape[1])))
        cases.append(window_case(name, padded, reference))
    return cases


# ---- coverage ------------------------------------------------------------------------------------------------------

def coverage_inputs():
    return {
        "uniform over 256": RNG.integers(0, 256, size=64),
        "zipf over 64": np.minimum(RNG.zipf(1.5, size=64), 64) - 1,
        "two interests": np.where(RNG.uniform(size=64) < 0.8, 3, RNG.integers(10, 14, size=64)),
        "long window": RNG.geometric(0.05, size=1000),
        "high chart numbers": RNG.integers(65500, 65536, size=40),
        "all singletons": RNG.permutation(64),
        "one chart": np.full(64, 7),
        "one chart and one visit": np.array([7] * 30 + [9]),
        "singletons, no doubletons": np.array([1, 1, 1, 2, 3, 4, 5, 5, 5, 5]),
        "doubletons, no singletons": np.array([1, 1, 2, 2, 3, 3, 3]),
        "two points apart": np.array([4, 8]),
        "two points together": np.array([4, 4]),
        "one point": np.array([4]),
        "no point": np.array([], dtype=int),
    }


def coverage_case(name, charts):
    held = np.unique(charts, return_counts=True)[1].astype(float)
    n, f1, f2 = float(len(charts)), float((held == 1).sum()), float((held == 2).sum())
    case = {"name": name, "charts": charts.tolist(), "points": len(charts), "distinct": len(held),
            "singletons": int(f1), "doubletons": int(f2), "sample_coverage": None, "chao1": None,
            "chao_shen_entropy": None, "hill_1": None, "hill_2": None}
    if n < 2:
        return case
    if f1 == 0:
        coverage = 1.0
    elif f2 > 0:
        coverage = 1 - f1 / n * ((n - 1) * f1 / ((n - 1) * f1 + 2 * f2))
    else:
        coverage = 1 - f1 / n * ((n - 1) * (f1 - 1) / ((n - 1) * (f1 - 1) + 2))
    unseen = (n - 1) / n * (f1 * f1 / (2 * f2) if f2 > 0 else f1 * (f1 - 1) / 2)
    turing = 1 - (f1 if f1 < n else n - 1) / n
    shares = turing * held / n
    case.update(sample_coverage=coverage, chao1=len(held) + unseen,
                chao_shen_entropy=float((special.entr(shares) / (1 - (1 - shares) ** n)).sum()),
                hill_1=float(np.exp(stats.entropy(held))), hill_2=float(1 / ((held / n) ** 2).sum()))
    return case


# ---- divergence of single points -----------------------------------------------------------------------------------

def neighbour_case(name, values):
    values = np.asarray([float(f"{v:.6g}") for v in values], dtype=np.float32)
    wide = values.astype(np.float64)
    tenth = math.ceil(len(values) / 10)
    return {"name": name, "values": [float(f"{v:.6g}") for v in values],
            "mean": float(wide.mean()) if len(values) else None,
            "tail": float(np.sort(wide)[-tenth:].mean()) if len(values) else None}


def neighbour_cases():
    dilute = np.concatenate([RNG.uniform(0.4, 0.8, size=57), RNG.uniform(1.2, 1.4, size=7)])
    return [neighbour_case("a window", RNG.uniform(0.4, 1.3, size=64)), neighbour_case("diluted", dilute),
            neighbour_case("ties", np.repeat([0.5, 0.75], 10)), neighbour_case("eleven", RNG.uniform(size=11)),
            neighbour_case("log densities", -RNG.gamma(3, 2, size=64)), neighbour_case("one", [0.7]),
            neighbour_case("none", [])]


# ---- mixture -------------------------------------------------------------------------------------------------------

def royston_w(values):
    """Shapiro-Wilk W with the coefficients of AS R94 and scipy's normal quantile, straight from the paper."""
    x = np.sort(np.asarray(values, dtype=np.float64))
    n = len(x)
    if n == 3:
        a = np.array([-math.sqrt(0.5), 0, math.sqrt(0.5)])
    else:
        m = special.ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25))
        u, mm = 1 / math.sqrt(n), (m * m).sum()
        c = m / math.sqrt(mm)
        last = np.polyval([-2.706056, 4.434685, -2.071190, -0.147981, 0.221157, c[-1]], u)
        second = np.polyval([-3.582633, 5.682633, -1.752461, -0.293762, 0.042981, c[-2]], u)
        k = 2 if n > 5 else 1
        top = [second, last][-k:]
        phi = (mm - 2 * (m[-k:] ** 2).sum()) / (1 - 2 * (np.array(top) ** 2).sum())
        a = m / math.sqrt(phi)
        a[-k:] = top
        a[:k] = -np.array(top)[::-1]
    y = x - x.mean()
    return float((a @ y) ** 2 / (y @ y))


def mixture_inputs():
    def two(n, gap):
        return np.where(RNG.uniform(size=n) < 0.5, 0.5, 0.5 + gap) + RNG.normal(size=n) * 0.05

    cases = {f"normal {n}": 0.8 + 0.1 * RNG.normal(size=n) for n in (3, 4, 5, 6, 7, 11, 12, 16, 50, 150, 1000)}
    cases |= {f"uniform {n}": RNG.uniform(size=n) for n in (3, 5, 11, 12, 50, 1000)}
    cases |= {"two populations 50": two(50, 0.4), "two populations 150": two(150, 0.4),
              "two populations 1000": two(1000, 0.25), "exponential 150": RNG.exponential(size=150),
              "student t2 150": RNG.standard_t(2, size=150), "cauchy 1000": RNG.standard_cauchy(size=1000),
              "ties 60": np.round(RNG.uniform(size=60), 1), "two values 40": np.repeat([0.25, 0.75], 20),
              "one apart 40": np.array([0.5] * 39 + [0.75]), "halves 30": np.array([0.5] * 15 + [0.625] * 15),
              "all equal 40": np.full(40, 0.7), "far from zero 50": 4096 + np.round(RNG.normal(size=50) * 8) / 8,
              "fifteen": RNG.normal(size=15), "outlier of sixteen": np.append(np.linspace(0.5, 0.6, 15), 90.0),
              "normal 5000": np.rint(RNG.normal(size=5000) * 300)}
    return cases


def mixture_case(name, values):
    values = np.asarray([float(f"{v:.5g}") for v in values], dtype=np.float32).astype(np.float64)
    case = {"name": name, "values": [float(f"{v:.5g}") for v in values], "w": None, "w_of_scipy": None,
            "normality": None}
    if np.ptp(values) > 0:
        case.update(w=royston_w(values), w_of_scipy=float(stats.shapiro(values).statistic))
    kept = values[np.abs(values - values.mean()) < 3 * values.std()]
    if len(kept) >= 16 and np.ptp(kept) > 0:
        case["normality"] = math.log(1 - royston_w(kept))
    return case


def main():
    reference = reference_case()
    result = {
        "coverage": [coverage_case(name, charts) for name, charts in coverage_inputs().items()],
        "reference": {key: reference[key] for key in ("bandwidth", "self_kernel")},
        "windows": window_cases(reference),
        "neighbours": neighbour_cases(),
        "mixture": [mixture_case(name, values) for name, values in mixture_inputs().items()],
    }
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(result, separators=(",", ":"), allow_nan=False) + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
