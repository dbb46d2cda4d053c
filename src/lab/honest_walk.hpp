// A walk: how one person moves through one family of texts.
//
// Where conversations are known, most walks follow whole conversations, each in the order of its turns; the others go
// from text to near text, with jumps. A walk that is left and taken up again goes on where it was. The texts used are
// the account's, shared by its walks. Threads: one owner. Cost of next(): one cosine a row of the family.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "lab/corpus.hpp"
#include "lab/honest.hpp"

namespace cms::lab {

class Walk {
 public:
  // `rows` are of one family. The corpus and the options outlive the walk.
  Walk(const Corpus& corpus, std::vector<std::uint32_t> rows, const HonestOptions& options, Random& random);

  // The next row, its text now used; nothing when every text of the family is.
  std::optional<std::uint32_t> next(UsedTexts& used, Random& random);

 private:
  std::optional<std::uint32_t> follow_conversations(const UsedTexts& used);
  std::optional<std::uint32_t> step(const UsedTexts& used, Random& random) const;

  const Corpus& corpus_;
  const HonestOptions& options_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint32_t> talks_;  // rows of whole conversations, one after another; empty in a semantic walk
  std::size_t talked_ = 0;            // how far talks_ was followed
  std::optional<std::uint32_t> last_;
};

}  // namespace cms::lab
