// Every chord of one window: lay it out for multiplying once, multiply 16 x 16 tiles of the upper triangle, turn each
// tile into chords, and copy it to the lower triangle. Compiled once for each instruction set (docs/kernels.md).
#include <algorithm>
#include <cstring>

#include "base/directions.hpp"
#include "base/exponential.hpp"
#include "base/lanes.hpp"
#include "base/scalar.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "base/all_chords.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

#include "base/vectors.inl"

HWY_BEFORE_NAMESPACE();
namespace cms::HWY_NAMESPACE {
namespace {

#if HWY_TARGET != HWY_SCALAR

struct Window {
  const std::int16_t* values;  // `groups` groups of 16 rows for each block, see expand()
  std::size_t groups;
  const double* inverse_lengths;  // whole blocks
  float* out;
  std::size_t stride;
};

#if HWY_TARGET == HWY_AVX3_DL

constexpr std::size_t kTileRows = 16;
constexpr std::size_t kGroup = 2 * kLanes;  // int16 that four bytes of 16 rows take

// Groups of four bytes: the processor multiplies four unsigned ones with four signed ones.
std::size_t expand(const std::int8_t* HWY_RESTRICT lanes, std::size_t blocks, std::size_t pairs,
                   std::int16_t* HWY_RESTRICT to) {
  const Int32 d;
  const hn::Rebind<std::int16_t, Int32> pair_of_bytes;
  const hn::Rebind<std::uint16_t, Int32> bits;
  const auto load = [&](std::size_t block, std::size_t pair) HWY_ATTR {
    const auto both = hn::LoadU(hn::Repartition<std::int8_t, decltype(pair_of_bytes)>(),
                                lanes + (block * pairs + pair) * 2 * kLanes);
    return hn::BitCast(d, hn::PromoteTo(hn::Repartition<std::uint32_t, Int32>(), hn::BitCast(bits, both)));
  };
  for (std::size_t block = 0; block < blocks; ++block) {
    for (std::size_t pair = 0; pair < pairs; pair += 2, to += kGroup) {
      const auto low = load(block, pair);
      const auto high = pair + 1 < pairs ? load(block, pair + 1) : hn::Zero(d);
      hn::StoreU(hn::BitCast(Int16(), hn::Or(low, hn::ShiftLeft<16>(high))), Int16(), to);
    }
  }
  return (pairs + 1) / 2;
}

// -128 times the sum of each of a block's 16 rows.
HWY_INLINE void row_offsets(const std::int16_t* HWY_RESTRICT rows, std::size_t groups,
                            std::int32_t* HWY_RESTRICT offsets) {
  const Int32 d;
  const auto ones = hn::Set(d, 0x01010101);
  auto sum = hn::Zero(d);
  for (std::size_t group = 0; group < groups; ++group, rows += kGroup) {
    asm("vpdpbusd %2, %1, %0" : "+v"(sum.raw) : "v"(ones.raw), "v"(hn::LoadU(Int16(), rows).raw));
  }
  hn::StoreU(hn::ShiftLeft<7>(hn::Neg(sum)), d, offsets);
}

// Products of the 16 rows at `rows` with those of a block, whose bytes are raised by 128 on the way: the offsets of the
// rows take that off.
HWY_INLINE void tile_products(const std::int16_t* HWY_RESTRICT rows, const std::int16_t* HWY_RESTRICT block,
                              std::size_t groups, std::int32_t* HWY_RESTRICT products) {
  const Int32 d;
  row_offsets(rows, groups, products);
  hn::Vec<Int32> sums[kTileRows];
  for (std::size_t i = 0; i < kTileRows; ++i) sums[i] = hn::Set(d, products[i]);
  const auto raise = hn::Set(d, static_cast<std::int32_t>(0x80808080U));
  for (std::size_t group = 0; group < groups; ++group, rows += kGroup, block += kGroup) {
    const auto raised = hn::Xor(hn::BitCast(d, hn::LoadU(Int16(), block)), raise);
    for (std::size_t i = 0; i < kTileRows; ++i) {
      asm("vpdpbusd %2%{1to16%}, %1, %0"
          : "+v"(sums[i].raw)
          : "v"(raised.raw), "m"(*reinterpret_cast<const std::int32_t*>(rows + 2 * i)));
    }
  }
  for (std::size_t i = 0; i < kTileRows; ++i) hn::StoreU(sums[i], d, products + i * kLanes);
}

#else

constexpr std::size_t kTileRows = kParts == 1 ? 8 : 2;
constexpr std::size_t kGroup = 2 * kLanes;

// Groups of two int16.
std::size_t expand(const std::int8_t* HWY_RESTRICT lanes, std::size_t blocks, std::size_t pairs,
                   std::int16_t* HWY_RESTRICT to) {
  const Int16 wide;
  const hn::Rebind<std::int8_t, Int16> narrow;
  for (std::size_t i = 0; i < blocks * pairs * kGroup; i += hn::Lanes(wide)) {
    hn::StoreU(hn::PromoteTo(wide, hn::LoadU(narrow, lanes + i)), wide, to + i);
  }
  return pairs;
}

// Products of kTileRows rows, whose first group lies at `rows`, with the 16 rows of a block.
HWY_INLINE void tile_products(const std::int16_t* HWY_RESTRICT rows, const std::int16_t* HWY_RESTRICT block,
                              std::size_t groups, std::int32_t* HWY_RESTRICT products) {
  PairSum sums[kTileRows][kParts];
  for (std::size_t group = 0; group < groups; ++group, rows += kGroup, block += kGroup) {
    hn::Vec<Int16> values[kParts];
    for (std::size_t part = 0; part < kParts; ++part) {
      values[part] = hn::LoadU(Int16(), block + part * hn::Lanes(Int16()));
    }
    for (std::size_t i = 0; i < kTileRows; ++i) {
      const auto query = repeat_pair(rows + 2 * i);
      for (std::size_t part = 0; part < kParts; ++part) sums[i][part].add(values[part], query);
    }
  }
  for (std::size_t i = 0; i < kTileRows; ++i) {
    for (std::size_t part = 0; part < kParts; ++part) {
      hn::StoreU(sums[i][part].total(), Int32(), products + i * kLanes + part * hn::Lanes(Int32()));
    }
  }
}

#endif

// Copies the 16 x 16 tile at `from` to `to`, rows becoming columns.
HWY_INLINE void mirror(const float* HWY_RESTRICT from, float* HWY_RESTRICT to, std::size_t stride) {
  const hn::FixedTag<float, 4> d;
  const hn::FixedTag<double, 2> pairs;
  for (std::size_t i = 0; i < kLanes; i += 4) {
    for (std::size_t j = 0; j < kLanes; j += 4) {
      const float* source = from + i * stride + j;
      const auto a = hn::LoadU(d, source), b = hn::LoadU(d, source + stride);
      const auto c = hn::LoadU(d, source + 2 * stride), e = hn::LoadU(d, source + 3 * stride);
      const auto ab = hn::BitCast(pairs, hn::InterleaveLower(d, a, b));
      const auto ce = hn::BitCast(pairs, hn::InterleaveLower(d, c, e));
      const auto ab_high = hn::BitCast(pairs, hn::InterleaveUpper(d, a, b));
      const auto ce_high = hn::BitCast(pairs, hn::InterleaveUpper(d, c, e));
      float* target = to + j * stride + i;
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, ab, ce)), d, target);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, ab, ce)), d, target + stride);
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, ab_high, ce_high)), d, target + 2 * stride);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, ab_high, ce_high)), d, target + 3 * stride);
    }
  }
}

