#include "base/select.hpp"

#include <algorithm>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "base/select.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace cms::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Float = hn::CappedTag<float, 16>;
constexpr std::size_t kParts = 16 / hn::MaxLanes(Float());

// The least value of each of 16 lanes.
void LaneMinima(const float* HWY_RESTRICT values, std::size_t count, float* HWY_RESTRICT minima) {
  const Float d;
  for (std::size_t part = 0; part < kParts; ++part) {
    const std::size_t first = part * hn::Lanes(d);
    auto least = hn::LoadU(d, values + first);
    for (std::size_t i = 16; i < count; i += 16) least = hn::Min(least, hn::LoadU(d, values + i + first));
    hn::StoreU(least, d, minima + first);
  }
}

// The next place, a multiple of 16 from `from` on, where one of 16 values is at most `bound`; `count` if there is none.
std::size_t NextBlock(const float* HWY_RESTRICT values, std::size_t from, std::size_t count, float bound) {
  const Float d;
  const auto most = hn::Set(d, bound);
  for (; from < count; from += 16) {
    auto any = hn::Le(hn::LoadU(d, values + from), most);
    for (std::size_t part = 1; part < kParts; ++part) {
      any = hn::Or(any, hn::Le(hn::LoadU(d, values + from + part * hn::Lanes(d)), most));
    }
    if (!hn::AllFalse(d, any)) break;
  }
  return from;
}

}  // namespace
}  // namespace cms::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cms {
namespace {

HWY_EXPORT(LaneMinima);
HWY_EXPORT(NextBlock);

constexpr std::size_t kFew = 16;

// Keeps the `k` smallest values so far, rising.
void keep(float* smallest, std::size_t k, float value) {
  if (!(value < smallest[k - 1])) return;
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
  if (whole > 0) {
    // k lanes have a value that is at most the k-th smallest of the minima, so only values up to there matter.
    float minima[16];
    HWY_DYNAMIC_DISPATCH(LaneMinima)(values.data(), whole, minima);
    std::nth_element(minima, minima + (k - 1), minima + 16);
    const float bound = minima[k - 1];
    const auto next_block = HWY_DYNAMIC_DISPATCH(NextBlock);
    for (std::size_t i = next_block(values.data(), 0, whole, bound); i < whole;
         i = next_block(values.data(), i + 16, whole, bound)) {
      for (std::size_t lane = 0; lane < 16; ++lane) keep(smallest, k, values[i + lane]);
    }
  }
  for (std::size_t i = whole; i < values.size(); ++i) keep(smallest, k, values[i]);
  return smallest[k - 1];
}

}  // namespace cms
#endif
