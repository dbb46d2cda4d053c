#include "lab/texts_used.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lab/corpus_account.hpp"
#include "lab/split.hpp"
#include "lab/study.hpp"

namespace cms::lab {
namespace {

const char* part_of(const Split& split, std::uint32_t row) {
  const auto in = [row](const std::vector<std::uint32_t>& pool) { return std::ranges::binary_search(pool, row); };
  return in(split.fit) ? "fit" : in(split.calibrate) ? "calibrate" : in(split.test) ? "test" : "outside";
}

// "people: ask, talk", or how many where they are many.
void add_names(const char* whose, const std::set<std::string>& names, std::vector<std::string>& text) {
  constexpr std::size_t kNamed = 9;
  if (names.empty()) return;
  text.push_back(names.size() > kNamed ? fmt::format("{}: {} families", whose, names.size())
                                       : fmt::format("{}: {}", whose, fmt::join(names, ", ")));
}

}  // namespace

TextsUsed::Use& TextsUsed::use_of(const std::string& what) {
  const auto found = std::ranges::find(uses_, what, &Use::what);
  return found != uses_.end() ? *found : uses_.emplace_back(Use{what, {}, {}, {}});
}

void TextsUsed::add(const std::string& what, std::uint64_t seed, const Text& text) {
  auto& use = use_of(what);
  use.parts[seed].emplace(text.id, text.part);
  (text.origin == Origin::people ? use.people : use.distillers).insert(text.family);
}

void TextsUsed::add(const std::string& what, const Corpus& corpus, const Split& split, Pool rows) {
  std::vector<bool> taken(corpus.rows.size());
  for (const auto row : rows) {
    if (taken[row]) continue;
    taken[row] = true;
    const auto& one = corpus.rows[row];
    add(what, split.seed, {one.text_id, part_of(split, row), corpus.families[one.family], one.origin});
  }
}

void TextsUsed::add(const std::string& what, const Study& study, Pool rows) {
  add(what, study.corpus, study.split, rows);
}

void TextsUsed::add(const std::string& what, const Study& study, std::span<const ComposedAccount> accounts) {
  std::vector<std::uint32_t> sent, cover;
  for (const auto& account : accounts) {
    const bool attacks = std::ranges::count(account.from_attacker, true) > 0;
    for (std::size_t i = 0; i < account.rows.size(); ++i) {
      (attacks && !account.from_attacker[i] ? cover : sent).push_back(account.rows[i]);
    }
  }
  add(what, study, sent);
  add(what + ", their honest requests", study, cover);
}

void TextsUsed::add_all(const std::string& prefix, const TextsUsed& other) {
  for (const auto& from : other.uses_) {
    auto& use = use_of(prefix + from.what);
    for (const auto& [seed, texts] : from.parts) use.parts[seed].insert(texts.begin(), texts.end());
    use.people.insert(from.people.begin(), from.people.end());
    use.distillers.insert(from.distillers.begin(), from.distillers.end());
  }
}

std::map<std::string, long> TextsUsed::counts(const Use& use) {
  std::map<std::string, long> counts;
  for (const auto& [seed, texts] : use.parts) {
    for (const auto& [text, part] : texts) ++counts[part];
  }
  for (auto& [part, count] : counts) {
    count = std::lround(static_cast<double>(count) / static_cast<double>(use.parts.size()));
  }
  return counts;
}

nlohmann::json TextsUsed::as_json() const {
  auto uses = nlohmann::json::array();
  for (const auto& use : uses_) {
    uses.push_back(
        {{"what", use.what}, {"texts", counts(use)}, {"people", use.people}, {"distillers", use.distillers}});
  }
  return uses;
}

std::string TextsUsed::describe() const {
  constexpr const char* kLine = "{:<50} {:<26} {}\n";
  std::string text = fmt::format(kLine, "which texts served what", "texts a seed, by part", "families");
  for (const auto& use : uses_) {
    std::vector<std::string> parts, families;
    for (const auto& [part, count] : counts(use)) parts.push_back(fmt::format("{} {}", part, count));
    add_names("people", use.people, families);
    add_names("distillers", use.distillers, families);
    text += fmt::format(kLine, use.what, fmt::to_string(fmt::join(parts, ", ")),
                        fmt::to_string(fmt::join(families, "; ")));
  }
  return text;
}

}  // namespace cms::lab
