// Next-token agreement: whether a student would say what the model says next, through the model's own output matrix.
//
// The model ends in logits W g: W (vocabulary x h) its output matrix, g (h) the final norm's output at the last token
// read. A student learns g from text (student.hpp) and speaks through the true W, which the theft of a last layer
// (theft_logits.hpp) shows an attacker can have. Threads: pure but for open(), which reads with the model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "lab/corpus.hpp"
#include "lab/rows.hpp"
#include "lab/student.hpp"

namespace cms::lab {

// The next token after each hidden vector (`hidden`: n x h): the row of `matrix` (vocabulary x h, at least one) of
// greatest product, the first of equals. Cost: n h vocabulary multiplications.
std::vector<std::int32_t> next_tokens(const Rows& matrix, const Rows& hidden);

// Shares of examined texts.
struct Agreement {
  double student = 0;   // the student's next token is the model's
  double weighted = 0;  // the same, each text counting its weight
  double commonest = 0;  // the model says what it said most often of the texts asked: what knowing nothing is worth
};

// What the model would say after each row of a set.
struct Speech {
  Rows matrix;                       // vocabulary x h
  Rows hidden;                       // rows of the set x h
  std::vector<std::int32_t> tokens;  // of each row

  // Of the shared activations in `data`, in read_ground's order: their texts are read anew at their last token, into
  // `folder` (reread.hpp). Errors: those of reread and tap::output_matrix. Cost: the model's, and a pass over the
  // vocabulary a text.
  static Result<Speech> open(const std::filesystem::path& data, const std::filesystem::path& model,
                             const std::filesystem::path& folder, unsigned threads);
};

// Of a student that was shown the model's last hidden vectors of the rows `asked` of the corpus, at least one, over the
// examination without these texts; all 0 when nothing is left. `features` are of every row. The student is kernel ridge
// around the mean of what it was shown.
Agreement agreement(const Speech& speech, const Corpus& corpus, std::span<const TextFeatures> features,
                    const Examination& examination, std::span<const std::uint32_t> asked);

}  // namespace cms::lab
