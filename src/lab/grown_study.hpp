// A study that takes in texts after it was made: queries that nobody asked before an attacker made them up.
//
// Threads: one owner.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lab/packed_vectors.hpp"
#include "lab/study.hpp"

namespace cms::lab {

// Adds `texts` to study and set as rows of distillers, of a family of their own; gives their rows, in order. They lie
// in no part of the split. Each is taken for new to the corpus, and must have its vector in `vectors`. Cost: a
// projection a text.
std::vector<std::uint32_t> add_texts(Study& study, ActivationSet& set, const std::string& family,
                                     std::span<const std::string> texts, const SequenceVectors& vectors);

}  // namespace cms::lab
