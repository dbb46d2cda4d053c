#include "base/lanes.hpp"

#include <algorithm>
#include <cmath>

#include "base/exponential.hpp"
#include "base/scalar.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "base/lanes.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

#include "base/vectors.inl"

HWY_BEFORE_NAMESPACE();
namespace cms::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void Products(const std::int8_t* lanes, std::size_t pairs, const std::int16_t* queries, std::size_t query_count,
              std::int32_t* out, std::size_t blocks) {
  for (std::size_t i = 0; i < query_count * blocks * kLanes; ++i) {
    const std::size_t row = i % (blocks * kLanes);
    const std::int8_t* values = lanes + lane_offset(row, 2 * pairs);
    const std::int16_t* query = queries + i / (blocks * kLanes) * 2 * pairs;
    out[i] = 0;
    for (std::size_t e = 0; e < 2 * pairs; ++e) out[i] += query[e] * values[e / 2 * 2 * kLanes + e % 2];
  }
}

void InverseLengths(const std::int8_t* lanes, std::size_t pairs, std::size_t rows, double* out) {
  scalar::inverse_lengths({lanes, lane_bytes(rows, 2 * pairs)}, 2 * pairs, rows, {out, rows});
}

#else

// As many sums as registers allow: `kQueries` queries with `kBlocks` blocks.
template <std::size_t kQueries, std::size_t kBlocks>
HWY_INLINE void some_products(const std::int8_t* HWY_RESTRICT lanes, std::size_t pairs,
                              const std::int16_t* HWY_RESTRICT queries, std::int32_t* HWY_RESTRICT out,
                              std::size_t out_stride) {
  const hn::Rebind<std::int8_t, Int16> narrow;
  const std::size_t per_block = pairs * 2 * kLanes;
  PairSum sums[kQueries][kBlocks][kParts];
  for (std::size_t pair = 0; pair < pairs; ++pair) {
    hn::Vec<Int16> query[kQueries];
    for (std::size_t q = 0; q < kQueries; ++q) query[q] = repeat_pair(queries + q * 2 * pairs + 2 * pair);
    for (std::size_t block = 0; block < kBlocks; ++block) {
      for (std::size_t part = 0; part < kParts; ++part) {
        const std::int8_t* values = lanes + block * per_block + pair * 2 * kLanes + part * hn::Lanes(narrow);
        const auto wide = hn::PromoteTo(Int16(), hn::LoadU(narrow, values));
        for (std::size_t q = 0; q < kQueries; ++q) sums[q][block][part].add(wide, query[q]);
      }
    }
  }
  for (std::size_t q = 0; q < kQueries; ++q) {
    for (std::size_t block = 0; block < kBlocks; ++block) {
      for (std::size_t part = 0; part < kParts; ++part) {
        std::int32_t* target = out + q * out_stride + block * kLanes + part * hn::Lanes(Int32());
        hn::StoreU(sums[q][block][part].total(), Int32(), target);
      }
    }
  }
}

template <std::size_t kQueries, std::size_t kBlocks>
HWY_INLINE void block_products(const std::int8_t* HWY_RESTRICT lanes, std::size_t pairs,
                               const std::int16_t* HWY_RESTRICT queries, std::int32_t* HWY_RESTRICT out,
                               std::size_t blocks) {
  std::size_t block = 0;
  for (; block + kBlocks <= blocks; block += kBlocks) {
    some_products<kQueries, kBlocks>(lanes + block * pairs * 2 * kLanes, pairs, queries, out + block * kLanes,
                                     blocks * kLanes);
  }
  for (; block < blocks; ++block) {
    some_products<kQueries, 1>(lanes + block * pairs * 2 * kLanes, pairs, queries, out + block * kLanes,
                               blocks * kLanes);
  }
}

