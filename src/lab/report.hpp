// The report of a set of accounts whose kinds are known: every account scored request by request, and what came out of
// it in words, numbers and pictures.
//
// Nothing here decides anything: scores are the pipeline's, rungs the policy's, and every count is taken from them.
// Threads: pure. Cost: one step a request. docs/lab/report.md says how each picture is to be read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "pipeline/model.hpp"
#include "policy/policy.hpp"
#include "types/activation.hpp"
#include "types/diagram.hpp"
#include "types/score.hpp"

namespace cms::lab {

// How far rows that were captured again agree with what was captured before: cosine of raw vectors of the same `id`.
struct Agreement {
  std::size_t rows = 0;     // compared
  double median = 1;
  double least = 1;
  std::string least_id;
  double atlas_median = 1;  // the same in the atlas, where unrelated texts have cosine 0
};

// Below these the rows are not of the same texts, model, layer or pooling. docs/lab/report.md has what was measured.
inline constexpr double kAgreementMedian = 0.995;
inline constexpr double kAgreementLeast = 0.95;

// Compares rows of `live` with those of `reference` by key `id`. Errors: `bad_input` when a live row has no `id` or
// the reference none of its; `refused` when the manifests differ; `failed` when the rows do not agree.
Result<Agreement> check_agreement(const ActivationSet& live, const ActivationSet& reference,
                                  const atlas::Atlas& atlas);

// One account, request by request. Index i of a vector belongs to request i + 1.
struct AccountReport {
  std::string account;
  std::string kind;                  // key `kind`; empty when it has none
  bool attacker = false;             // any of its requests has `from_attacker`
  std::vector<std::string> fields;   // key `field`, most frequent first
  std::vector<Score> scores;
  std::vector<std::uint16_t> charts;
  Diagrams diagrams;                 // of its last window
  std::size_t lowest = 0;            // index of the first lowest PoH
  std::optional<std::size_t> noticed;  // index of the first PoH <= Ladder::price
  std::optional<std::size_t> flagged;  // index of the first PoH <= kFlagged
};

struct Report {
  policy::Ladder ladder;
  std::vector<AccountReport> accounts;  // in order of first appearance
  std::optional<Agreement> agreement;
};

// Errors: `refused` when the set is of another model, `bad_input` when a row has no account or does not say whether an
// attacker sent it (key `from_attacker`).
Result<Report> make_report(const pipeline::Model& model, const ActivationSet& live, const policy::Ladder& ladder,
                           unsigned threads);

// How many of one side were noticed and flagged, and how soon.
struct Tally {
  std::size_t accounts = 0;
  std::size_t noticed = 0;
  std::size_t flagged = 0;
  std::optional<double> median_noticed;  // requests at the first notice, of those noticed
};
Tally tally(const Report& report, bool attackers);

// Index of the first lowest PoH where one was computed: where the reasons are read.
const Score& at_lowest(const AccountReport& account);
// "breadth 41%, mixture 30%": the channels that carry most of the evidence, at most `count`; "-" without evidence.
std::string main_reasons(const Score& score, std::size_t count);

// The table and two lines of verdict, for people.
std::string describe(const Report& report);
// One JSON object a line: every account, then goal lines.
std::string json_lines(const Report& report);
// What the page draws, as one JSON object; numbers are those of the scores. docs/lab/report.md has the keys.
nlohmann::json page_data(const Report& report, const pipeline::Model& model);
// The page: one HTML file that needs nothing else.
std::string page(const Report& report, const pipeline::Model& model);

}  // namespace cms::lab
