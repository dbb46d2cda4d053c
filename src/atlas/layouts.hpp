// What project() reads of an atlas, laid out for the kernels of base. Everything here follows from the fields of the
// atlas and is made again when one is decoded; nothing of it lies on disk.
//
// Invariant: centroids.error and .length bound every centroid, whatever the values of the atlas; where they would not,
// `bounded` is false and the nearest chart is sought plainly.
// Threads: plain data. Cost: once the size of the atlas, and the distances between all reference points (some tens of
// milliseconds for 2,048). Reference: docs/kernels.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/aligned.hpp"
#include "base/columns.hpp"
#include "base/quads.hpp"

namespace cms::atlas {

struct Atlas;

// Centroids rounded to int8, each with its own scale, for the coarse pass of the nearest chart.
struct CoarseCentroids {
  Quads rows;                   // rows beyond the last centroid repeat it, so that none of them is better than all
  AlignedVector<float> scales;  // a row times its scale is about its centroid
  float error = 0;              // greatest length of a centroid less its scaled row
  float length = 0;             // greatest length of a scaled row
  bool bounded = false;
};

// Chords are looked up by their upper ten bits, as round_chord() gives them.
inline constexpr std::size_t kSurprisals = 1024;
inline std::size_t surprisal_place(std::uint16_t chord) { return chord >> 6; }

struct Layouts {
  Columns projection, sketch;
  CoarseCentroids centroids;
  Quads reference;                                  // the kernel's points first
  AlignedVector<double> reference_inverse_lengths;  // reference.padded, surplus ones 0
  AlignedVector<float> kernel_weights;              // of the first rows, up to a multiple of kLanes, surplus ones 0
  // -log of the conformal p-value of a point whose distance to its k-th nearest reference point lies in that place,
  // nats: (1 / n + share of the reference points at least as far from the others, by weight) / (1 / n + 1). Rising;
  // kSurprisals entries, all 0 where there are no more than k reference points.
  std::vector<float> surprisals;
};

// Reference points that stand for all of them in kernel means.
inline constexpr std::size_t kKernelPoints = 256;

// Rows of the reference, the kernel's first: where there are more than kKernelPoints, as many are herded, of one weight
// each, so that their mean kernel is near that of all by weight; the others follow as they lie.
// Cost: kernels between all reference points. Reference: Chen, Welling, Smola, Super-samples from kernel herding, UAI
// 2010, eq. 8 (each point at most once). Measured: docs/measures/divergence.md.
std::vector<std::uint32_t> kernel_order(const Atlas& atlas);

// Makes the layouts of what the atlas holds so far; parts that are empty stay empty.
void derive(Atlas& atlas);

}  // namespace cms::atlas
