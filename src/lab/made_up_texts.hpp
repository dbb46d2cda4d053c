// Queries that nobody asked: words drawn by chance, characters drawn by chance, and known texts changed where a student
// says that the answer would change.
//
// Threads: pure functions; equal arguments and chance give equal texts. What each stands for: docs/lab/made-up.md.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/random.hpp"

namespace cms::lab {

// The `count` most frequent words (words.hpp) of `texts`, the most frequent first, equal ones by spelling. Cost:
// linear.
std::vector<std::string> vocabulary_of(std::span<const std::string> texts, std::size_t count);

// RANDOM of Krishna et al. (ICLR 2020): `words` words drawn uniformly from `vocabulary`.
std::string random_words(std::span<const std::string> vocabulary, std::size_t words, Random& random);

// Lower-case letters drawn uniformly, in runs as long as `words` words of `vocabulary`, drawn uniformly, are.
std::string random_characters(std::span<const std::string> vocabulary, std::size_t words, Random& random);

// `count` texts of `make`, which is given a number of words: that of one of `models`, drawn uniformly, at most what the
// tap reads (kSegment); each is cut to what the tap reads, none comes twice.
std::vector<std::string> made_up(std::size_t count, std::span<const std::string> models,
                                 const std::function<std::string(std::size_t words, Random&)>& make, Random& random);

struct ChangeOptions {
  std::uint32_t tries = 32;  // pairs of a place and a word that are tried
};

// One round of Jacobian augmentation (Papernot et al., ASIACCS 2017) for one text: of changes that put another word of
// `vocabulary` in one place, the one under which `confidence`, the student's in what the model answered to `text`, is
// least. Nothing when every one of them is `taken` already or text has no word. Cost: a confidence a try.
std::optional<std::string> changed(const std::string& text, std::span<const std::string> vocabulary,
                                   const std::function<double(const std::string&)>& confidence,
                                   const std::function<bool(const std::string&)>& taken, const ChangeOptions& options,
                                   Random& random);

}  // namespace cms::lab
