// A progress line on stderr for long work: share done, rate, time left.
//
// On a terminal the line is redrawn in place a few times a second; elsewhere one line is printed every 10 seconds,
// so logs stay readable. The only clock in `base` is in here: it never reaches a result. Threads: one owner.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace cms {

class Progress {
 public:
  // `what` is the verb phrase shown ("capturing"), `unit` what is counted ("prompts"), `total` how many there are.
  Progress(std::string what, std::string unit, std::uint64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Says that `done` units are ready; work from an earlier run counts as done but not in the rate.
  void skip(std::uint64_t done);
  void advance(std::uint64_t count = 1);

 private:
  using Clock = std::chrono::steady_clock;
  void draw(bool last);

  std::string what_;
  std::string unit_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  std::uint64_t skipped_ = 0;
  bool terminal_;
  Clock::time_point start_;
  Clock::time_point drawn_;
};

// A bar for work that tells how much of it is done, of how much, and how much of that it found done already. Drawn from
// the first telling on; its last line comes when the function is destroyed.
using ProgressTold = std::function<void(std::size_t done, std::size_t total, std::size_t found)>;
ProgressTold told_progress(std::string what, std::string unit);

}  // namespace cms
