// Kesarwani, Mukhoty, Arya, Mehta, "Model Extraction Warning in MLaaS Paradigm" (arXiv 1711.07221), both strategies.
//
// Information gain: a decision tree learnt from an account's queries and answers parts a validation set that the
// provider keeps; what those parts tell of the provider's own answers to the set is what the account has learnt.
// Coverage: of every class the account's queries are summed up by the box they lie in, compared with the box of the
// class; accounts that collude are summed up together, since the box of a union is the hull of the boxes.
// Here a query is the 16 leading coordinates of its unit point, the answer its chart of a coarse atlas.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lab/rows.hpp"

namespace cms::lab {

inline constexpr std::uint32_t kSourceClasses = 32;
inline constexpr std::uint32_t kSourceFeatures = 16;

// What the provider keeps: queries and its answers to them, and what it knows of the classes.
struct SourceModel {
  Rows queries;                        // m x features
  std::vector<std::uint16_t> answers;  // m classes
  double entropy_bits = 0;             // of the answers
  Rows lower, upper;                   // classes x features: the box of each class
};
// `answers` are below kSourceClasses. Cost: linear.
SourceModel make_source_model(Rows queries, std::vector<std::uint16_t> answers);

// Share of the validation set's entropy that the tree of an account takes away, in [0, 1]: splits by greatest gain at a
// threshold of one feature until a leaf is of one class. 0 for no query. Cost: n log n a feature and level, and the
// depth for every validation row.
double information_gain(const SourceModel& source, const Rows& queries, std::span<const std::uint16_t> answers);

// Mean over the validation set of how much of its class's box the account's box of that class covers: the mean over the
// features of the covered share of the width. In [0, 1]. Cost: linear.
double box_coverage(const SourceModel& source, const Rows& queries, std::span<const std::uint16_t> answers);

}  // namespace cms::lab
