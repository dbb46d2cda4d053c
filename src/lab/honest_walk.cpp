#include "lab/honest_walk.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace cms::lab {
namespace {

// All conversations among `rows` in random order, each in the order of its turns.
std::vector<std::uint32_t> shuffled_talks(const Corpus& corpus, const std::vector<std::uint32_t>& rows,
                                          Random& random) {
  std::map<std::uint32_t, std::vector<std::uint32_t>> by_conversation;
  for (const auto row : rows) {
    const auto conversation = corpus.rows[row].conversation;
    if (conversation != kNoConversation) by_conversation[conversation].push_back(row);
  }
  std::vector<std::vector<std::uint32_t>> talks;
  for (auto& [conversation, talk] : by_conversation) talks.push_back(std::move(talk));
  random.shuffle(talks);
  std::vector<std::uint32_t> in_order;
  for (auto& talk : talks) {
    std::sort(talk.begin(), talk.end(), [&](std::uint32_t a, std::uint32_t b) {
      return std::tuple(corpus.rows[a].turn, a) < std::tuple(corpus.rows[b].turn, b);
    });
    in_order.insert(in_order.end(), talk.begin(), talk.end());
  }
  return in_order;
}

}  // namespace

Walk::Walk(const Corpus& corpus, std::vector<std::uint32_t> rows, const HonestOptions& options, Random& random)
    : corpus_(corpus), options_(options), rows_(std::move(rows)) {
  if (random.uniform() < options.whole_conversations) talks_ = shuffled_talks(corpus, rows_, random);
}

std::optional<std::uint32_t> Walk::next(UsedTexts& used, Random& random) {
  auto row = follow_conversations(used);
  if (!row) row = step(used, random);
  if (row) used.take(*row);
  last_ = row;
  return row;
}

std::optional<std::uint32_t> Walk::follow_conversations(const UsedTexts& used) {
  while (talked_ < talks_.size()) {
    const auto row = talks_[talked_++];
    if (!used.contains(row)) return row;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> Walk::step(const UsedTexts& used, Random& random) const {
  const bool anywhere = !last_ || random.uniform() < options_.jump;
  auto choices = rows_;
  if (anywhere) {
    std::erase_if(choices, [&](std::uint32_t row) { return used.contains(row); });
  } else {
    choices = nearest_unused(corpus_, rows_, *last_, options_.neighbours, used);
  }
  if (choices.empty()) return std::nullopt;
  return choices[random.below(choices.size())];
}

}  // namespace cms::lab
