#include "lab/theft_prompts.hpp"

#include <set>

#include "lab/packed_tap.hpp"
#include "tap/text.hpp"

namespace cms::lab {
namespace {

constexpr std::size_t kShortest = 4, kLongest = 8;  // tokens of a prompt

}  // namespace

std::vector<TheftPrompt> draw_theft_prompts(const tap::LlamaLogits& oracle, std::size_t count, Random& random) {
  std::vector<TheftPrompt> prompts;
  std::set<std::string> taken;
  while (prompts.size() < count) {
    std::vector<std::int32_t> drawn(kShortest + random.below(kLongest - kShortest + 1));
    for (auto& token : drawn) token = static_cast<std::int32_t>(random.below(oracle.vocabulary()));
    const auto spelt = oracle.text(drawn);
    if (!tap::is_utf8(spelt)) continue;
    auto text = tap::cut_text(spelt, kSegment);
    if (text.empty() || !taken.insert(text).second) continue;
    auto tokens = oracle.tokens(text);
    prompts.push_back({std::move(text), std::move(tokens)});
  }
  return prompts;
}

}  // namespace cms::lab
