// The corpus: rows of text whose activations are known, as the material accounts are composed of.
//
// A *pool* is a list of row numbers; every composer draws from a pool and never sees the rest. Strings are turned
// into dense numbers once, here; row i has its place on the atlas' unit sphere in point(i), for similarity only.
// Threads: plain values, read-only after make_corpus. Cost: make_corpus is linear, one SHA-256 a row.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/result.hpp"
#include "types/activation.hpp"

namespace cms::lab {

enum class Origin : std::uint8_t { people, distiller };

// Row numbers of a corpus, not owned.
using Pool = std::span<const std::uint32_t>;

inline constexpr std::uint32_t kNoConversation = UINT32_MAX;

struct CorpusRow {
  std::uint32_t family = 0;                      // index into Corpus::families
  Origin origin = Origin::people;
  std::uint32_t conversation = kNoConversation;  // dense, one number per conversation of one family
  std::int64_t turn = 0;                         // place in the conversation
  std::uint32_t text_id = 0;                     // dense; equal texts share it, whatever their family
  std::uint64_t split_key = 0;                   // stable hash of the conversation, or of the text without one
  std::uint32_t source_row = 0;                  // row of the activation set
};

struct Corpus {
  std::vector<std::string> families;  // by first appearance
  std::vector<CorpusRow> rows;
  std::uint32_t text_count = 0;       // text ids are 0 .. text_count - 1
  std::uint32_t rank = 0;             // floats a point
  std::vector<float> points;          // row-major, rows.size() x rank, unit length

  [[nodiscard]] std::span<const float> point(std::uint32_t row) const {
    return {points.data() + std::size_t{row} * rank, rank};
  }
};

struct CorpusOptions {
  // As much of a text as the model read: texts that agree so far are one text, because their activations are equal.
  std::uint32_t words_max = 0;  // 0 = all
  std::uint32_t chars_max = 0;  // characters after folding; 0 = all
  // A longer "conversation" is the export of a whole stream, not a talk; its rows count as having none.
  std::uint32_t conversation_rows_max = 60;
};

// Builds the corpus of `infos` (key `family` or `field`, `kind` human | people | distill | distiller, `text`; optional
// `conversation`, `turn`) and `points` (infos.size() x rank, any length but 0; normalised here). Texts are compared
// with ASCII letters lowered and white space folded. Conversations of distillers are dropped: where they exist they
// name streams. Errors: `bad_input`, naming the row and the key.
Result<Corpus> make_corpus(std::span<const RowInfo> infos, std::span<const float> points, std::uint32_t rank,
                           const CorpusOptions& options);

// All rows of the corpus, as a pool.
std::vector<std::uint32_t> all_rows(const Corpus& corpus);

// The rows of `pool` that `keep` accepts, in order.
std::vector<std::uint32_t> subset(const Corpus& corpus, Pool pool, const std::function<bool(const CorpusRow&)>& keep);

// The rows of `pool` that people, or distillers, wrote, in order.
std::vector<std::uint32_t> of_origin(const Corpus& corpus, Pool pool, Origin origin);

// Families of distillers, but for those named, in the corpus' order.
std::vector<std::string> distilling_families(const Corpus& corpus, std::span<const std::string> left_out);

// The rows of `pool` in one of the families `names`, in order. Names the corpus does not know match nothing.
std::vector<std::uint32_t> of_families(const Corpus& corpus, Pool pool, std::span<const std::string> names);

// The rows of `pool` family by family: entry f holds those of corpus.families[f], possibly none.
std::vector<std::vector<std::uint32_t>> by_family(const Corpus& corpus, Pool pool);

// Cosine of two rows. Eight partial sums in a fixed order: the same bits on every machine.
float cosine(const Corpus& corpus, std::uint32_t a, std::uint32_t b);

// The texts an account holds already: what keeps it from holding one twice.
class UsedTexts {
 public:
  explicit UsedTexts(const Corpus& corpus) : rows_(corpus.rows), used_(corpus.text_count) {}

  [[nodiscard]] bool contains(std::uint32_t row) const { return used_[rows_[row].text_id]; }
  // Marks the row's text; false when it was marked before.
  bool take(std::uint32_t row) {
    if (contains(row)) return false;
    used_[rows_[row].text_id] = true;
    return true;
  }

 private:
  std::span<const CorpusRow> rows_;  // the corpus outlives this
  std::vector<bool> used_;
};

// The at most `count` rows of `pool` nearest `from` by cosine whose texts are unused, nearest first (ties: lower row),
// no text twice among them. Cost: one cosine a row of `pool`.
std::vector<std::uint32_t> nearest_unused(const Corpus& corpus, Pool pool,
                                          std::uint32_t from, std::size_t count, const UsedTexts& used);

// At most `count` rows drawn from `pool` uniformly without replacement, no text twice. Cost: linear in `pool`.
std::vector<std::uint32_t> draw(const Corpus& corpus, Pool pool, std::size_t count, Random& random);

}  // namespace cms::lab
