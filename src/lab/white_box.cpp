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

struct Candidate {
  std::uint32_t row = 0;
  double gain = 0;
  float nearness = 0;
};

bool by_gain(const Candidate& a, const Candidate& b) {
  return std::tuple(-a.gain, -a.nearness, a.row) < std::tuple(-b.gain, -b.nearness, b.row);
}

class Attacker {
 public:
  Attacker(const Study& study, const pipeline::Model& model, const Prize& prize, const WhiteBoxOptions& options,
           Random random)
      : study_(study), model_(model), prize_(prize), options_(options), random_(random), covered_(prize.mass.size()),
        by_chart_(prize.mass.size()), state_(pipeline::make_account(model)), used_(study.corpus) {
    for (const auto row : prize.pool) by_chart_[prize.charts[row]].push_back(row);
    for (std::size_t c = 0; c < by_chart_.size(); ++c) {
      if (by_chart_[c].empty() || prize.mass[c] <= 0) covered_[c] = true;
    }
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
  [[nodiscard]] double gain(std::uint32_t row) const {
    const auto chart = prize_.charts[row];
    return covered_[chart] ? 0 : prize_.mass[chart];
  }
  [[nodiscard]] bool all_covered() const {
    return std::all_of(covered_.begin(), covered_.end(), [](bool one) { return one; });
  }
  [[nodiscard]] float nearness(std::uint32_t row) const { return last_ ? cosine(study_.corpus, *last_, row) : 0; }

  void new_account() {
    state_ = pipeline::make_account(model_);
    used_ = UsedTexts(study_.corpus);
    last_.reset();
    pacing_ = 0;
    ++account_;
  }

  // The unused row of a chart that lies nearest to the last request.
  std::optional<Candidate> nearest_in(std::size_t chart) const {
    std::optional<Candidate> best;
    for (const auto row : by_chart_[chart]) {
      if (used_.contains(row)) continue;
      const float near = nearness(row);
      if (!best || near > best->nearness) best = Candidate{row, prize_.mass[chart], near};
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
    std::vector<std::uint32_t> cover;
    if (last_ && options_.floor > 0) cover = nearest_unused(study_.corpus, prize_.pool, *last_, kBeside, used_);
    for (std::size_t tries = 0; pacing_ == 0 && tries < kAnywhere; ++tries) {
      cover.push_back(prize_.pool[random_.below(prize_.pool.size())]);
    }
    for (const auto row : cover) {
      if (!used_.contains(row)) found.push_back({row, gain(row), nearness(row)});
    }
    std::sort(found.begin(), found.end(), by_gain);
    return found;
  }

  // PoH after one more request; 1 before the first evaluation, when nothing is known.
  double poh_after(std::uint32_t row, pipeline::AccountState& state) {
    pipeline::advance(model_, state, study_.projected[row], 0, scratch_);
    return pipeline::score_at(model_, state, 0).poh;
  }

  std::optional<Candidate> choose() {
    for (const auto& candidate : candidates()) {
      if (options_.floor <= 0) return candidate;
      trial_ = state_;
      if (poh_after(candidate.row, trial_) >= options_.floor) return candidate;
    }
    return std::nullopt;
  }

  double send(std::uint32_t row) {
    const double gained = gain(row);
    pacing_ = gained > 0 ? options_.pace : pacing_ > 0 ? pacing_ - 1 : 0;
    covered_[prize_.charts[row]] = true;
    used_.take(row);
    run_.poh_min = std::min(run_.poh_min, poh_after(row, state_));
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
  std::vector<bool> covered_;
  std::vector<std::vector<std::uint32_t>> by_chart_;
  pipeline::AccountState state_, trial_;
  pipeline::Scratch scratch_;
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
