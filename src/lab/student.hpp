// A student: what an attacker can train on the answers that an account received.
//
// It sees texts and, for each, the model's answer: here the projected activation, which stands for all the model
// knows of the text. Kernel ridge regression from features of the text to the unit point; its fidelity is how near it
// comes to the model on texts nobody asked. Features are hashed n-grams, or what another model makes of the text.
// Small on purpose: it is refitted thousands of times, and what is compared is accounts, not students.
// Threads: pure. Cost: n^3 / 3 to fit n answers, n a prediction.
// Reference: Saunders, Gammerman, Vovk, Ridge regression learning algorithm in dual variables, ICML 1998.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "lab/rows.hpp"
#include "lab/study.hpp"

namespace cms::lab {

// What a student sees of a text: a sparse vector of unit length, places ascending.
struct TextFeatures {
  std::vector<std::uint32_t> places;
  std::vector<float> values;
};

// Words and character 4-grams of a text, hashed into 2^16 places. Empty for an empty text. ASCII letters are lowered,
// anything that is no letter or digit parts words.
TextFeatures text_features(std::string_view text);

// A unit point of another model's atlas: what a student that could read before makes of a text.
TextFeatures point_features(std::span<const float> point);

// Cosine of two texts' features, in [0, 1]; of two points in [-1, 1].
double similarity(const TextFeatures& a, const TextFeatures& b);

class Student {
 public:
  // `asked[i]`, which outlives the student, was answered by row i of `answers` (n x rank). Requires n >= 1.
  Student(std::span<const TextFeatures* const> asked, const Rows& answers);

  // What it would answer: not normalised; of n-grams about 0 where it knows nothing.
  [[nodiscard]] Eigen::RowVectorXf answer(const TextFeatures& text) const;

 private:
  std::vector<const TextFeatures*> asked_;
  Rows weights_;  // n x rank
};

// One that was shown the answers to these rows of the study, at least one; `features` are of every row and outlive it.
Student taught(const Study& study, std::span<const TextFeatures> features, std::span<const std::uint32_t> rows);

// Texts on which students are judged, and the model's answers.
struct Examination {
  std::vector<std::uint32_t> rows;    // of the corpus
  std::vector<std::uint16_t> charts;  // the model's
  std::vector<double> weights;        // what each text counts in Fidelity::use_weighted, >= 0
  std::vector<double> equal_weights;  // and in Fidelity::charts_equal
};

struct Fidelity {
  double cosine = 0;        // mean over texts of the cosine of the student's answer to the model's
  double use_weighted = 0;  // the same, weighted
  double charts_equal = 0;  // the same, every chart of the yardstick counting the same
  double charts = 0;        // share of texts whose answer lies in the model's chart
};

// Over the examination, those among `asked` left out; all 0 when nothing is left.
Fidelity fidelity(const Student& student, const Study& study, std::span<const TextFeatures> features,
                  const Examination& examination, std::span<const std::uint32_t> asked);

}  // namespace cms::lab
