#include "lab/school.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

namespace cms::lab {
namespace {

constexpr std::size_t kOwnTextsMin = 20, kOwnTextsMax = 100;
constexpr std::size_t kNeighbours = 10;

// Mean Euclidean distance to the nearest of unit points, of the cosines to all of them; reorders these.
double nearest_distance(std::vector<float>& cosines) {
  const auto count = std::min(kNeighbours, cosines.size());
  std::ranges::partial_sort(cosines, cosines.begin() + static_cast<std::ptrdiff_t>(count), std::greater());
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += std::sqrt(std::max(0.0, 2 - 2 * static_cast<double>(cosines[i])));
  return count > 0 ? sum / static_cast<double>(count) : 0;
}

}  // namespace

Fidelity School::fidelity_of(std::span<const std::uint32_t> rows) const {
  return fidelity(taught(ground->study, features, rows), ground->study, features, examination, rows);
}

std::optional<Fidelity> School::pretrained_fidelity_of(std::span<const std::uint32_t> rows) const {
  if (pretrained.empty()) return std::nullopt;
  return fidelity(taught(ground->study, pretrained, rows), ground->study, pretrained, examination, rows);
}

std::optional<Fidelity> School::own_field_of(std::span<const std::uint32_t> rows) const {
  const auto& corpus = ground->study.corpus;
  std::map<std::uint32_t, std::size_t> counts;
  UsedTexts asked(corpus);
  for (const auto row : rows) {
    ++counts[corpus.rows[row].family];
    asked.take(row);
  }
  const auto own = std::ranges::max_element(counts, {}, [](const auto& one) { return one.second; })->first;
  const auto texts = subset(corpus, ground->study.split.test, [&](const CorpusRow& row) { return row.family == own; });
  Random random(own);
  Examination field;
  for (const auto row : draw(corpus, texts, texts.size(), random)) {
    if (asked.contains(row) || field.rows.size() == kOwnTextsMax) continue;
    field.rows.push_back(row);
    field.charts.push_back(ground->study.projected[row].chart);
    field.weights.push_back(1);
    field.equal_weights.push_back(1);
  }
  if (field.rows.size() < kOwnTextsMin) return std::nullopt;
  return fidelity(taught(ground->study, features, rows), ground->study, features, field, rows);
}

std::optional<Agreement> School::agreement_of(std::span<const std::uint32_t> rows) const {
  if (speech == nullptr) return std::nullopt;
  return agreement(*speech, ground->study.corpus, features, examination, rows);
}

Nearness School::nearness_of(std::span<const std::uint32_t> rows) const {
  const auto& corpus = ground->study.corpus;
  UsedTexts asked(corpus);
  for (const auto row : rows) asked.take(row);
  Nearness sum;
  double count = 0;
  std::vector<float> cosines(rows.size());
  for (const auto text : examination.rows) {
    if (asked.contains(text) || rows.empty()) continue;
    for (std::size_t i = 0; i < rows.size(); ++i) cosines[i] = cosine(corpus, text, rows[i]);
    sum.ten_distance -= nearest_distance(cosines);
    sum.cosine += cosines.front();  // sorted by now
    count += 1;
  }
  return count > 0 ? Nearness{sum.cosine / count, sum.ten_distance / count} : Nearness{};
}

School make_school(const Ground& ground, const ActivationSet& set, std::uint32_t examined, Random& random) {
  School school{&ground, {}, {}, {}, nullptr};
  const auto& corpus = ground.study.corpus;
  for (const auto& row : corpus.rows) {
    school.features.push_back(text_features(set.rows[row.source_row].more.value("text", std::string())));
  }
  school.examination.rows = draw(corpus, ground.study.split.test, examined, random);
  const auto& yardstick = ground.yardstick;
  std::vector<double> counts(yardstick.mass.size());
  for (const auto row : school.examination.rows) {
    school.examination.charts.push_back(ground.study.projected[row].chart);
    counts[yardstick.charts[row]] += 1;
  }
  for (const auto row : school.examination.rows) {
    const auto chart = yardstick.charts[row];
    school.examination.weights.push_back(yardstick.mass[chart] / counts[chart]);
    school.examination.equal_weights.push_back(1 / counts[chart]);
  }
  return school;
}

}  // namespace cms::lab
