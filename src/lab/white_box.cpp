#include "lab/white_box.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

#include "pipeline/step.hpp"

namespace cms::lab {
namespace {

constexpr std::size_t kBeside = 8;     // candidates nearest to the last request
constexpr std::size_t kNewNear = 6;    // in the nearest charts not covered
constexpr std::size_t kNewHeavy = 3;   // in the heaviest
constexpr std::size_t kAnywhere = 2;
constexpr std::size_t kLookedAt = 32;  // requests beside the last among which it looks for cheap ones
constexpr std::size_t kTries = 200;    // draws for a cheap one anywhere

struct Candidate {
  std::uint32_t row = 0;
  double gain = 0;  // new mass per price
  float nearness = 0;
};

bool by_gain(const Candidate& a, const Candidate& b) {
  return std::tuple(-a.gain, -a.nearness, a.row) < std::tuple(-b.gain, -b.nearness, b.row);
}

// Nothing but the score's tail is worse.
constexpr double kNotTried = -1;

class Attacker {
 public:
  Attacker(const Study& study, const pipeline::Model& model, const Prize& prize, const WhiteBoxOptions& options,
           Random random)
      : study_(study), model_(model), prize_(prize), options_(options), random_(random), covered_(prize.mass.size()),
        by_chart_(prize.mass.size()), state_(pipeline::make_account(model)), used_(study.corpus) {
    for (const auto row : prize.pool) by_chart_[prize.charts[row]].push_back(row);
    for (std::size_t c = 0; c < by_chart_.size(); ++c) {
      if (by_chart_[c].empty() || prize.mass[c] <= 0) covered_[c] = true;
      if (!covered_[c]) within_reach_ += prize.mass[c];
    }
    if (prize.judged_by != nullptr) {
      judged_.resize(prize.judged_by->mass.size());
      within_reach_ = 1;  // as masses of a yardstick are made
    }
    if (options.prices != nullptr) purse_ = make_purse(*options.prices);
  }

  WhiteBoxRun run() {
    bool fresh = true;  // the account has not got anything yet
    std::uint32_t sent = 0, idle = 0;
    while (run_.rows.size() < options_.requests_max && !all_covered()) {
      const auto next = choose();
      const bool left = options_.account_requests > 0 && sent == options_.account_requests;
      if (!next || left || idle == options_.idle_max) {
        if (fresh || account_ + 1 == options_.accounts_max) break;
        new_account();
        fresh = true;
        sent = idle = 0;
        continue;
      }
      const double gain = send(next->row);
      idle = gain > 0 ? 0 : idle + 1;
      fresh = fresh && gain <= 0;
      ++sent;
    }
    return std::move(run_);
  }

 private:
  // Mass of the yardstick that the row is the first to cover.
  double judged(std::uint32_t row) {
    const auto chart = prize_.judged_by->charts[row];
    const double mass = judged_[chart] ? 0 : prize_.judged_by->mass[chart];
    judged_[chart] = true;
    return mass;
  }
  [[nodiscard]] double gain(std::uint32_t row) const {
    const auto chart = prize_.charts[row];
    return covered_[chart] ? 0 : prize_.mass[chart];
  }
  [[nodiscard]] bool all_covered() const {
    return std::all_of(covered_.begin(), covered_.end(), [](bool one) { return one; }) ||
           got_ >= options_.coverage_max * within_reach_;
  }
  // What the row would cost now, were the account's PoH `poh`.
  [[nodiscard]] double price_of(std::uint32_t row, double poh) const {
    return options_.prices == nullptr ? 1 : price(*options_.prices, options_.rule, purse_, row, poh);
  }
  [[nodiscard]] bool cheap(std::uint32_t row) const { return price_of(row, 1) <= options_.price_max; }
  [[nodiscard]] float nearness(std::uint32_t row) const { return last_ ? cosine(study_.corpus, *last_, row) : 0; }

  void new_account() {
    state_ = pipeline::make_account(model_);
    if (options_.prices != nullptr && !options_.one_purse) purse_ = make_purse(*options_.prices);
    used_ = UsedTexts(study_.corpus);
    last_.reset();
    pacing_ = 0;
    ++account_;
  }

  // The unused row of a chart that costs least of those it would pay for, the nearest to the last request among equals.
  std::optional<Candidate> nearest_in(std::size_t chart) const {
    std::optional<Candidate> best;
    double least = options_.price_max;
    for (const auto row : by_chart_[chart]) {
      if (used_.contains(row)) continue;
      const double cost = price_of(row, 1);
      if (cost > least) continue;
      const float near = nearness(row);
      if (best && cost == least && near <= best->nearness) continue;
      best = Candidate{row, prize_.mass[chart] / cost, near};
      least = cost;
    }
    return best;
  }