// The tile of blocks (a, b), all 16 rows of a: `out` points at its first entry.
HWY_INLINE void tile(const Window& window, std::size_t a, std::size_t b, float* HWY_RESTRICT out, std::size_t stride) {
  const std::int16_t* block_a = window.values + a * window.groups * kGroup;
  const std::int16_t* block_b = window.values + b * window.groups * kGroup;
  HWY_ALIGN std::int32_t products[kTileRows * kLanes];
  for (std::size_t row = 0; row < kLanes; row += kTileRows) {
    tile_products(block_a + 2 * row, block_b, window.groups, products);
    for (std::size_t i = 0; i < kTileRows; ++i) {
      chord_run(products + i * kLanes, window.inverse_lengths + b * kLanes,
                window.inverse_lengths[a * kLanes + row + i], out + (row + i) * stride, kLanes);
    }
  }
}

void fill(const Window& window, std::size_t rows) {
  const std::size_t blocks = (rows + kLanes - 1) / kLanes;
  const std::size_t whole = rows / kLanes;
  HWY_ALIGN float partial[kLanes * kLanes];  // tiles of rows that the last block lacks; they have no place in `out`
  HWY_ALIGN float mirrored[kLanes * kLanes];
  for (std::size_t a = 0; a < blocks; ++a) {
    for (std::size_t b = a; b < blocks; ++b) {
      float* out = window.out + a * kLanes * window.stride + b * kLanes;
      if (b < whole) {
        tile(window, a, b, out, window.stride);
        if (a != b) mirror(out, window.out + b * kLanes * window.stride + a * kLanes, window.stride);
        continue;
      }
      tile(window, a, b, partial, kLanes);
      mirror(partial, mirrored, kLanes);
      const std::size_t rest = rows - b * kLanes;
      const std::size_t above = a == b ? rest : kLanes;
      for (std::size_t i = 0; i < above; ++i) {
        for (std::size_t j = 0; j < kLanes; ++j) out[i * window.stride + j] = j < rest ? partial[i * kLanes + j] : 0.0F;
      }
      float* below = window.out + b * kLanes * window.stride + a * kLanes;
      for (std::size_t i = 0; a != b && i < rest; ++i) {
        std::memcpy(below + i * window.stride, mirrored + i * kLanes, sizeof(float) * kLanes);
      }
    }
  }
  for (std::size_t i = 0; i < rows; ++i) window.out[i * window.stride + i] = 0;
}

#endif

void AllChords(const std::int8_t* lanes, std::size_t width, std::size_t rows, const double* inverse_lengths,
               float* out, std::size_t stride, std::int16_t* scratch) {
#if HWY_TARGET == HWY_SCALAR
  static_cast<void>(scratch);
  scalar::all_chords({lanes, lane_bytes(rows, width)}, width, rows, {inverse_lengths, rows}, {out, rows * stride},
                     stride);
#else
  const std::size_t groups = expand(lanes, (rows + kLanes - 1) / kLanes, (width + 1) / 2, scratch);
  fill({scratch, groups, inverse_lengths, out, stride}, rows);
#endif
}

}  // namespace
}  // namespace cms::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cms {

HWY_EXPORT(AllChords);

void all_chords(std::span<const std::int8_t> lanes, std::size_t width, std::size_t rows,
                std::span<const double> inverse_lengths, std::span<float> out, std::size_t stride,
                std::span<std::int16_t> scratch) {
  constexpr std::size_t kRowsMax = 256;
  double padded[kRowsMax] = {};
  std::copy_n(inverse_lengths.begin(), rows, padded);
  HWY_DYNAMIC_DISPATCH(AllChords)(lanes.data(), width, rows, padded, out.data(), stride, scratch.data());
}

}  // namespace cms
#endif
