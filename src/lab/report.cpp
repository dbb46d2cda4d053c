#include "lab/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

#include "atlas/atlas.hpp"
#include "measure/homology/homology.hpp"
#include "pipeline/fit.hpp"
#include "pipeline/parallel.hpp"
#include "pipeline/step.hpp"
#include "tap/activation_set.hpp"
#include "window/window.hpp"

namespace cms::lab {
namespace {

std::string text_of(const RowInfo& row, const char* key) {
  if (!row.more.is_object()) return {};
  const auto found = row.more.find(key);
  return found != row.more.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Nothing where the row does not say.
std::optional<bool> from_attacker(const RowInfo& row) {
  if (!row.more.is_object()) return {};
  const auto found = row.more.find("from_attacker");
  return found != row.more.end() && found->is_boolean() ? std::optional(found->get<bool>()) : std::nullopt;
}

// A row that says nothing would pass for an honest one.
Result<void> check_labels(const ActivationSet& set) {
  for (std::size_t i = 0; i < set.count(); ++i) {
    if (from_attacker(set.rows[i])) continue;
    return fail(ErrorCode::bad_input, fmt::format("line {} has no \"from_attacker\", true or false: a report is on "
                                                  "accounts of known kinds; `cms score` scores any", i + 1));
  }
  return {};
}

// Of finite vectors; 0 when one is zero.
double cosine(std::span<const float> a, std::span<const float> b) {
  double product = 0, squares_a = 0, squares_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    product += double{a[i]} * double{b[i]};
    squares_a += double{a[i]} * double{a[i]};
    squares_b += double{b[i]} * double{b[i]};
  }
  const double squares = squares_a * squares_b;
  return squares > 0 ? product / std::sqrt(squares) : 0;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// Distinct values of key `field`, most frequent first (ties: by name).
std::vector<std::string> fields_of(const ActivationSet& set, std::span<const std::size_t> rows) {
  std::map<std::string, std::size_t> counts;
  for (const auto row : rows) {
    if (auto field = text_of(set.rows[row], "field"); !field.empty()) ++counts[std::move(field)];
  }
  std::vector<std::string> fields;
  for (const auto& [field, count] : counts) fields.push_back(field);
  std::stable_sort(fields.begin(), fields.end(),
                   [&](const auto& a, const auto& b) { return counts.at(a) > counts.at(b); });
  return fields;
}

void find_events(const policy::Ladder& ladder, AccountReport& account) {
  for (std::size_t i = 0; i < account.scores.size(); ++i) {
    const auto& score = account.scores[i];
    if (!score.computed) continue;
    const auto& least = account.scores[account.lowest];
    if (!least.computed || score.poh < least.poh) account.lowest = i;
    if (!account.noticed && score.poh <= ladder.price) account.noticed = i;
    if (!account.flagged && score.poh <= kFlagged) account.flagged = i;
  }
}

AccountReport follow(const pipeline::Model& model, const ActivationSet& set, const tap::AccountRows& rows,
                     const policy::Ladder& ladder, pipeline::Scratch& scratch) {
  AccountReport account;
  account.account = rows.account;
  account.kind = text_of(set.rows[rows.rows.front()], "kind");
  account.fields = fields_of(set, rows.rows);
  auto state = pipeline::make_account(model);
  std::vector<Projected> projected(rows.rows.size());
  pipeline::project_rows(model.atlas, set, rows.rows, scratch, projected);
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    const auto row = rows.rows[i];
    account.attacker = account.attacker || *from_attacker(set.rows[row]);
    account.charts.push_back(projected[i].chart);
    pipeline::advance(model, state, projected[i], set.rows[row].time, scratch);
    account.scores.push_back(pipeline::score_at(model, state, set.rows[row].time));
  }
  window::load(state.window, scratch.matrix);
  homology::diagrams(scratch.matrix.view(), homology::Options{}, scratch.homology, account.diagrams);
  find_events(ladder, account);
  return account;
}

}  // namespace

Result<Agreement> check_agreement(const ActivationSet& live, const ActivationSet& reference,
                                  const atlas::Atlas& atlas) {
  CMS_CHECK(matches(reference.manifest, live.manifest));
  CMS_CHECK(matches(atlas.manifest, live.manifest));
  std::unordered_map<std::string, std::size_t> row_of;
  for (std::size_t i = 0; i < reference.count(); ++i) row_of.emplace(text_of(reference.rows[i], "id"), i);
  Agreement agreement;
  std::vector<double> raw, projected;
  for (std::size_t i = 0; i < live.count(); ++i) {
    const auto id = text_of(live.rows[i], "id");
    const auto found = row_of.find(id);
    if (id.empty() || found == row_of.end()) {
      return fail(ErrorCode::bad_input, fmt::format("row {}: the reference has no row of \"id\" \"{}\"", i, id));
    }
    const auto other = reference.row(found->second);
    raw.push_back(cosine(live.row(i), other));
    projected.push_back(cosine(atlas::project_point(atlas, live.row(i)), atlas::project_point(atlas, other)));
    if (raw.back() < agreement.least) {
      agreement.least = raw.back();
      agreement.least_id = id;
    }
  }
  agreement.rows = raw.size();
  agreement.median = median(raw);
  agreement.atlas_median = median(projected);
  if (agreement.median >= kAgreementMedian && agreement.least >= kAgreementLeast) return agreement;
  return fail(ErrorCode::failed,
              fmt::format("the live rows are not those that were shipped: cosine {:.4f} in the median (at least {}), "
                          "{:.4f} for \"{}\" (at least {}); was another model, layer or cut of the text captured?",
                          agreement.median, kAgreementMedian, agreement.least, agreement.least_id, kAgreementLeast));
}

Result<Report> make_report(const pipeline::Model& model, const ActivationSet& live, const policy::Ladder& ladder,
                           unsigned threads) {
  CMS_CHECK(matches(model.atlas.manifest, live.manifest));
  CMS_CHECK(check_labels(live));
  CMS_TRY(accounts, tap::rows_by_account(live));
  Report report;
  report.ladder = ladder;
  report.accounts.resize(accounts.size());
  std::vector<pipeline::Scratch> scratches(std::max(1U, threads));
  pipeline::parallel_for(accounts.size(), static_cast<unsigned>(scratches.size()), [&](unsigned worker, std::size_t i) {
    report.accounts[i] = follow(model, live, accounts[i], ladder, scratches[worker]);
  });
  return report;
}

Tally tally(const Report& report, bool attackers) {
  Tally result;
  std::vector<double> noticed;
  for (const auto& account : report.accounts) {
    if (account.attacker != attackers) continue;
    ++result.accounts;
    result.flagged += account.flagged ? 1 : 0;
    if (account.noticed) noticed.push_back(static_cast<double>(account.scores[*account.noticed].requests));
  }
  result.noticed = noticed.size();
  if (!noticed.empty()) result.median_noticed = median(noticed);
  return result;
}

const Score& at_lowest(const AccountReport& account) { return account.scores[account.lowest]; }

}  // namespace cms::lab
