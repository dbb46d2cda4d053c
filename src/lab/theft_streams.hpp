// What CMS says of accounts that send the thefts' queries, and nothing else.
//
// The ground is the first study's: atlas, split and honest accounts. The queries of the first theft are rows of texts
// that neither atlas nor calibration has seen. Those of the second are read with the real model: once each, as an
// interface with full logits gets them, and each as often as one under a bias does. Page: docs/lab/theft.md.
// Threads: one owner; see TheftOptions.
#pragma once

#include <span>
#include <vector>

#include "lab/ground.hpp"
#include "lab/theft.hpp"

namespace cms::lab {

class TheftStreams {
 public:
  // The seed decides the split, who is honest, and what is asked. Errors: those of reading and splitting the data, and
  // of calibrating; `bad_input` when its texts fill no honest account. Cost: some seconds.
  // What it and its streams are made of is added to `texts`, which outlives it.
  static Result<TheftStreams> open(const TheftOptions& options, std::uint64_t seed, TextsUsed& texts);

  [[nodiscard]] const ActivationSet& set() const { return set_; }  // the data; grows by the prompts that are read
  [[nodiscard]] const Study& study() const { return ground_.study; }
  // Rows of the study's corpus, of rows of the data as it was opened.
  [[nodiscard]] std::vector<std::uint32_t> corpus_rows(std::span<const std::size_t> rows) const;
  // Which rows of the data the first theft may ask: the test part's people and instruction sets, no text twice.
  [[nodiscard]] const std::vector<bool>& askable() const { return askable_; }

  // The first texts of an honest account, kHonestRequests of them or all; one of those that judge() scores.
  [[nodiscard]] std::vector<std::string> honest_texts() const;

  // Both thefts' accounts, those of the second only with a model, and honest ones of one field as long as
  // honest_texts(). Errors: those of equation_queries, of the model and of reading with it. Cost: the model's for
  // `accounts` times `prompts` short texts, once a work folder.
  Result<std::vector<StreamCell>> judge();

 private:
  TheftStreams() = default;
  Result<void> judge_equations(std::vector<StreamCell>& cells) const;
  void compose_honest();
  Result<void> judge_prompts(std::vector<StreamCell>& cells);
  // Every row of `accounts[i]` sent `times` times before the next.
  [[nodiscard]] StreamCell judge_rows(const std::string& name, const std::vector<std::vector<std::uint32_t>>& accounts,
                                      std::size_t times) const;

  TheftOptions options_;
  TextsUsed* texts_ = nullptr;
  std::uint64_t seed_ = 0;
  ActivationSet set_;
  Ground ground_;
  std::vector<bool> askable_;
  std::vector<std::uint32_t> corpus_rows_;              // of the set's rows
  std::vector<std::vector<std::uint32_t>> honest_;      // rows of the corpus, by account
};

}  // namespace cms::lab