void Products(const std::int8_t* lanes, std::size_t pairs, const std::int16_t* queries, std::size_t query_count,
              std::int32_t* out, std::size_t blocks) {
  constexpr std::size_t kTogether = kParts == 4 ? 2 : 4;
  std::size_t q = 0;
  for (; q + kTogether <= query_count; q += kTogether) {
    block_products<kTogether, kParts == 1 ? 4 : 1>(lanes, pairs, queries + q * 2 * pairs, out + q * blocks * kLanes,
                                                   blocks);
  }
  for (; q < query_count; ++q) {
    block_products<1, kParts == 4 ? 2 : 4>(lanes, pairs, queries + q * 2 * pairs, out + q * blocks * kLanes, blocks);
  }
}

void InverseLengths(const std::int8_t* HWY_RESTRICT lanes, std::size_t pairs, std::size_t rows,
                    double* HWY_RESTRICT out) {
  const hn::Rebind<std::int8_t, Int16> narrow;
  const Double d;
  for (std::size_t first = 0; first < rows; first += kLanes, lanes += pairs * 2 * kLanes) {
    PairSum sums[kParts];
    for (std::size_t pair = 0; pair < pairs; ++pair) {
      for (std::size_t part = 0; part < kParts; ++part) {
        const std::int8_t* values = lanes + pair * 2 * kLanes + part * hn::Lanes(narrow);
        const auto wide = hn::PromoteTo(Int16(), hn::LoadU(narrow, values));
        sums[part].add(wide, wide);
      }
    }
    HWY_ALIGN std::int32_t squared[kLanes];
    HWY_ALIGN double inverse[kLanes];
    for (std::size_t part = 0; part < kParts; ++part) {
      hn::StoreU(sums[part].total(), Int32(), squared + part * hn::Lanes(Int32()));
    }
    for (std::size_t i = 0; i < kLanes; i += hn::Lanes(d)) {
      const auto length = hn::Sqrt(hn::PromoteTo(d, hn::LoadU(HalfInt(), squared + i)));
      const auto result = hn::Div(hn::Set(d, 1.0), length);
      hn::StoreU(hn::IfThenZeroElse(hn::Eq(length, hn::Zero(d)), result), d, inverse + i);
    }
    for (std::size_t i = 0; i < kLanes && first + i < rows; ++i) out[first + i] = inverse[i];
  }
}

#endif

}  // namespace
}  // namespace cms::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cms {

HWY_EXPORT(Products);
HWY_EXPORT(InverseLengths);

void put_row(std::span<std::int8_t> lanes, std::size_t row, std::span<const std::int8_t> values) {
  std::int8_t* pair = lanes.data() + lane_offset(row, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) pair[i / 2 * 2 * kLanes + i % 2] = values[i];
}

void get_row(std::span<const std::int8_t> lanes, std::size_t row, std::span<std::int8_t> values) {
  const std::int8_t* pair = lanes.data() + lane_offset(row, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = pair[i / 2 * 2 * kLanes + i % 2];
}

void products(std::span<const std::int8_t> lanes, std::span<const std::int8_t> query, std::span<std::int32_t> out) {
  products(lanes, query.size(), query, out);
}

void products(std::span<const std::int8_t> lanes, std::size_t width, std::span<const std::int8_t> queries,
              std::span<std::int32_t> out) {
  constexpr std::size_t kTogether = 4;
  const std::size_t pairs = (width + 1) / 2;
  const std::size_t query_count = width == 0 ? 0 : queries.size() / width;
  const std::size_t rows = query_count == 0 ? 0 : out.size() / query_count;
  std::int16_t wide[kTogether * kWidthMax];
  for (std::size_t first = 0; first < query_count; first += kTogether) {
    const std::size_t count = std::min(kTogether, query_count - first);
    for (std::size_t q = 0; q < count; ++q) {
      std::int16_t* to = wide + q * 2 * pairs;
      std::copy_n(queries.data() + (first + q) * width, width, to);
      if (width % 2 != 0) to[width] = 0;
    }
    HWY_DYNAMIC_DISPATCH(Products)(lanes.data(), pairs, wide, count, out.data() + first * rows, rows / kLanes);
  }
}

void inverse_lengths(std::span<const std::int8_t> lanes, std::size_t width, std::size_t rows, std::span<double> out) {
  HWY_DYNAMIC_DISPATCH(InverseLengths)(lanes.data(), (width + 1) / 2, rows, out.data());
}

}  // namespace cms
#endif
