#include "base/units.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "base/units.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace cms::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Of the leading whole registers; how many values that was goes to `done`.
std::int64_t SumOfUnits(const float* HWY_RESTRICT values, std::size_t count, double units, std::size_t* done) {
  const hn::CappedTag<double, 8> d;
  const hn::Rebind<float, decltype(d)> narrow;
  const hn::RebindToSigned<decltype(d)> bits;
  // As round_even() (types/fixed_point.hpp): adding it leaves the whole number in the low bits.
  const auto whole = hn::Set(d, 0x1.8p52);
  auto sum = hn::Zero(bits);
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
    const auto scaled = hn::Mul(hn::PromoteTo(d, hn::LoadU(narrow, values + i)), hn::Set(d, units));
    sum = hn::Add(sum, hn::Sub(hn::BitCast(bits, hn::Add(scaled, whole)), hn::BitCast(bits, whole)));
  }
  *done = i;
  return hn::GetLane(hn::SumOfLanes(bits, sum));
}

}  // namespace
}  // namespace cms::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cms {

HWY_EXPORT(SumOfUnits);

std::int64_t sum_of_units(std::span<const float> values, double units) {
  std::size_t done = 0;
  const std::int64_t sum = HWY_DYNAMIC_DISPATCH(SumOfUnits)(values.data(), values.size(), units, &done);
  if (done == values.size()) return sum;
  float rest[8] = {};  // zeros add nothing
  std::copy(values.begin() + static_cast<std::ptrdiff_t>(done), values.end(), rest);
  return sum + HWY_DYNAMIC_DISPATCH(SumOfUnits)(rest, 8, units, &done);
}

}  // namespace cms
#endif
