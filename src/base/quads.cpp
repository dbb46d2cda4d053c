#include "base/quads.hpp"

#include <algorithm>

#include "base/exponential.hpp"
#include "base/lanes.hpp"
#include "base/scalar.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "base/quads.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

#include "base/vectors.inl"

HWY_BEFORE_NAMESPACE();
namespace cms::HWY_NAMESPACE {
namespace {

// What of a query the products read: int16 elements, or bytes 128 higher where the processor multiplies unsigned
// bytes with signed ones (VPDPBUSD; four products of a lane fit its int32 without saturation).
#if HWY_TARGET == HWY_AVX3_DL
using Query = std::uint8_t;
constexpr int kBias = 128;
#else
using Query = std::int16_t;
constexpr int kBias = 0;
#endif

#if HWY_TARGET == HWY_SCALAR

void some_blocks(const std::int8_t* bytes, const std::int32_t*, std::size_t quads, const Query* queries,
                 std::size_t query_count, std::int32_t* out, std::size_t blocks) {
  for (std::size_t i = 0; i < query_count * blocks * kLanes; ++i) {
    const std::size_t row = i % (blocks * kLanes);
    const Query* query = queries + i / (blocks * kLanes) * 4 * quads;
    out[i] = 0;
    for (std::size_t e = 0; e < 4 * quads; ++e) {
      out[i] += query[e] * bytes[((row / kLanes * quads + e / 4) * kLanes + row % kLanes) * 4 + e % 4];
    }
  }
}

#else

// Sums of one block of 16 rows for one query.
struct BlockSum {
#if HWY_TARGET == HWY_AVX3_DL
  hn::Vec<Int32> sum;
  HWY_INLINE BlockSum() : sum(hn::Zero(Int32())) {}
#else
  PairSum halves[2 * kParts];  // two sums a row, of elements 0, 1 and of elements 2, 3 of each four
  HWY_INLINE BlockSum() {}
#endif

