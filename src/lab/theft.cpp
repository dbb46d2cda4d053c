#include "lab/theft.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <numeric>

#include "base/progress.hpp"
#include "base/random.hpp"
#include "lab/theft_logits.hpp"
#include "lab/theft_prompts.hpp"
#include "lab/theft_streams.hpp"
#include "tap/activation_set.hpp"
#include "tap/llama_logits.hpp"

namespace cms::lab {
namespace {

constexpr double kBias = 100;        // the greatest it allowed

// The first of `keys` that the row has.
std::string word(const RowInfo& row, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    const auto found = row.more.is_object() ? row.more.find(key) : row.more.end();
    if (found != row.more.end() && found->is_string()) return found->get<std::string>();
  }
  return "";
}

std::string label(const RowInfo& row) { return word(row, {"family", "field"}); }

Eigen::MatrixXd matrix_of(const ActivationSet& set, std::span<const std::size_t> rows) {
  Eigen::MatrixXd result(rows.size(), set.manifest.dimension);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto row = set.row(rows[i]);
    for (std::size_t k = 0; k < row.size(); ++k) {
      result(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k)) = row[k];
    }
  }
  return result;
}

// Rows by what is done with them; no row is in two of train, queries and rest.
struct Parts {
  std::vector<std::size_t> train, queries, rest;
  std::map<std::string, std::size_t> classes;
};

// The fields of most rows are the classes; half of their rows train the victim. The attacker asks from all others.
Result<Parts> divide(const ActivationSet& set, const TheftOptions& options, std::uint64_t seed,
                     const std::vector<bool>& askable) {
  const std::size_t asked = 2 * (set.manifest.dimension + std::size_t{1});
  std::map<std::string, std::size_t> counts;
  for (const auto& row : set.rows) {
    if (const auto name = label(row); !name.empty()) ++counts[name];
  }
  std::vector<std::pair<std::string, std::size_t>> order(counts.begin(), counts.end());
  std::ranges::stable_sort(order, std::greater{}, &std::pair<std::string, std::size_t>::second);
  if (options.classes < 2 || order.size() < options.classes || order[options.classes - 1].second < 2) {
    return fail(ErrorCode::bad_input, fmt::format("the head needs {} classes (at least 2) of at least 2 rows: the rows "
                                                  "of the set name {} fields or families", options.classes,
                                                  order.size()));
  }
  Parts parts;
  for (std::size_t c = 0; c < options.classes; ++c) parts.classes.emplace(order[c].first, c);
  std::vector<std::size_t> rows(set.count());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  Random(seed).shuffle(rows);
  std::map<std::string, std::size_t> trained;
  std::vector<std::size_t> left;
  for (const auto row : rows) {
    const auto name = label(set.rows[row]);
    const bool train = parts.classes.contains(name) && 2 * trained[name] < counts[name];
    if (train) ++trained[name];
    (train ? parts.train : left).push_back(row);
  }
  // Drawn again: the order left over has the classes' rows at its end.
  Random(seed + 1).shuffle(left);
  for (const auto row : left) {
    const bool ask = parts.queries.size() < asked && (askable.empty() || askable[row]);
    (ask ? parts.queries : parts.rest).push_back(row);
  }
  if (parts.queries.size() < asked || parts.rest.empty()) {
    return fail(ErrorCode::bad_input, fmt::format("the attacker asks {} rows and is tested on others: the set has {} "
                                                  "rows that the victim did not train on, {} of them to ask", asked,
                                                  parts.queries.size() + parts.rest.size(), parts.queries.size()));
  }
  return parts;
}

// Share of the rows of its classes that the head decides rightly, and how many they are.
std::pair<double, std::size_t> accuracy(const Head& head, const ActivationSet& set, const Parts& parts,
                                        std::span<const std::size_t> rows) {
  std::size_t right = 0, total = 0;
  const auto decided = decisions(head, matrix_of(set, rows));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto found = parts.classes.find(label(set.rows[rows[i]]));
    if (found == parts.classes.end()) continue;
    ++total;
    right += found->second == decided[i] ? 1 : 0;
  }
  return {total > 0 ? static_cast<double>(right) / static_cast<double>(total) : 0, total};
}

