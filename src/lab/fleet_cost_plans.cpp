#include <algorithm>

#include "lab/attackers.hpp"
#include "lab/fleet_accounts.hpp"
#include "lab/fleet_cost.hpp"
#include "lab/white_box.hpp"

namespace cms::lab {
namespace {

using Rows = std::vector<std::uint32_t>;
using Lines = std::vector<ComposedAccount>;

constexpr std::uint32_t kShortAccount = 32;  // of a white-box attacker

// Rows cut into lines of kLineRequests, all of them the attacker's.
Lines cut(const std::string& kind, std::span<const std::uint32_t> rows) {
  Lines lines;
  for (std::size_t at = 0; at < rows.size(); at += kLineRequests) {
    const auto some = rows.subspan(at, std::min<std::size_t>(kLineRequests, rows.size() - at));
    lines.push_back(account_of(kind, Rows(some.begin(), some.end()), true));
  }
  return lines;
}

class Planner {
 public:
  Planner(const Ground& ground, const Yardstick& yardstick, const AskedRows& asked, const Wanted& wanted,
          std::uint64_t seed)
      : ground_(ground), yardstick_(yardstick), asked_(asked), wanted_(wanted), seed_(seed) {
    all_.assign(asked.sets.begin(), asked.sets.end());
    all_.insert(all_.end(), asked.people.begin(), asked.people.end());
  }

  std::vector<CampaignPlan> plans() {
    const auto lines = (wanted_.answers + kLineRequests - 1) / kLineRequests;
    deal("rotated, everything", "rotated", all_, lines);
    deal("rotated, instruction sets", "rotated", asked_.sets, lines);
    deal("rotated, people's prompts", "rotated", asked_.people, lines);
    deal("diluted by half, everything", "diluted", all_, 2 * lines + kFewAtOnce);  // half of them is cover, about
    deal("sticky, everything", "sticky", all_, lines);
    deal("slices, everything", "slices", all_, lines);
    deal("slices, people's prompts", "slices", asked_.people, lines);
    deal("overlapping slices, everything", "overlapping", all_, lines);
    clusters();
    for (const std::uint32_t length : {0U, kShortAccount}) white_box(length);
    return std::move(plans_);
  }

 private:
  // Few lines side by side, many, and accounts that are left before anybody can link them.
  void add(const std::string& attacker, const Lines& lines) {
    plans_.push_back({attacker, lines, kFewAtOnce, 0});
    plans_.push_back({attacker, lines, kLinesAtOnce, 0});
    plans_.push_back({attacker, lines, kLinesAtOnce, fleet::kRequestsMin - 1});
  }

  void deal(const std::string& attacker, const std::string& kind, Pool stream, std::uint32_t lines) {
    Random random(seed_ * 31 + plans_.size());
    add(attacker, campaign(ground_.study.corpus, {stream, asked_.people}, {kind, lines, kLineRequests}, random));
  }

  void clusters() {
    AttackOptions options;
    options.length = {wanted_.answers, 1};
    Random random(seed_ * 31 + plans_.size());
    const auto stream = clustered(ground_.study.corpus, asked_.people, options, random);
    if (stream) add("clustered, people's prompts", cut("clustered", stream->rows));
  }

  // It looks before each request; what it has chosen for an account is one line, one after another.
  void white_box(std::uint32_t length) {
    WhiteBoxOptions options;
    options.floor = wanted_.floor;
    options.account_requests = length;
    options.coverage_max = wanted_.coverage + 1e-9;
    const auto run = run_white_box(ground_.study, ground_.model, {yardstick_.charts, yardstick_.mass, all_}, options,
                                   Random(seed_));
    std::vector<Rows> rows;
    for (std::size_t i = 0; i < run.rows.size(); ++i) {
      if (run.accounts[i] >= rows.size()) rows.resize(run.accounts[i] + 1);
      rows[run.accounts[i]].push_back(run.rows[i]);
    }
    Lines lines;
    for (auto& one : rows) lines.push_back(account_of("white-box", std::move(one), true));
    plans_.push_back({"white-box, greedy", std::move(lines), 1, length});
  }

  const Ground& ground_;
  const Yardstick& yardstick_;
  AskedRows asked_;
  Wanted wanted_;
  std::uint64_t seed_;
  Rows all_;
  std::vector<CampaignPlan> plans_;
};

}  // namespace

std::vector<CampaignPlan> cost_plans(const Ground& ground, const Yardstick& yardstick, const AskedRows& asked,
                                     const Wanted& wanted, std::uint64_t seed) {
  return Planner(ground, yardstick, asked, wanted, seed).plans();
}

}  // namespace cms::lab
