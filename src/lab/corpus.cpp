#include "lab/corpus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/hash.hpp"

namespace cms::lab {
namespace {

using Numbers = std::unordered_map<std::string, std::uint32_t>;

std::uint32_t number_of(Numbers& numbers, const std::string& name) {
  return numbers.emplace(name, static_cast<std::uint32_t>(numbers.size())).first->second;
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Lower case (ASCII), white space runs as one blank, cut after the words and characters the model read.
std::string fold(std::string_view text, const CorpusOptions& options) {
  std::string folded;
  std::uint32_t words = 0;
  std::uint32_t characters = 0;
  bool in_word = false;
  for (const char c : text) {
    if (is_space(c)) {
      in_word = false;
      continue;
    }
    if (!in_word) {
      if (options.words_max > 0 && words == options.words_max) break;
      if (words++ > 0) {
        folded += ' ';
        ++characters;
      }
      in_word = true;
    }
    const bool starts_character = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    if (options.chars_max > 0 && starts_character && characters >= options.chars_max) break;
    if (starts_character) ++characters;
    folded += (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
  }
  while (folded.ends_with(' ')) folded.pop_back();
  return folded;
}

tl::unexpected<Error> bad_row(std::size_t row, std::string_view what) {
  return fail(ErrorCode::bad_input, fmt::format("row {}: {}", row, what));
}

// The string under the first of `keys` that is there; empty when none is.
std::string text_of(const nlohmann::json& more, std::initializer_list<const char*> keys) {
  if (!more.is_object()) return {};
  for (const char* key : keys) {
    const auto found = more.find(key);
    if (found == more.end() || found->is_null()) continue;
    if (found->is_string()) return found->get<std::string>();
    if (found->is_number_integer()) return found->dump();
  }
  return {};
}

Result<Origin> origin_of(const nlohmann::json& more, std::size_t row) {
  const auto kind = text_of(more, {"kind"});
  if (kind == "human" || kind == "people") return Origin::people;
  if (kind == "distill" || kind == "distiller") return Origin::distiller;
  return bad_row(row, fmt::format("\"kind\" must be human, people, distill or distiller, not \"{}\"", kind));
}

// What of a row must be kept until all rows are known.
struct Names {
  std::string folded;
  std::string conversation;  // empty when there is none
};

Result<CorpusRow> read_row(const RowInfo& info, std::size_t index, const CorpusOptions& options, Names& names) {
  CorpusRow row;
  row.source_row = static_cast<std::uint32_t>(index);
  CMS_TRY(origin, origin_of(info.more, index));
  row.origin = origin;
  const auto text = info.more.find("text");
  if (text == info.more.end() || !text->is_string()) return bad_row(index, "\"text\" must be a string");
  names.folded = fold(text->get_ref<const std::string&>(), options);
  if (names.folded.empty()) return bad_row(index, "\"text\" is empty");
  if (row.origin == Origin::people) names.conversation = text_of(info.more, {"conversation"});
  const auto turn = info.more.find("turn");
  if (turn != info.more.end() && turn->is_number_integer()) row.turn = turn->get<std::int64_t>();
  return row;
}

Result<void> copy_points(std::span<const float> points, Corpus& corpus) {
  corpus.points.resize(points.size());
  for (std::size_t i = 0; i < corpus.rows.size(); ++i) {
    const auto from = points.subspan(i * corpus.rank, corpus.rank);
    double squares = 0;
    for (const float value : from) squares += double{value} * double{value};
    if (!std::isfinite(squares) || squares <= 0) return bad_row(i, "its point is zero or not finite");
    const double scale = 1 / std::sqrt(squares);
    auto* to = corpus.points.data() + i * corpus.rank;
    for (std::size_t k = 0; k < from.size(); ++k) to[k] = static_cast<float>(double{from[k]} * scale);
  }
  return {};
}

// Numbers conversations that are talks, and gives every row the key by which it is split.
void number_conversations(const std::vector<Names>& names, const CorpusOptions& options, Corpus& corpus) {
  const auto full_name = [&](std::size_t i) {
    return fmt::format("{}\n{}", corpus.families[corpus.rows[i].family], names[i].conversation);
  };
  std::unordered_map<std::string, std::uint32_t> sizes;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!names[i].conversation.empty()) ++sizes[full_name(i)];
  }
  Numbers numbers;
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto& row = corpus.rows[i];
    const auto name = full_name(i);
    if (names[i].conversation.empty() || sizes[name] > options.conversation_rows_max) {
      row.split_key = stable_hash("text\n" + names[i].folded);
    } else {
      row.conversation = number_of(numbers, name);
      row.split_key = stable_hash("conversation\n" + name);
    }
  }
}

}  // namespace