// All that the attacker draws before he asks.
struct Prompts {
  std::vector<TheftPrompt> asked;
  std::vector<std::int32_t> tokens;   // whose logits are kept
  std::int32_t reference = 0;         // none of them
};

Prompts draw_all(const tap::LlamaLogits& oracle, const TheftOptions& options, std::uint64_t seed) {
  Random random(seed);
  Prompts prompts;
  prompts.asked = draw_theft_prompts(oracle, options.prompts + options.held_out, random);
  prompts.tokens.resize(oracle.vocabulary());
  std::iota(prompts.tokens.begin(), prompts.tokens.end(), 0);
  random.shuffle(prompts.tokens);
  prompts.reference = prompts.tokens.back();
  prompts.tokens.resize(options.tokens);
  return prompts;
}

// What the two interfaces said: a row a prompt, a column a kept token.
struct Answers {
  Eigen::MatrixXd full;        // logits, of the held-out prompts too
  Eigen::MatrixXd by_bias;     // logits less that of the reference, stolen by bias
};

Result<Answers> ask_all(tap::LlamaLogits& oracle, const Prompts& prompts, const TheftOptions& options,
                        LogitTheft& theft) {
  const auto columns = static_cast<Eigen::Index>(prompts.tokens.size());
  Answers answers{Eigen::MatrixXd(prompts.asked.size(), columns), Eigen::MatrixXd(options.prompts, columns)};
  Progress progress("asking the model", "prompts", prompts.asked.size());
  for (std::size_t i = 0; i < prompts.asked.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    CMS_TRY(logits, oracle.next(prompts.asked[i].tokens));
    for (Eigen::Index k = 0; k < columns; ++k) answers.full(row, k) = logits[prompts.tokens[k]];
    const double reference = logits[prompts.reference];
    progress.advance();
    if (i >= options.prompts) continue;
    const auto server = serve_top(std::move(logits), kTheftTop);
    const TopOracle ask = [&](std::span<const std::int32_t> biased, double bias) {
      return answer(server, biased, bias);
    };
    CMS_TRY(stolen, steal_logits(ask, prompts.tokens, prompts.reference, kTheftTop, kBias));
    theft.bias_queries += stolen.queries;
    theft.bias_logits += stolen.differences.size();
    answers.by_bias.row(row) = Eigen::Map<const Eigen::RowVectorXd>(stolen.differences.data(), columns);
    if (i >= options.compared) continue;
    const Eigen::RowVectorXd truth = answers.full.row(row).array() - reference;
    theft.logit_error = std::max(theft.logit_error, (answers.by_bias.row(row) - truth).cwiseAbs().maxCoeff());
    theft.compared += static_cast<std::size_t>(columns);
  }
  return answers;
}

// Part of the rows of `logits` that no combination of the stolen rows gives, relative.
double outside(const StolenLayer& layer, const Eigen::MatrixXd& logits) {
  const Eigen::MatrixXd axes = layer.projection.colwise().normalized();
  return (logits - logits * axes * axes.transpose()).norm() / logits.norm();
}

// The hidden size from what an interface prints beside greedy answers to somebody's own texts.
Result<void> steal_from_answers(tap::LlamaLogits& oracle, std::span<const std::string> texts, const Prompts& prompts,
                                LogitTheft& theft) {
  Eigen::MatrixXd logits(texts.size() * kAnswerTokens, prompts.tokens.size());
  Eigen::Index row = 0;
  for (const auto& text : texts) {
    auto tokens = oracle.tokens(text);
    for (std::size_t k = 0; k < kAnswerTokens; ++k, ++row) {
      CMS_TRY(next, oracle.next(tokens));
      for (Eigen::Index c = 0; c < logits.cols(); ++c) logits(row, c) = next[prompts.tokens[c]];
      tokens.push_back(static_cast<std::int32_t>(std::ranges::max_element(next) - next.begin()));
    }
  }
  theft.honest_requests = texts.size();
  if (const auto layer = steal_layer(logits)) {
    theft.honest_dimension = layer->dimension;
    theft.honest_drop = layer->drop;
  }
  return {};
}

