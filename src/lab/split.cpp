#include "lab/split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>

#include "base/hash.hpp"
#include "lab/families.hpp"

namespace cms::lab {
namespace {

enum class Part : std::uint8_t { fit, calibrate, test, none };

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result<void> check_options(const Corpus& corpus, const SplitOptions& options) {
  // Thirds add up to a little more than 1 in floating point.
  constexpr double kRounding = 1e-9;
  const bool in_order = options.fit >= 0 && options.calibrate >= 0 && options.test >= 0 &&
                        options.fit + options.calibrate + options.test <= 1 + kRounding;
  if (!in_order) return fail(ErrorCode::usage, "shares of a split must be >= 0 and add up to at most 1");
  std::map<std::string, int> named;
  for (const auto* names : {&options.unseen, &options.manifold, &options.held_out}) {
    for (const auto& name : std::set<std::string>(names->begin(), names->end())) {
      if (!holds(corpus.families, name)) return fail(ErrorCode::usage, no_family(name));
      if (++named[name] > 1) {
        return fail(ErrorCode::usage, fmt::format("family \"{}\" cannot lie wholly in two parts (unseen families in "
                                                  "test, those of the manifold in fit, those held out in calibrate)",
                                                  name));
      }
    }
  }
  return {};
}

Part part_of_key(std::uint64_t key, const SplitOptions& options) {
  const auto hash = stable_hash(fmt::format("{}/{:016x}", options.seed, key));
  const double place = static_cast<double>(hash >> 11) * 0x1.0p-53;
  if (place < options.fit) return Part::fit;
  if (place < options.fit + options.calibrate) return Part::calibrate;
  if (place < options.fit + options.calibrate + options.test) return Part::test;
  return Part::none;
}

// The part every family is bound to; `none` = split by key.
std::vector<Part> family_parts(const Corpus& corpus, const SplitOptions& options) {
  std::vector<Part> parts;
  for (const auto& name : corpus.families) {
    parts.push_back(holds(options.unseen, name)     ? Part::test
                    : holds(options.manifold, name) ? Part::fit
                    : holds(options.held_out, name) ? Part::calibrate
                                                    : Part::none);
  }
  return parts;
}

}  // namespace

Result<Split> split_corpus(const Corpus& corpus, const SplitOptions& options) {
  CMS_CHECK(check_options(corpus, options));
  const auto bound = family_parts(corpus, options);
  std::vector<Part> text_part(corpus.text_count, Part::none);
  Split split;
  split.seed = options.seed;
  for (std::uint32_t i = 0; i < corpus.rows.size(); ++i) {
    const auto& row = corpus.rows[i];
    const auto part = bound[row.family] != Part::none ? bound[row.family] : part_of_key(row.split_key, options);
    if (part == Part::none) continue;
    auto& first = text_part[row.text_id];
    if (first == Part::none) first = part;
    if (first != part) {
      ++split.dropped_count;
      continue;
    }
    auto& pool = part == Part::fit ? split.fit : part == Part::calibrate ? split.calibrate : split.test;
    pool.push_back(i);
  }
  return split;
}

std::vector<std::vector<std::uint32_t>> apart(const Corpus& corpus, std::span<const std::uint32_t> pool,
                                              std::uint32_t parts, std::uint64_t seed) {
  std::vector<std::vector<std::uint32_t>> pools(parts);
  std::unordered_map<std::uint32_t, std::uint64_t> part_of_text;
  for (const auto i : pool) {
    const auto& row = corpus.rows[i];
    const auto part = stable_hash(fmt::format("apart/{}/{:016x}", seed, row.split_key)) % parts;
    if (part_of_text.emplace(row.text_id, part).first->second == part) pools[part].push_back(i);
  }
  return pools;
}

Result<void> check_disjoint(const Corpus& corpus, const Split& split) {
  std::vector<Part> text_part(corpus.text_count, Part::none);
  std::unordered_map<std::uint32_t, Part> conversation_part;
  const auto enter = [&](const std::vector<std::uint32_t>& pool, Part part) -> Result<void> {
    for (const auto i : pool) {
      const auto& row = corpus.rows[i];
      auto& text = text_part[row.text_id];
      if (text == Part::none) text = part;
      if (text != part) return fail(ErrorCode::failed, fmt::format("the text of row {} lies in two parts", i));
      if (row.conversation == kNoConversation) continue;
      if (conversation_part.emplace(row.conversation, part).first->second != part) {
        return fail(ErrorCode::failed, fmt::format("the conversation of row {} lies in two parts", i));
      }
    }
    return {};
  };
  CMS_CHECK(enter(split.fit, Part::fit));
  CMS_CHECK(enter(split.calibrate, Part::calibrate));
  return enter(split.test, Part::test);
}

}  // namespace cms::lab