Result<Corpus> make_corpus(std::span<const RowInfo> infos, std::span<const float> points, std::uint32_t rank,
                           const CorpusOptions& options) {
  if (rank == 0 || points.size() != infos.size() * rank) {
    return fail(ErrorCode::bad_input, fmt::format("{} rows need {} x {} floats of points, not {}", infos.size(),
                                                  infos.size(), rank, points.size()));
  }
  Corpus corpus;
  corpus.rank = rank;
  Numbers families;
  Numbers texts;
  std::vector<Names> names(infos.size());
  for (std::size_t i = 0; i < infos.size(); ++i) {
    if (!infos[i].more.is_object()) return bad_row(i, "no keys beside its vector");
    CMS_TRY(row, read_row(infos[i], i, options, names[i]));
    const auto family = text_of(infos[i].more, {"family", "field"});
    if (family.empty()) return bad_row(i, "\"family\" (or \"field\") must be a string");
    row.family = number_of(families, family);
    if (row.family == corpus.families.size()) corpus.families.push_back(family);
    row.text_id = number_of(texts, names[i].folded);
    corpus.rows.push_back(row);
  }
  corpus.text_count = static_cast<std::uint32_t>(texts.size());
  CMS_CHECK(copy_points(points, corpus));
  number_conversations(names, options, corpus);
  return corpus;
}

std::vector<std::uint32_t> all_rows(const Corpus& corpus) {
  std::vector<std::uint32_t> rows(corpus.rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::uint32_t>(i);
  return rows;
}

std::vector<std::uint32_t> subset(const Corpus& corpus, Pool pool, const std::function<bool(const CorpusRow&)>& keep) {
  std::vector<std::uint32_t> kept;
  for (const auto row : pool) {
    if (keep(corpus.rows[row])) kept.push_back(row);
  }
  return kept;
}

std::vector<std::uint32_t> of_origin(const Corpus& corpus, Pool pool, Origin origin) {
  return subset(corpus, pool, [origin](const CorpusRow& row) { return row.origin == origin; });
}

std::vector<std::string> distilling_families(const Corpus& corpus, std::span<const std::string> left_out) {
  std::vector<bool> distils(corpus.families.size());
  for (const auto& row : corpus.rows) distils[row.family] = row.origin == Origin::distiller;
  std::vector<std::string> names;
  for (std::size_t f = 0; f < distils.size(); ++f) {
    const auto& name = corpus.families[f];
    if (distils[f] && std::find(left_out.begin(), left_out.end(), name) == left_out.end()) names.push_back(name);
  }
  return names;
}

std::vector<std::uint32_t> of_families(const Corpus& corpus, Pool pool, std::span<const std::string> names) {
  return subset(corpus, pool, [&](const CorpusRow& row) {
    return std::find(names.begin(), names.end(), corpus.families[row.family]) != names.end();
  });
}

std::vector<std::vector<std::uint32_t>> by_family(const Corpus& corpus, Pool pool) {
  std::vector<std::vector<std::uint32_t>> families(corpus.families.size());
  for (const auto row : pool) families[corpus.rows[row].family].push_back(row);
  return families;
}

float cosine(const Corpus& corpus, std::uint32_t a, std::uint32_t b) {
  constexpr std::size_t kLanes = 8;
  const auto x = corpus.point(a);
  const auto y = corpus.point(b);
  float lanes[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= x.size(); i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) lanes[k] += x[i + k] * y[i + k];
  }
  for (std::size_t k = 0; i + k < x.size(); ++k) lanes[k] += x[i + k] * y[i + k];
  return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

std::vector<std::uint32_t> nearest_unused(const Corpus& corpus, Pool pool,
                                          std::uint32_t from, std::size_t count, const UsedTexts& used) {
  struct Candidate {
    float cosine;
    std::uint32_t row;
    bool operator<(const Candidate& other) const {
      return cosine < other.cosine || (cosine == other.cosine && row > other.row);
    }
  };
  std::vector<Candidate> heap;
  heap.reserve(pool.size());
  for (const auto row : pool) {
    if (!used.contains(row)) heap.push_back({cosine(corpus, from, row), row});
  }
  std::make_heap(heap.begin(), heap.end());
  std::vector<std::uint32_t> nearest;
  while (nearest.size() < count && !heap.empty()) {
    const auto row = heap.front().row;
    std::pop_heap(heap.begin(), heap.end());
    heap.pop_back();
    const auto same_text = [&](std::uint32_t other) { return corpus.rows[other].text_id == corpus.rows[row].text_id; };
    if (std::none_of(nearest.begin(), nearest.end(), same_text)) nearest.push_back(row);
  }
  return nearest;
}

std::vector<std::uint32_t> draw(const Corpus& corpus, Pool pool, std::size_t count, Random& random) {
  std::vector<std::uint32_t> left(pool.begin(), pool.end());
  std::vector<std::uint32_t> drawn;
  UsedTexts used(corpus);
  while (drawn.size() < count && !left.empty()) {
    std::swap(left[random.below(left.size())], left.back());
    if (used.take(left.back())) drawn.push_back(left.back());
    left.pop_back();
  }
  return drawn;
}

}  // namespace cms::lab