// Both stolen matrices beside the model's own.
Result<void> compare_matrices(const std::filesystem::path& model, const Prompts& prompts, const StolenLayer& full,
                              const StolenLayer& by_bias, LogitTheft& theft) {
  auto tokens = prompts.tokens;
  tokens.push_back(prompts.reference);
  CMS_TRY(secret, tap::output_rows(model, tokens));
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::MatrixXd rows =
      Eigen::Map<const RowMajor>(secret.values.data(), static_cast<Eigen::Index>(secret.rows),
                                 static_cast<Eigen::Index>(secret.columns)).cast<double>();
  const Eigen::MatrixXd truth = rows.topRows(rows.rows() - 1);
  theft.matrix_error = alignment_error(full.projection, truth);
  theft.bias_matrix_error = alignment_error(by_bias.projection, truth.rowwise() - rows.row(rows.rows() - 1));
  return {};
}

Result<LogitTheft> steal_from_model(const TheftOptions& options, std::uint64_t seed,
                                    std::span<const std::string> honest_texts) {
  if (options.prompts < 2 || options.held_out < 1) {
    return fail(ErrorCode::usage, "the attack asks at least 2 prompts, and 1 more to be tested on");
  }
  CMS_TRY(oracle, tap::LlamaLogits::open(options.model, options.threads));
  if (options.tokens < 2 || options.tokens >= oracle.vocabulary()) {
    return fail(ErrorCode::usage, fmt::format("tokens must be 2 to {}", oracle.vocabulary() - 1));
  }
  const auto prompts = draw_all(oracle, options, seed);
  LogitTheft theft;
  theft.vocabulary = oracle.vocabulary();
  theft.prompts = options.prompts;
  theft.tokens = options.tokens;
  theft.true_dimension = oracle.dimension();
  CMS_TRY(answers, ask_all(oracle, prompts, options, theft));
  CMS_TRY(full, steal_layer(answers.full.topRows(options.prompts)));
  theft.full_dimension = full.dimension;
  theft.full_drop = full.drop;
  theft.held_out_error = outside(full, answers.full.bottomRows(options.held_out));
  CMS_TRY(by_bias, steal_layer(answers.by_bias));
  theft.bias_dimension = by_bias.dimension;
  theft.bias_drop = by_bias.drop;
  if (!honest_texts.empty()) CMS_CHECK(steal_from_answers(oracle, honest_texts, prompts, theft));
  CMS_CHECK(compare_matrices(options.model, prompts, full, by_bias, theft));
  return theft;
}

// The accounts of another seed join those that sent the same queries.
void add_streams(std::vector<StreamCell>& all, std::vector<StreamCell> more) {
  if (all.empty()) all.swap(more);
  for (std::size_t c = 0; c < more.size(); ++c) {  // every seed has the same streams in the same order
    all[c].poh_min.insert(all[c].poh_min.end(), more[c].poh_min.begin(), more[c].poh_min.end());
    all[c].first_flags.insert(all[c].first_flags.end(), more[c].first_flags.begin(), more[c].first_flags.end());
  }
}

// What the first theft uses; `add` takes rows of the set.
template <typename Add>
Result<void> note(const ActivationSet& set, const TheftOptions& options, std::uint64_t seed,
                  const std::vector<bool>& askable, const Add& add) {
  CMS_TRY(parts, divide(set, options, seed, askable));
  add("first theft, the victim's training", parts.train);
  add("first theft, queries", parts.queries);
  add("first theft, to compare both heads on", parts.rest);
  return {};
}

