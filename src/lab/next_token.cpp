#include "lab/next_token.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "base/progress.hpp"
#include "lab/reread.hpp"
#include "pipeline/parallel.hpp"
#include "tap/llama_logits.hpp"

namespace cms::lab {
namespace {

using Eigen::Index;
using Path = std::filesystem::path;

constexpr Index kBlock = 1024;           // rows of the output matrix whose logits are held at once
constexpr std::size_t kTextsAtOnce = 256;

}  // namespace

std::vector<std::int32_t> next_tokens(const Rows& matrix, const Rows& hidden) {
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(hidden.rows()));
  Eigen::VectorXf greatest = Eigen::VectorXf::Constant(hidden.rows(), -std::numeric_limits<float>::infinity());
  Rows logits;
  for (Index first = 0; first < matrix.rows(); first += kBlock) {
    logits.noalias() = hidden * matrix.middleRows(first, std::min(kBlock, matrix.rows() - first)).transpose();
    for (Index i = 0; i < logits.rows(); ++i) {
      Index best = 0;
      const float logit = logits.row(i).maxCoeff(&best);
      if (logit <= greatest[i]) continue;
      greatest[i] = logit;
      tokens[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(first + best);
    }
  }
  return tokens;
}

Result<Speech> Speech::open(const Path& data, const Path& model, const Path& folder, unsigned threads) {
  Speech speech;
  CMS_TRY(matrix, tap::output_matrix(model));
  const auto h = static_cast<Index>(matrix.columns);
  speech.matrix = Eigen::Map<const Rows>(matrix.values.data(), static_cast<Index>(matrix.rows), h);
  CMS_TRY(sets, reread(data, {model, folder, tap::Pooling::last, threads}));
  for (const auto& set : sets) {
    if (set.manifest.dimension != h) {
      return fail(ErrorCode::refused, fmt::format("{} gives {} numbers, and its output matrix takes {}", model.string(),
                                                  set.manifest.dimension, h));
    }
    const auto rows = static_cast<Index>(set.count());
    speech.hidden.conservativeResize(speech.hidden.rows() + rows, h);
    speech.hidden.bottomRows(rows) = Eigen::Map<const Rows>(set.values.data(), rows, h);
  }
  const auto texts = static_cast<std::size_t>(speech.hidden.rows());
  speech.tokens.resize(texts);
  Progress progress("next tokens", "texts", texts);
  const std::size_t parts = (texts + kTextsAtOnce - 1) / kTextsAtOnce;
  pipeline::parallel_for(parts, threads, [&](unsigned, std::size_t part) {
    const std::size_t first = part * kTextsAtOnce, count = std::min(kTextsAtOnce, texts - first);
    const Rows some = speech.hidden.middleRows(static_cast<Index>(first), static_cast<Index>(count));
    std::ranges::copy(next_tokens(speech.matrix, some), speech.tokens.begin() + static_cast<std::ptrdiff_t>(first));
    progress.advance(count);
  });
  return speech;
}

Agreement agreement(const Speech& speech, const Corpus& corpus, std::span<const TextFeatures> features,
                    const Examination& examination, std::span<const std::uint32_t> asked) {
  const auto place = [&](std::uint32_t row) { return corpus.rows[row].source_row; };
  UsedTexts known(corpus);
  std::vector<const TextFeatures*> texts;
  std::map<std::int32_t, std::size_t> said;
  Rows shown(static_cast<Index>(asked.size()), speech.hidden.cols());
  for (std::size_t i = 0; i < asked.size(); ++i) {
    known.take(asked[i]);
    texts.push_back(&features[asked[i]]);
    ++said[speech.tokens[place(asked[i])]];
    shown.row(static_cast<Index>(i)) = speech.hidden.row(place(asked[i]));
  }
  const Eigen::RowVectorXf mean = shown.colwise().mean();
  const Student student(texts, shown.rowwise() - mean);
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < examination.rows.size(); ++i) {
    if (!known.contains(examination.rows[i])) left.push_back(i);
  }
  if (left.empty()) return {};
  Rows answers(static_cast<Index>(left.size()), speech.hidden.cols());
  for (std::size_t i = 0; i < left.size(); ++i) {
    answers.row(static_cast<Index>(i)) = student.answer(features[examination.rows[left[i]]]) + mean;
  }
  const auto guesses = next_tokens(speech.matrix, answers);
  const auto commonest = std::ranges::max_element(said, {}, [](const auto& one) { return one.second; })->first;
  Agreement sum;
  double weights = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const auto truth = speech.tokens[place(examination.rows[left[i]])];
    const double weight = examination.weights[left[i]];
    weights += weight;
    sum.student += guesses[i] == truth ? 1 : 0;
    sum.weighted += guesses[i] == truth ? weight : 0;
    sum.commonest += commonest == truth ? 1 : 0;
  }
  const auto count = static_cast<double>(left.size());
  return {sum.student / count, weights > 0 ? sum.weighted / weights : 0, sum.commonest / count};
}

}  // namespace cms::lab
