#include "lab/packed_accounts.hpp"

#include <algorithm>
#include <unordered_set>

#include "base/hash.hpp"
#include "lab/honest.hpp"
#include "lab/packed_tap.hpp"

namespace cms::lab {
namespace {

std::size_t count_words(const std::string& text) {
  return tap::segments(text, {.words_max = 1, .chars_max = 0}).size();
}

// The segments at the front of `text` that end because they hold all the words they may: joined with others they are
// segments again.
std::vector<std::string> full_segments(const std::string& text) {
  auto pieces = tap::segments(text, kSegment);
  const auto open = std::ranges::find_if(pieces, [](const std::string& piece) {
    return piece.ends_with(' ') || count_words(piece) < kSegment.words_max;
  });
  pieces.erase(open, pieces.end());
  return pieces;
}

// The first half of a segment's words.
std::string half_of(const std::string& segment) {
  return tap::cut_text(segment, {.words_max = kSegment.words_max / 2, .chars_max = 0});
}

}  // namespace

Texts texts_of(const ActivationSet& set, const Corpus& corpus) {
  Texts texts{corpus, {}};
  for (const auto& row : corpus.rows) {
    texts.of_row.push_back(set.rows[row.source_row].more.value("text", std::string()));
  }
  return texts;
}

TextAccount as_texts(const Texts& texts, const ComposedAccount& account) {
  TextAccount requests;
  for (std::size_t i = 0; i < account.rows.size(); ++i) {
    requests.push_back({texts.of_row[account.rows[i]], account.from_attacker[i] ? 1U : 0U});
  }
  return requests;
}

std::vector<std::uint32_t> questions_of(const Texts& texts, Pool pool) {
  std::vector<std::uint32_t> said(texts.corpus.text_count);
  for (const auto& row : texts.corpus.rows) ++said[row.text_id];
  std::vector<std::pair<std::uint64_t, std::uint32_t>> ordered;
  for (const auto row : pool) {
    const auto& text = texts.of_row[row];
    if (said[texts.corpus.rows[row].text_id] > 1 || text.find('\n') != std::string::npos) continue;
    if (tap::segments(text, kSegment).size() == 1) ordered.emplace_back(stable_hash(text), row);
  }
  std::ranges::sort(ordered);
  std::vector<std::uint32_t> questions;
  for (const auto& [hash, row] : ordered) questions.push_back(row);
  return questions;
}

TextAccount packed(const Texts& texts, std::span<const std::uint32_t> questions, std::uint32_t count) {
  TextAccount requests;
  for (std::size_t first = 0; first + count <= questions.size(); first += count) {
    TextRequest request;
    for (std::size_t i = first; i < first + count; ++i) {
      if (i > first) request.text += '\n';
      request.text += texts.of_row[questions[i]];
    }
    request.questions = count;
    requests.push_back(std::move(request));
  }
  return requests;
}

std::vector<std::string> preambles(const Texts& texts, Pool pool, std::uint32_t half_segments, std::size_t count,
                                   Random& random) {
  std::vector<std::uint32_t> full(pool.begin(), pool.end());
  std::erase_if(full, [&](std::uint32_t row) { return full_segments(texts.of_row[row]).empty(); });
  const std::size_t whole = half_segments / 2, each = (half_segments + 1) / 2;
  HonestOptions options;
  options.length = {static_cast<std::uint32_t>(std::min(full.size(), count * each)), 1};
  // A power account's three to six families run out long before the pool does.
  const auto walk = generalist(texts.corpus, full, options, random);
  std::vector<std::string> segments;
  std::unordered_set<std::string> said;  // texts that begin differently may go on alike
  if (walk) {
    for (const auto row : walk->rows) {
      for (auto& piece : full_segments(texts.of_row[row])) {
        if (said.insert(piece).second) segments.push_back(std::move(piece));
      }
    }
  }
  std::vector<std::string> made;
  for (std::size_t next = 0; next + each <= segments.size() && made.size() < count; next += each) {
    auto preamble = whole > 0 ? segments[next] : half_of(segments[next]);
    for (std::size_t i = 1; i < each; ++i) {
      preamble += ' ';
      preamble += i < whole ? segments[next + i] : half_of(segments[next + i]);
    }
    made.push_back(std::move(preamble));
  }
  return made;
}

TextAccount wrapped(const TextAccount& requests, std::span<const std::string> preambles) {
  TextAccount made;
  for (std::size_t i = 0; i < std::min(requests.size(), preambles.size()); ++i) {
    made.push_back({preambles[i] + "\n" + requests[i].text, requests[i].questions});
  }
  return made;
}

std::size_t drop_short(std::vector<TextAccount>& accounts, std::size_t least) {
  return std::erase_if(accounts, [least](const TextAccount& account) { return account.size() < least; });
}

TextAccount drawn(const TextAccount& requests, std::size_t count, Random& random) {
  auto shuffled = requests;
  random.shuffle(shuffled);
  if (shuffled.size() > count) shuffled.resize(count);
  return shuffled;
}

}  // namespace cms::lab
