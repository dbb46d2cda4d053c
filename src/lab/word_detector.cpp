#include "lab/word_detector.hpp"

#include <array>
#include <cmath>
#include <set>

#include "base/hash.hpp"
#include "base/random.hpp"

namespace cms::lab {
namespace {

constexpr std::size_t kPlaces = 1U << 18;
constexpr int kPasses = 5;
constexpr double kReplaced = 0.5;
constexpr float kRate = 0.2F;
constexpr std::size_t kContexts = 6;

std::uint64_t hashed(std::uint64_t kind, const std::string& word) {
  std::uint64_t hash = fnv1a(kFnvBasis, kind);
  for (const char c : word) hash = fnv1a(hash, static_cast<unsigned char>(c));
  return hash;
}

std::uint64_t joined(std::uint64_t hash, const std::string& word) {
  hash = fnv1a(hash, 0x20);
  for (const char c : word) hash = fnv1a(hash, static_cast<unsigned char>(c));
  return hash;
}

// The constant, the word, its end, with the word before it, with the one after it, and what it stands between.
std::array<std::size_t, kContexts> contexts(const Words& text, std::size_t at) {
  static const std::string kEdge;
  const std::string& word = text[at];
  const std::string& before = at > 0 ? text[at - 1] : kEdge;
  const std::string& after = at + 1 < text.size() ? text[at + 1] : kEdge;
  const std::array<std::uint64_t, kContexts> hashes = {
      hashed(0, kEdge),
      hashed(1, word),
      hashed(2, word.substr(word.size() - std::min<std::size_t>(3, word.size()))),
      joined(hashed(3, before), word),
      joined(hashed(4, word), after),
      joined(joined(hashed(5, before), word), after)};
  std::array<std::size_t, kContexts> places{};
  for (std::size_t c = 0; c < kContexts; ++c) places[c] = (hashes[c] >> 24) % kPlaces;
  return places;
}

double logistic(double logit) { return 1 / (1 + std::exp(-logit)); }

}  // namespace

WordDetector::WordDetector(std::span<const Words> texts, std::uint64_t seed) : weights_(kPlaces) {
  std::set<std::string> distinct;
  for (const auto& text : texts) distinct.insert(text.begin(), text.end());
  const std::vector<std::string> vocabulary(distinct.begin(), distinct.end());
  if (vocabulary.empty()) return;
  Random random(seed);
  std::vector<float> squares(kPlaces, 1e-6F);  // AdaGrad (Duchi, Hazan, Singer 2011)
  for (int pass = 0; pass < kPasses; ++pass) {
    for (const auto& text : texts) {
      Words corrupted = text;
      for (auto& word : corrupted) {
        if (random.uniform() < kReplaced) word = vocabulary[random.below(vocabulary.size())];
      }
      for (std::size_t at = 0; at < text.size(); ++at) {
        const double own = corrupted[at] == text[at] ? 1 : 0;
        const auto gradient = static_cast<float>(own_probability(corrupted, at) - own);
        for (const auto place : contexts(corrupted, at)) {
          squares[place] += gradient * gradient;
          weights_[place] -= kRate * gradient / std::sqrt(squares[place]);
        }
      }
    }
  }
}

double WordDetector::own_probability(const Words& text, std::size_t at) const {
  double logit = 0;
  for (const auto place : contexts(text, at)) logit += weights_[place];
  return logistic(logit);
}

double WordDetector::anomaly(const Words& text) const {
  double own = 0;
  for (std::size_t at = 0; at < text.size(); ++at) own += own_probability(text, at);
  return text.empty() ? 0 : 1 - own / static_cast<double>(text.size());
}

}  // namespace cms::lab
