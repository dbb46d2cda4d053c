#include "lab/fleet_cost.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "base/progress.hpp"
#include "lab/white_box.hpp"
#include "pipeline/step.hpp"

namespace cms::lab {
namespace {

// A line on its way: where it is, and the account it goes through.
struct Line {
  const ComposedAccount* requests = nullptr;
  std::size_t at = 0;
  std::optional<pipeline::AccountState> state = std::nullopt;  // none before the first request and when refused
  std::uint32_t account = 0;
  std::uint32_t sent = 0;  // by the account

  [[nodiscard]] bool ended() const { return at == requests->rows.size(); }
};

class Campaign {
 public:
  Campaign(const Ground& ground, const Yardstick& yardstick, const CampaignPlan& plan, const Wanted& wanted)
      : ground_(ground), yardstick_(yardstick), plan_(plan), wanted_(wanted), covered_(yardstick.mass.size()) {}

  Result<Spending> run(const Look& look) {
    std::vector<Line> lines;
    std::size_t next = 0;
    for (std::uint64_t round = 1; !won(); ++round) {
      std::erase_if(lines, [](const Line& line) { return line.ended(); });
      for (; lines.size() < plan_.at_once && next < plan_.lines.size(); ++next) lines.push_back({&plan_.lines[next]});
      if (lines.empty()) break;
      for (auto& line : lines) {
        if (!line.ended()) send(line);
      }
      if (look && round % kLookEvery == 0) CMS_CHECK(refuse(look, lines));
    }
    return spending_;
  }

 private:
  [[nodiscard]] bool won() const { return spending_.coverage.reached && spending_.answers.reached; }

  void send(Line& line) {
    const auto& projected = ground_.study.projected[line.requests->rows[line.at]];
    const bool left = plan_.account_requests > 0 && line.sent == plan_.account_requests;
    auto trial = line.state && !left ? line.state : std::nullopt;
    if (trial) pipeline::advance(ground_.model, *trial, projected, 0, scratch_);
    if (!trial || pipeline::score_at(ground_.model, *trial, 0).poh < wanted_.floor) {
      trial = pipeline::make_account(ground_.model);
      pipeline::advance(ground_.model, *trial, projected, 0, scratch_);  // nothing is evaluated at the first request
      line.account = static_cast<std::uint32_t>(signatures_.size());
      line.sent = 0;
      signatures_.emplace_back();
      pohs_.push_back(1);
    }
    line.state = std::move(trial);
    signatures_[line.account] = line.state->signature;
    pohs_[line.account] = static_cast<float>(pipeline::score_at(ground_.model, *line.state, 0).poh);
    ++line.sent;
    ++requests_;
    take(*line.requests, line.at++);
  }

  void take(const ComposedAccount& line, std::size_t at) {
    if (!line.from_attacker[at]) return;
    const auto chart = yardstick_.charts[line.rows[at]];
    if (!covered_[chart]) got_ += yardstick_.mass[chart];
    covered_[chart] = true;
    ++answers_;
    note(spending_.coverage, got_ >= wanted_.coverage);
    note(spending_.answers, answers_ >= wanted_.answers);
  }

  void note(Spent& spent, bool reached) const {
    if (reached && !spent.reached) spent = {true, requests_, static_cast<std::uint32_t>(signatures_.size())};
  }

  Result<void> refuse(const Look& look, std::vector<Line>& lines) {
    CMS_TRY(flags, look({signatures_, pohs_}));
    for (auto& line : lines) {
      if (line.ended() || !line.state || !flags[line.account]) continue;
      line.state.reset();
      ++spending_.refused;
    }
    return {};
  }

  const Ground& ground_;
  const Yardstick& yardstick_;
  const CampaignPlan& plan_;
  Wanted wanted_;
  pipeline::Scratch scratch_;
  std::vector<fleet::Signature> signatures_;  // of every account that was opened
  std::vector<float> pohs_;
  std::vector<bool> covered_;
  double got_ = 0;
  std::uint32_t requests_ = 0, answers_ = 0;
  Spending spending_;
};

}  // namespace

Result<Spending> spend(const Ground& ground, const Yardstick& yardstick, const CampaignPlan& plan,
                       const Wanted& wanted, const Look& look) {
  return Campaign(ground, yardstick, plan, wanted).run(look);
}

Look look_among(const fleet::CampaignCalibration& calibration, const SeenAccounts& honest, double level) {
  return [&calibration, honest, level](const SeenAccounts& seen) -> Result<std::vector<bool>> {
    const auto& accounts = seen.signatures;
    const auto old_enough = std::count_if(accounts.begin(), accounts.end(), [](const fleet::Signature& account) {
      return account.requests >= fleet::kRequestsMin;
    });
    if (old_enough < calibration.options.members_min) return std::vector<bool>(accounts.size());
    std::vector<fleet::Signature> all(honest.signatures.begin(), honest.signatures.end());
    std::vector<float> pohs(honest.pohs.begin(), honest.pohs.end());
    all.insert(all.end(), accounts.begin(), accounts.end());
    pohs.insert(pohs.end(), seen.pohs.begin(), seen.pohs.end());
    CMS_TRY(campaigns, fleet::find_campaigns(calibration, all, level, pohs));
    const auto flags = fleet::flagged(campaigns, all.size(), level);
    return std::vector<bool>(flags.end() - static_cast<std::ptrdiff_t>(accounts.size()), flags.end());
  };
}

Result<FleetCosts> fleet_costs(const Ground& ground, const Yardstick& yardstick, const AskedRows& asked,
                               const Look& look, std::uint64_t seed) {
  const Wanted wanted;
  FleetCosts costs;
  costs.answers = wanted.answers;
  std::vector<std::uint32_t> pool(asked.sets.begin(), asked.sets.end());
  pool.insert(pool.end(), asked.people.begin(), asked.people.end());
  WhiteBoxOptions alone;
  alone.coverage_max = kReached + 1e-9;
  const auto unwatched =
      run_white_box(ground.study, ground.model, {yardstick.charts, yardstick.mass, pool}, alone, Random(seed));
  costs.unwatched = requests_until(coverage_of(yardstick, unwatched.rows), kReached);
  const auto plans = cost_plans(ground, yardstick, asked, wanted, seed);
  Progress progress(fmt::format("what campaigns pay, seed {}", seed), "plans", plans.size());
  for (const auto& plan : plans) {
    CMS_TRY(off, spend(ground, yardstick, plan, wanted, {}));
    CMS_TRY(on, spend(ground, yardstick, plan, wanted, look));
    costs.rows.push_back({plan.attacker, plan.at_once, plan.account_requests, off, on});
    progress.advance(1);
  }
  return costs;
}

Cost cost_of(const FleetCosts& costs, const FleetCostQuestion& question) {
  const bool coverage = question.prize == PrizeKind::coverage;
  const double unwatched = coverage ? costs.unwatched : costs.answers;
  if (unwatched <= 0) return {};
  double least = std::numeric_limits<double>::infinity();
  for (const auto& row : costs.rows) {
    if (!row.attacker.starts_with(question.attacker)) continue;
    const auto& spending = question.watched ? row.on : row.off;
    const auto& spent = coverage ? spending.coverage : spending.answers;
    if (!spent.reached) continue;
    least = std::min(least, spent.requests + spent.accounts * question.account_cost);
  }
  if (least == std::numeric_limits<double>::infinity()) return {};
  return {least / (unwatched + question.account_cost), true};
}

}  // namespace cms::lab
