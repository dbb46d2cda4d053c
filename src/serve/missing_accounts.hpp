// Accounts that the disk does not give: for how long they are waited for, and how often they are asked for after that.
//
// A disk that is away for a moment and a bad sector look alike. For kPatience_s it counts as the first, and who is
// missing is waited for; then as the second, which is nobody's matter but the account's own: it is passed over.
// Threads: one owner. Cost: a look-up, or a look at all of them, a call; bounded by kMissingMax names.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace cms::serve {

class MissingAccounts {
 public:
  static constexpr double kPatience_s = 30;
  static constexpr double kAskAgain_s = 600;  // for one that is passed over: a bad sector can take seconds
  static constexpr std::size_t kMissingMax = std::size_t{1} << 20;

  // The disk has not given it at `now`, seconds. False when there is no room to note it.
  bool miss(const std::string& account, double now) {
    if (missing_.size() >= kMissingMax && !missing_.contains(account)) return false;
    missing_.try_emplace(account, Missing{now}).first->second.asked = now;
    return true;
  }
  void found(const std::string& account) { missing_.erase(account); }
  template <typename Gone>
  void forget(const Gone& gone) {
    std::erase_if(missing_, [&](const auto& one) { return gone(one.first); });
  }
  // Those that are passed over from now on, each once.
  std::vector<std::string> pass_over() {
    std::vector<std::string> names;
    for (auto& [account, one] : missing_) {
      if (one.passed_over || one.asked - one.since < kPatience_s) continue;
      one.passed_over = true;
      names.push_back(account);
    }
    return names;
  }
  // Those to be asked for again after `now`: all that are waited for, and who was passed over long ago.
  [[nodiscard]] std::vector<std::string> due(double now) const {
    std::vector<std::string> names;
    for (const auto& [account, one] : missing_) {
      if (!one.passed_over || now - one.asked >= kAskAgain_s) names.push_back(account);
    }
    return names;
  }
  // Whether anybody is waited for.
  [[nodiscard]] bool waits() const {
    return std::ranges::any_of(missing_, [](const auto& one) { return !one.second.passed_over; });
  }

 private:
  struct Missing {
    double since = 0, asked = 0;  // when that began, and when it was last asked for
    bool passed_over = false;
  };

  std::map<std::string, Missing> missing_;
};

}  // namespace cms::serve
