#include "serve/rfc3339.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdint>

namespace cms::serve {

std::string rfc3339(double time) {
  const double bounded = std::isfinite(time) && time > 0 && time < 253402300800.0 ? time : 0;
  const auto milliseconds = static_cast<std::int64_t>(std::floor(bounded * 1000));
  const std::chrono::sys_days day{std::chrono::days{milliseconds / 86'400'000}};
  const std::chrono::year_month_day date{day};
  const auto rest = milliseconds % 86'400'000;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), rest / 3'600'000,
                     rest / 60'000 % 60, rest / 1000 % 60, rest % 1000);
}

}  // namespace cms::serve
