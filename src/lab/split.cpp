#include "lab/split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/hash.hpp"

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
  for (const auto& name : options.unseen) {
    if (holds(options.manifold, name)) {
      return fail(ErrorCode::usage, fmt::format("family \"{}\" cannot be unseen and span the manifold", name));
    }
  }
  for (const auto* names : {&options.unseen, &options.manifold}) {
    for (const auto& name : *names) {
      if (!holds(corpus.families, name)) return fail(ErrorCode::usage, fmt::format("no family \"{}\"", name));
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