  HWY_INLINE void store(const std::int32_t* HWY_RESTRICT offsets, std::int32_t* HWY_RESTRICT out) const {
    const Int32 d;
#if HWY_TARGET == HWY_AVX3_DL
    hn::StoreU(hn::Add(sum, hn::LoadU(d, offsets)), d, out);
#else
    static_cast<void>(offsets);
    for (std::size_t part = 0; part < kParts; ++part) {
      const auto low = halves[2 * part].total(), high = halves[2 * part + 1].total();
      hn::StoreU(hn::Add(hn::ConcatEven(d, high, low), hn::ConcatOdd(d, high, low)), d, out + part * hn::Lanes(d));
    }
#endif
  }
};

template <std::size_t kQueries, std::size_t kBlocks>
HWY_INLINE void some_products(const std::int8_t* HWY_RESTRICT bytes, const std::int32_t* HWY_RESTRICT offsets,
                              std::size_t quads, const Query* HWY_RESTRICT queries, std::int32_t* HWY_RESTRICT out,
                              std::size_t out_stride) {
  BlockSum sums[kQueries][kBlocks];
  for (std::size_t quad = 0; quad < quads; ++quad) {
#if HWY_TARGET == HWY_AVX3_DL
    hn::Vec<Int32> query[kQueries];
    for (std::size_t q = 0; q < kQueries; ++q) {
      std::int32_t four;
      __builtin_memcpy(&four, queries + (q * quads + quad) * 4, sizeof four);
      query[q] = hn::Set(Int32(), four);
    }
    for (std::size_t block = 0; block < kBlocks; ++block) {
      const auto rows = hn::LoadU(hn::Repartition<std::int8_t, Int32>(), bytes + (block * quads + quad) * 4 * kLanes);
      for (std::size_t q = 0; q < kQueries; ++q) {
        asm("vpdpbusd %2, %1, %0" : "+v"(sums[q][block].sum.raw) : "v"(query[q].raw), "vm"(rows.raw));
      }
    }
#else
    const hn::Rebind<std::int8_t, Int16> narrow;
    hn::Vec<Int16> query[kQueries];
    for (std::size_t q = 0; q < kQueries; ++q) query[q] = repeat_four(queries + (q * quads + quad) * 4);
    for (std::size_t block = 0; block < kBlocks; ++block) {
      const std::int8_t* rows = bytes + (block * quads + quad) * 4 * kLanes;
      for (std::size_t half = 0; half < 2 * kParts; ++half) {
        const auto wide = hn::PromoteTo(Int16(), hn::LoadU(narrow, rows + half * hn::Lanes(narrow)));
        for (std::size_t q = 0; q < kQueries; ++q) sums[q][block].halves[half].add(wide, query[q]);
      }
    }
#endif
  }
  for (std::size_t q = 0; q < kQueries; ++q) {
    for (std::size_t block = 0; block < kBlocks; ++block) {
      sums[q][block].store(offsets + block * kLanes, out + q * out_stride + block * kLanes);
    }
  }
}

template <std::size_t kQueries, std::size_t kBlocks>
HWY_INLINE void block_products(const std::int8_t* HWY_RESTRICT bytes, const std::int32_t* HWY_RESTRICT offsets,
                               std::size_t quads, const Query* HWY_RESTRICT queries, std::int32_t* HWY_RESTRICT out,
                               std::size_t blocks) {
  const std::size_t per_block = quads * 4 * kLanes;
  std::size_t block = 0;
  for (; block + kBlocks <= blocks; block += kBlocks) {
    some_products<kQueries, kBlocks>(bytes + block * per_block, offsets + block * kLanes, quads, queries,
                                     out + block * kLanes, blocks * kLanes);
  }
  for (; block < blocks; ++block) {
    some_products<kQueries, 1>(bytes + block * per_block, offsets + block * kLanes, quads, queries,
                               out + block * kLanes, blocks * kLanes);
  }
}

void some_blocks(const std::int8_t* bytes, const std::int32_t* offsets, std::size_t quads, const Query* queries,
                 std::size_t query_count, std::int32_t* out, std::size_t blocks) {
  constexpr bool kFast = HWY_TARGET == HWY_AVX3_DL;
  constexpr std::size_t kTogether = kFast || kParts == 1 ? 4 : 2;
  std::size_t q = 0;
  for (; q + kTogether <= query_count; q += kTogether) {
    block_products<kTogether, kFast ? 4 : 1>(bytes, offsets, quads, queries + q * 4 * quads, out + q * blocks * kLanes,
                                             blocks);
  }
  for (; q < query_count; ++q) {
    block_products<1, kFast ? 8 : kParts == 1 ? 4 : 1>(bytes, offsets, quads, queries + q * 4 * quads,
                                                       out + q * blocks * kLanes, blocks);
  }
}

#endif

void QuadProducts(const std::int8_t* bytes, const std::int32_t* offsets, std::size_t width, const std::int8_t* queries,
                  std::size_t query_count, std::int32_t* out, std::size_t blocks) {
  constexpr std::size_t kTogether = 4;
  const std::size_t quads = (width + 3) / 4;
  Query prepared[kTogether * kWidthMax];
  for (std::size_t first = 0; first < query_count; first += kTogether) {
    const std::size_t count = query_count - first < kTogether ? query_count - first : kTogether;
    for (std::size_t q = 0; q < count; ++q) {
      const std::int8_t* from = queries + (first + q) * width;
      Query* to = prepared + q * 4 * quads;
      for (std::size_t i = 0; i < width; ++i) to[i] = static_cast<Query>(from[i] + kBias);
      for (std::size_t i = width; i < 4 * quads; ++i) to[i] = 0;
    }
    some_blocks(bytes, offsets, quads, prepared, count, out + first * blocks * kLanes, blocks);
  }
}

// Returns how many numbers it wrote to `out`.
std::size_t RowsNearBest(const std::int32_t* HWY_RESTRICT products, const float* HWY_RESTRICT scales, float margin,
                         std::size_t count, std::uint32_t* HWY_RESTRICT out) {
#if HWY_TARGET == HWY_SCALAR
  return scalar::rows_near_best(products, scales, margin, count, out);
#else
  const Float d;
  const Int32 d32;
  auto best = hn::Mul(hn::ConvertTo(d, hn::LoadU(d32, products)), hn::LoadU(d, scales));
  for (std::size_t i = hn::Lanes(d); i < count; i += hn::Lanes(d)) {
    best = hn::Max(best, hn::Mul(hn::ConvertTo(d, hn::LoadU(d32, products + i)), hn::LoadU(d, scales + i)));
  }
  const auto least = hn::Sub(hn::MaxOfLanes(d, best), hn::Set(d, margin));
  std::size_t found = 0;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const auto value = hn::Mul(hn::ConvertTo(d, hn::LoadU(d32, products + i)), hn::LoadU(d, scales + i));
    const auto near = hn::Ge(value, least);
    if (hn::AllFalse(d, near)) continue;
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(d, near, bits);
    for (std::size_t lane = 0; lane < hn::Lanes(d); ++lane) {
      if ((bits[lane / 8] >> (lane % 8) & 1) != 0) out[found++] = static_cast<std::uint32_t>(i + lane);
    }
  }
  return found;
#endif
}

}  // namespace
}  // namespace cms::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cms {

HWY_EXPORT(QuadProducts);
HWY_EXPORT(RowsNearBest);

Quads make_quads(std::span<const std::int8_t> rows, std::size_t width) {
  Quads result;
  result.rows = rows.size() / width;
  result.padded = (result.rows + kLanes - 1) / kLanes * kLanes;
  result.width = width;
  const std::size_t quads = (width + 3) / 4;
  result.bytes.resize(result.padded * quads * 4);
  result.offsets.resize(result.padded);
  for (std::size_t row = 0; row < result.rows; ++row) {
    for (std::size_t i = 0; i < width; ++i) {
      const std::int8_t value = rows[row * width + i];
      result.bytes[((row / kLanes * quads + i / 4) * kLanes + row % kLanes) * 4 + i % 4] = value;
      result.offsets[row] -= 128 * value;
    }
  }
  return result;
}

void products(const Quads& rows, std::span<const std::int8_t> queries, std::span<std::int32_t> out) {
  HWY_DYNAMIC_DISPATCH(QuadProducts)
  (rows.bytes.data(), rows.offsets.data(), rows.width, queries.data(), queries.size() / rows.width, out.data(),
   rows.padded / kLanes);
}

std::size_t rows_near_best(std::span<const std::int32_t> products, std::span<const float> scales, float margin,
                           std::span<std::uint32_t> out) {
  return HWY_DYNAMIC_DISPATCH(RowsNearBest)(products.data(), scales.data(), margin, products.size(), out.data());
}

}  // namespace cms
#endif
