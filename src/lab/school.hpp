// A school: one examination for all students of a ground, and the texts they learn from.
//
// Threads: read-only once made. Cost: to make one, the features of every text; a student's is student.hpp's.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "lab/ground.hpp"
#include "lab/next_token.hpp"
#include "lab/student.hpp"

namespace cms::lab {

// Means over an examination: what would predict a student by the texts it will be asked, which an account cannot know.
struct Nearness {
  double cosine = 0;        // the greatest to a request
  double ten_distance = 0;  // minus the mean Euclidean distance of unit points to the ten nearest requests, or to all
};

// The ground outlives it.
struct School {
  const Ground* ground = nullptr;
  std::vector<TextFeatures> features;    // of every row
  std::vector<TextFeatures> pretrained;  // of every row, as a model that students begin with has it; empty: none
  Examination examination;
  const Speech* speech = nullptr;  // what the model says next, where its last hidden vectors were read

  // What a student knows that was shown the answers to these rows of the corpus, at least one.
  [[nodiscard]] Fidelity fidelity_of(std::span<const std::uint32_t> rows) const;
  // The same of a student that begins with a model of its own; nothing without one.
  [[nodiscard]] std::optional<Fidelity> pretrained_fidelity_of(std::span<const std::uint32_t> rows) const;
  // fidelity_of over its own field: up to 100 texts of the test part, none of them asked, of the family that most of
  // these rows are of (the first of equal ones); use-weighted is the plain cosine. Nothing where 20 are not left.
  [[nodiscard]] std::optional<Fidelity> own_field_of(std::span<const std::uint32_t> rows) const;
  // Whether it would say what the model says; nothing without speech.
  [[nodiscard]] std::optional<Agreement> agreement_of(std::span<const std::uint32_t> rows) const;
  // How near these rows lie to the examination; texts among them are left out.
  [[nodiscard]] Nearness nearness_of(std::span<const std::uint32_t> rows) const;
};

// `set` is what the ground was made of; `examined` texts are drawn from its test part. In the examination a chart of
// the yardstick counts what it is worth, however many of its texts are examined.
School make_school(const Ground& ground, const ActivationSet& set, std::uint32_t examined, Random& random);

}  // namespace cms::lab