  // One for each of a few charts not covered: the heaviest, and the nearest of the others.
  [[nodiscard]] std::vector<Candidate> gains() const {
    std::vector<Candidate> found;
    for (std::size_t c = 0; c < covered_.size(); ++c) {
      if (covered_[c]) continue;
      if (const auto one = nearest_in(c)) found.push_back(*one);
    }
    std::sort(found.begin(), found.end(), by_gain);
    const auto heavy = static_cast<std::ptrdiff_t>(std::min(kNewHeavy, found.size()));
    std::sort(found.begin() + heavy, found.end(), [](const Candidate& a, const Candidate& b) {
      return std::pair(-a.nearness, a.row) < std::pair(-b.nearness, b.row);
    });
    found.resize(std::min(found.size(), kNewHeavy + kNewNear));
    return found;
  }

  std::vector<Candidate> candidates() {
    std::vector<Candidate> found;
    if (pacing_ == 0) found = gains();
    for (const auto row : cover()) {
      if (!used_.contains(row)) found.push_back({row, gain(row) / price_of(row, 1), nearness(row)});
    }
    std::sort(found.begin(), found.end(), by_gain);
    return found;
  }

  // Requests beside the last and anywhere; where there are prices, those it would pay.
  std::vector<std::uint32_t> cover() {
    std::vector<std::uint32_t> found;
    const bool priced = options_.prices != nullptr;
    if (last_ && (options_.floor > 0 || priced)) {
      found = nearest_unused(study_.corpus, prize_.pool, *last_, priced ? kLookedAt : kBeside, used_);
      if (priced) std::erase_if(found, [&](std::uint32_t row) { return !cheap(row); });
      found.resize(std::min(found.size(), kBeside));
    }
    const std::size_t wanted = found.size() + kAnywhere;
    const std::size_t tries = pacing_ > 0 ? 0 : priced ? kTries : kAnywhere;
    for (std::size_t t = 0; t < tries && found.size() < wanted; ++t) {
      const auto row = prize_.pool[random_.below(prize_.pool.size())];
      if (!priced || (!used_.contains(row) && cheap(row))) found.push_back(row);
    }
    return found;
  }

  // PoH after one more request; 1 before the first evaluation, when nothing is known.
  double poh_after(std::uint32_t row, pipeline::AccountState& state) {
    pipeline::advance(model_, state, study_.projected[row], 0, scratch_);
    return pipeline::score_at(model_, state, 0).poh;
  }

  [[nodiscard]] bool must_look() const {
    return options_.floor > 0 || (options_.prices != nullptr && uses_poh(options_.rule.kind));
  }

  std::optional<Candidate> choose() {
    std::optional<Candidate> rest;
    double rest_poh = kNotTried;
    for (const auto& candidate : candidates()) {
      if (!must_look()) return candidate;
      trial_ = state_;
      const double poh = poh_after(candidate.row, trial_);
      if (poh < options_.floor || price_of(candidate.row, poh) > options_.price_max) continue;
      if (candidate.gain > 0 || !options_.patient) return candidate;
      if (poh > rest_poh) rest = candidate, rest_poh = poh;
    }
    return rest;
  }

  double send(std::uint32_t row) {
    const double gained = gain(row);
    pacing_ = gained > 0 ? options_.pace : pacing_ > 0 ? pacing_ - 1 : 0;
    covered_[prize_.charts[row]] = true;
    used_.take(row);
    const double poh = poh_after(row, state_);
    if (options_.prices != nullptr) pay(*options_.prices, purse_, row, price_of(row, poh));
    run_.poh.push_back(poh);
    run_.poh_min = std::min(run_.poh_min, poh);
    got_ += prize_.judged_by == nullptr ? gained : judged(row);
    last_ = row;
    run_.rows.push_back(row);
    run_.accounts.push_back(account_);
    return gained;
  }

  const Study& study_;
  const pipeline::Model& model_;
  Prize prize_;
  WhiteBoxOptions options_;
  Random random_;
  std::vector<bool> covered_, judged_;
  double within_reach_ = 0, got_ = 0;  // mass
  std::vector<std::vector<std::uint32_t>> by_chart_;
  pipeline::AccountState state_, trial_;
  pipeline::Scratch scratch_;
  Purse purse_;
  UsedTexts used_;
  std::optional<std::uint32_t> last_;
  std::uint32_t account_ = 0;
  std::uint32_t pacing_ = 0;  // requests still to be sent beside the last
  WhiteBoxRun run_;
};

}  // namespace

WhiteBoxRun run_white_box(const Study& study, const pipeline::Model& model, const Prize& prize,
                          const WhiteBoxOptions& options, Random random) {
  return Attacker(study, model, prize, options, random).run();
}

}  // namespace cms::lab
