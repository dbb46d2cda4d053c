#include "lab/school.hpp"

#include <algorithm>

namespace cms::lab {
namespace {

Student taught(const School& school, std::span<const std::uint32_t> rows) {
  const auto& corpus = school.ground->study.corpus;
  std::vector<const TextFeatures*> texts;
  Rows answers(rows.size(), corpus.rank);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    texts.push_back(&school.features[rows[i]]);
    const auto point = corpus.point(rows[i]);
    std::copy(point.begin(), point.end(), answers.row(static_cast<Eigen::Index>(i)).data());
  }
  return {texts, answers};
}

}  // namespace

Fidelity School::fidelity_of(std::span<const std::uint32_t> rows) const {
  return fidelity(taught(*this, rows), ground->study, features, examination, rows);
}

double School::nearness_of(std::span<const std::uint32_t> rows) const {
  const auto& corpus = ground->study.corpus;
  UsedTexts asked(corpus);
  for (const auto row : rows) asked.take(row);
  double sum = 0, count = 0;
  for (const auto text : examination.rows) {
    if (asked.contains(text)) continue;
    float nearest = -1;
    for (const auto row : rows) nearest = std::max(nearest, cosine(corpus, text, row));
    sum += nearest;
    count += 1;
  }
  return count > 0 ? sum / count : 0;
}

School make_school(const Ground& ground, const ActivationSet& set, std::uint32_t examined, Random& random) {
  School school{&ground, {}, {}};
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
    school.examination.weights.push_back(yardstick.mass[yardstick.charts[row]] / counts[yardstick.charts[row]]);
  }
  return school;
}

}  // namespace cms::lab
