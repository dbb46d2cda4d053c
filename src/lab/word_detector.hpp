// DATE-like: does a text hold the words that people put there?
//
// DATE (Manolache, Brad, Burceanu, NAACL 2021; adapted to windows of queries by arXiv 2606.05725) trains a transformer
// on benign texts of which half the words are replaced, to tell the text's own words from replacements; an anomalous
// text is one whose words, none of them replaced, it does not take for its own. Here the discriminator is logistic
// regression over hashed contexts of a word, and replacements are drawn from the vocabulary uniformly (the random
// generator of the paper's ablation). The second task, guessing which mask was used, shapes an encoder; there is none
// here, so it is left out.
// Threads: read-only once made. Cost: to make one, 5 passes over the texts; a text, its length.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace cms::lab {

// The words of a text, in order (words.hpp).
using Words = std::vector<std::string>;

class WordDetector {
 public:
  // Learns from `texts` of people; equal texts and seed give equal detectors.
  WordDetector(std::span<const Words> texts, std::uint64_t seed);

  // 1 - the mean probability that a word is the text's own, in [0, 1]; 0 for a text without words.
  [[nodiscard]] double anomaly(const Words& text) const;

 private:
  [[nodiscard]] double own_probability(const Words& text, std::size_t at) const;

  std::vector<float> weights_;  // by hashed context
};

}  // namespace cms::lab
