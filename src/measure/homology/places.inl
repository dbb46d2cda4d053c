// Where the edges of a point that came belong among those that are kept, included by walk.cpp once for every
// instruction set.
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "measure/homology/edges.hpp"
#include "types/distances.hpp"
#include "types/row_change.hpp"

// Highway's convention for what is compiled once per target: a guard that toggles.
#if defined(CMS_HOMOLOGY_PLACES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef CMS_HOMOLOGY_PLACES_INL
#undef CMS_HOMOLOGY_PLACES_INL
#else
#define CMS_HOMOLOGY_PLACES_INL
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace cms::homology::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Smallest length at which some point is joined to all others: from there on the complex is a cone, without homology.
float enclosing_radius(const Distances& distances) {
  const hn::ScalableTag<float> tag;
  const auto lanes = static_cast<std::uint32_t>(hn::Lanes(tag));
  float radius = std::numeric_limits<float>::max();
  for (std::uint32_t i = 0; i < distances.count; ++i) {
    const float* row = distances.row(i);
    auto greatest = hn::Zero(tag);
    std::uint32_t j = 0;
    for (; j + lanes <= distances.count; j += lanes) greatest = hn::Max(greatest, hn::LoadU(tag, row + j));
    float farthest = hn::GetLane(hn::MaxOfLanes(tag, greatest));
    for (; j < distances.count; ++j) farthest = std::max(farthest, row[j]);
    radius = std::min(radius, farthest);
  }
  return radius;
}

// The arriving edges by (length, slot), which is the total order among edges that share an end: each one's place is the
// number of those before it. Lengths as integers, so that a tie with a lower slot is one unit more.
void sort_arriving(const RowChange& change, std::vector<std::uint8_t>& others) {
  const hn::ScalableTag<std::int32_t> tag;
  constexpr std::uint32_t kPadded = kPointsMax + HWY_MAX_BYTES / 4;
  HWY_ALIGN std::array<std::int32_t, kPadded> lengths;
  HWY_ALIGN std::array<std::int32_t, kPadded> slots;
  const std::uint32_t count = change.count;
  for (std::uint32_t x = 0; x < kPadded; ++x) {
    slots[x] = static_cast<std::int32_t>(x);
    lengths[x] = std::numeric_limits<std::int32_t>::max();
    if (x < count) lengths[x] = std::bit_cast<std::int32_t>(change.after[x] + 0.0F);
  }
  lengths[change.slot] = std::numeric_limits<std::int32_t>::max();
  others.resize(count);
  for (std::uint32_t x = 0; x < count; ++x) {
    if (x == change.slot) continue;
    const auto length = hn::Set(tag, lengths[x]);
    const auto slot = hn::Set(tag, static_cast<std::int32_t>(x));
    std::size_t place = 0;
    for (std::uint32_t y = 0; y < count; y += static_cast<std::uint32_t>(hn::Lanes(tag))) {
      const auto other = hn::Load(tag, lengths.data() + y);
      const auto tied = hn::And(hn::Eq(other, length), hn::Lt(hn::Load(tag, slots.data() + y), slot));
      place += hn::CountTrue(tag, hn::Or(hn::Lt(other, length), tied));
    }
    others[place] = static_cast<std::uint8_t>(x);
  }
  others.pop_back();
}

// How many edges of the kept order come before others that are asked for in rising order: first among every 16th,
// whose keys are gathered once, then among 16, without a branch that depends on lengths.
template <typename Packed>
class Places {
 public:
  Places(const Distances& distances, const RowChange* change, std::span<const Packed> edges, std::vector<Edge>& keys)
      : distances_(distances), change_(change), edges_(edges), keys_(keys) {
    keys_.clear();
    for (std::size_t e = 0; e < edges_.size(); e += kStep) keys_.push_back(key(edges_[e]));
  }

  [[nodiscard]] std::size_t before(Edge edge) {
    while (block_ < keys_.size() && keys_[block_] < edge) ++block_;
    if (block_ == 0) return 0;
    const std::size_t first = (block_ - 1) * kStep;
    std::size_t found = 1;  // the block's own first edge
    for (std::size_t step = kStep / 2; step > 0; step /= 2) {
      const std::size_t probe = std::min(first + found + step, edges_.size()) - 1;
      found += step * static_cast<std::size_t>((first + found + step <= edges_.size()) & (key(edges_[probe]) < edge));
    }
    return first + found;
  }

 private:
  static constexpr std::size_t kStep = 16;

  // Old edges of the replaced slot have their lengths in the row that left.
  [[nodiscard]] Edge key(Packed edge) const {
    const std::uint32_t i = edge.first();
    const std::uint32_t j = edge.second();
    float length = distances_.row(i)[j];
    if (change_ != nullptr && ((i == change_->slot) | (j == change_->slot))) [[unlikely]] {
      length = change_->before[i == change_->slot ? j : i];
    }
    return make_edge(length, i, j);
  }

  const Distances& distances_;
  const RowChange* change_;
  std::span<const Packed> edges_;
  std::vector<Edge>& keys_;
  std::size_t block_ = 0;
};

}  // namespace
}  // namespace cms::homology::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
