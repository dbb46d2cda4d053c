#include "lab/made_up_texts.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "lab/packed_tap.hpp"
#include "lab/words.hpp"

namespace cms::lab {
namespace {

// Runs without white space.
std::vector<std::string> pieces_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> pieces;
  for (std::string piece; in >> piece;) pieces.push_back(piece);
  return pieces;
}

std::string joined(std::span<const std::string> pieces) {
  std::string text;
  for (const auto& piece : pieces) text += (text.empty() ? "" : " ") + piece;
  return text;
}

std::string read_part(const std::string& text) { return tap::cut_text(text, kSegment); }

}  // namespace

std::vector<std::string> vocabulary_of(std::span<const std::string> texts, std::size_t count) {
  std::map<std::string, std::size_t> counts;
  for (const auto& text : texts) {
    for (const auto& word : words_of(text)) ++counts[word];
  }
  std::vector<std::pair<std::string, std::size_t>> ranked(counts.begin(), counts.end());
  std::ranges::stable_sort(ranked, [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> words;
  for (std::size_t i = 0; i < std::min(count, ranked.size()); ++i) words.push_back(ranked[i].first);
  return words;
}

std::string random_words(std::span<const std::string> vocabulary, std::size_t words, Random& random) {
  std::vector<std::string> drawn;
  for (std::size_t w = 0; w < words; ++w) drawn.push_back(vocabulary[random.below(vocabulary.size())]);
  return joined(drawn);
}

std::string random_characters(std::span<const std::string> vocabulary, std::size_t words, Random& random) {
  std::vector<std::string> drawn;
  for (std::size_t w = 0; w < words; ++w) {
    auto& run = drawn.emplace_back(vocabulary[random.below(vocabulary.size())].size(), ' ');
    for (auto& letter : run) letter = static_cast<char>('a' + random.below(26));
  }
  return joined(drawn);
}

std::vector<std::string> made_up(std::size_t count, std::span<const std::string> models,
                                 const std::function<std::string(std::size_t words, Random&)>& make, Random& random) {
  std::vector<std::string> texts;
  std::set<std::string> seen;
  for (std::size_t tries = 0; texts.size() < count && tries < 20 * count; ++tries) {
    const auto words = pieces_of(read_part(models[random.below(models.size())])).size();
    auto text = read_part(make(std::max<std::size_t>(1, words), random));
    if (seen.insert(text).second) texts.push_back(std::move(text));
  }
  return texts;
}

std::optional<std::string> changed(const std::string& text, std::span<const std::string> vocabulary,
                                   const std::function<double(const std::string&)>& confidence,
                                   const std::function<bool(const std::string&)>& taken, const ChangeOptions& options,
                                   Random& random) {
  const auto pieces = pieces_of(text);
  if (pieces.empty()) return std::nullopt;
  std::optional<std::string> best;
  double least = 0;
  for (std::uint32_t t = 0; t < options.tries; ++t) {
    auto other = pieces;
    other[random.below(other.size())] = vocabulary[random.below(vocabulary.size())];
    auto candidate = read_part(joined(other));
    if (candidate == text || taken(candidate)) continue;
    const double now = confidence(candidate);
    if (best && now >= least) continue;
    least = now;
    best = std::move(candidate);
  }
  return best;
}

}  // namespace cms::lab