Result<void> steal_with(const TheftOptions& options, std::uint64_t seed, TheftResult& result, TextsUsed& texts) {
  std::vector<std::string> honest_texts;
  if (!options.data.empty()) {
    CMS_TRY(streams, TheftStreams::open(options, seed, texts));
    CMS_CHECK(note(streams.set(), options, seed, streams.askable(), [&](const char* what, const auto& rows) {
      texts.add(what, streams.study(), streams.corpus_rows(rows));
    }));
    CMS_TRY(theft, steal_from_set(streams.set(), options, seed, streams.askable()));
    result.equations.push_back(theft);
    CMS_TRY(cells, streams.judge());
    add_streams(result.streams, std::move(cells));
    honest_texts = streams.honest_texts();
  } else if (!options.set.empty()) {
    CMS_TRY(set, tap::read_set(options.set));
    CMS_CHECK(note(set, options, seed, {}, [&](const char* what, const auto& rows) {
      for (const auto row : rows) {
        const auto& one = set.rows[row];
        const auto origin = word(one, {"kind"}).starts_with("distill") ? Origin::distiller : Origin::people;
        texts.add(what, seed, {static_cast<std::uint32_t>(row), "outside", label(one), origin});
      }
    }));
    CMS_TRY(theft, steal_from_set(set, options, seed));
    result.equations.push_back(theft);
  }
  if (options.model.empty()) return {};
  for (std::uint32_t i = 0; i < options.prompts + options.held_out; ++i) {
    texts.add("second theft, queries", seed, {i, "outside", "random tokens", Origin::distiller});
  }
  CMS_TRY(theft, steal_from_model(options, seed, honest_texts));
  result.logits.push_back(theft);
  return {};
}

}  // namespace

Result<std::vector<std::size_t>> equation_queries(const ActivationSet& set, const TheftOptions& options,
                                                  std::uint64_t seed, const std::vector<bool>& askable) {
  CMS_TRY(parts, divide(set, options, seed, askable));
  return std::move(parts.queries);
}

Result<EquationTheft> steal_from_set(const ActivationSet& set, const TheftOptions& options, std::uint64_t seed,
                                     const std::vector<bool>& askable) {
  const std::size_t unknowns = set.manifest.dimension + 1;
  CMS_TRY(parts, divide(set, options, seed, askable));
  std::vector<std::size_t> labels;
  for (const auto row : parts.train) labels.push_back(parts.classes.at(label(set.rows[row])));
  const Head victim = fit_head(matrix_of(set, parts.train), labels, options.classes);
  EquationTheft theft;
  theft.classes = options.classes;
  theft.dimension = set.manifest.dimension;
  theft.trained_rows = parts.train.size();
  theft.trained_accuracy = accuracy(victim, set, parts, parts.train).first;
  std::tie(theft.fresh_accuracy, theft.fresh_rows) = accuracy(victim, set, parts, parts.rest);
  theft.agreement_rows = parts.rest.size();
  const auto of_classes = std::ranges::count_if(
      parts.queries, [&](std::size_t row) { return parts.classes.contains(label(set.rows[row])); });
  theft.asked_of_classes = static_cast<double>(of_classes) / static_cast<double>(parts.queries.size());
  const Eigen::MatrixXd rest = matrix_of(set, parts.rest);
  for (const std::size_t asked : {unknowns, 2 * unknowns}) {
    const Eigen::MatrixXd queries = matrix_of(set, std::span(parts.queries).first(asked));
    const Eigen::MatrixXd exact = probabilities(victim, queries);
    for (const auto precision :
         {Precision::float64, Precision::float32, Precision::decimals_4, Precision::decimals_3}) {
      CMS_TRY(stolen, steal_head(queries, printed(exact, precision), least_probability(precision)));
      theft.cells.push_back({precision, stolen.queries, stolen.clamped, compare_heads(stolen, victim),
                             agreement(stolen, victim, rest)});
    }
  }
  return theft;
}

Result<TheftResult> run_theft(const TheftOptions& options, TextsUsed& texts) {
  if (options.set.empty() && options.model.empty() && options.data.empty()) {
    return fail(ErrorCode::usage, "there is nothing to steal from: give --data, --set or --model");
  }
  if (!options.data.empty() && !options.model.empty() && options.work.empty()) {
    return fail(ErrorCode::usage, "--data with --model needs --work, a folder for what is read with the model");
  }
  if (options.accounts == 0) return fail(ErrorCode::usage, "a theft's queries are sent by one account at least");
  TheftResult result;
  for (const auto seed : options.seeds) CMS_CHECK(steal_with(options, seed, result, texts));
  return result;
}

}  // namespace cms::lab
