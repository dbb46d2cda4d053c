#include "base/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

namespace cms {
namespace {

std::string duration_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds + 0.5);
  if (whole >= 3600) return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
  if (whole >= 60) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  return fmt::format("{}s", whole);
}

}  // namespace

Progress::Progress(std::string what, std::string unit, std::uint64_t total)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      total_(total),
      terminal_(::isatty(STDERR_FILENO) == 1),
      start_(Clock::now()),
      drawn_(start_) {}

Progress::~Progress() {
  draw(true);
}

void Progress::skip(std::uint64_t done) {
  done_ += done;
  skipped_ += done;
}

void Progress::advance(std::uint64_t count) {
  done_ += count;
  if (total_ > 0) done_ = std::min(done_, total_);  // who counts for several threads may count beyond
  const auto pause = terminal_ ? std::chrono::milliseconds(150) : std::chrono::milliseconds(10000);
  if (Clock::now() - drawn_ >= pause) draw(false);
}

void Progress::draw(bool last) {
  drawn_ = Clock::now();
  const double elapsed_s = std::chrono::duration<double>(drawn_ - start_).count();
  const double rate = elapsed_s > 0 ? static_cast<double>(done_ - skipped_) / elapsed_s : 0;
  const double share = total_ > 0 ? static_cast<double>(done_) / static_cast<double>(total_) : 1;
  std::string line = fmt::format("{} {}/{} {} ({:.0f}%), {:.1f}/s", what_, done_, total_, unit_, 100 * share, rate);
  if (last) {
    line += fmt::format(", took {}", duration_text(elapsed_s));
  } else if (rate > 0) {
    line += fmt::format(", {} left", duration_text(static_cast<double>(total_ - std::min(done_, total_)) / rate));
  }
  if (terminal_) {
    constexpr int kBar = 24;
    const int filled = static_cast<int>(kBar * std::min(share, 1.0));
    line = fmt::format("\r\033[K[{}{}] {}{}", std::string(filled, '#'), std::string(kBar - filled, '.'), line,
                       last ? "\n" : "");
  } else {
    line += '\n';
  }
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
}

ProgressTold told_progress(std::string what, std::string unit) {
  // Shared, because a std::function must be copyable: all copies draw one bar.
  struct Bar {
    std::optional<Progress> line;
    std::size_t shown = 0;
  };
  return [bar = std::make_shared<Bar>(), what, unit](std::size_t done, std::size_t total, std::size_t found) {
    if (!bar->line) {
      bar->line.emplace(what, unit, total);
      bar->line->skip(found);
      bar->shown = found;
    }
    if (done > bar->shown) bar->line->advance(done - bar->shown);
    bar->shown = done;
  };
}

}  // namespace cms
