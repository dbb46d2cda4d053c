#include "base/select.hpp"

#include <algorithm>
#include <limits>

namespace cms {
namespace {

constexpr std::size_t kFew = 16;

// Keeps the `k` smallest values so far, rising.
void insert(float* smallest, std::size_t k, float value) {
  std::size_t at = k - 1;
  for (; at > 0 && smallest[at - 1] > value; --at) smallest[at] = smallest[at - 1];
  smallest[at] = value;
}

}  // namespace

float kth_smallest(std::span<float> values, std::size_t k) {
  if (k > kFew) {
    const auto kth = values.begin() + static_cast<std::ptrdiff_t>(k - 1);
    std::nth_element(values.begin(), kth, values.end());
    return *kth;
  }
  float smallest[kFew];
  std::fill_n(smallest, kFew, std::numeric_limits<float>::infinity());
  const std::size_t whole = values.size() / 16 * 16;
  for (std::size_t i = 0; i < whole; i += 16) {
    const float bound = smallest[k - 1];
    unsigned any = 0;
    for (std::size_t lane = 0; lane < 16; ++lane) any |= values[i + lane] < bound ? 1U : 0U;
    if (any == 0) continue;
    for (std::size_t lane = 0; lane < 16; ++lane) {
      if (values[i + lane] < smallest[k - 1]) insert(smallest, k, values[i + lane]);
    }
  }
  for (std::size_t i = whole; i < values.size(); ++i) {
    if (values[i] < smallest[k - 1]) insert(smallest, k, values[i]);
  }
  return smallest[k - 1];
}

}  // namespace cms
