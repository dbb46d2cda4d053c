#include "base/columns.hpp"

#include "base/exponential.hpp"
#include "base/lanes.hpp"
#include "base/scalar.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "base/columns.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

#include "base/vectors.inl"

HWY_BEFORE_NAMESPACE();
namespace cms::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void Multiply(const float* matrix, std::size_t padded, std::size_t width, const float* vectors, std::size_t count,
              float* out) {
  scalar::multiply(matrix, padded, width, vectors, count, out);
}

#else

// `kVectors` vectors with `kRegisters` registers of outputs.
template <std::size_t kVectors, std::size_t kRegisters>
HWY_INLINE void some_outputs(const float* HWY_RESTRICT matrix, std::size_t padded, std::size_t width,
                             const float* HWY_RESTRICT vectors, float* HWY_RESTRICT out) {
  const Float d;
  hn::Vec<Float> sums[kVectors][kRegisters];
  for (std::size_t v = 0; v < kVectors; ++v) {
    for (std::size_t r = 0; r < kRegisters; ++r) sums[v][r] = hn::Zero(d);
  }
  for (std::size_t i = 0; i < width; ++i, matrix += padded) {
    hn::Vec<Float> factors[kRegisters];
    for (std::size_t r = 0; r < kRegisters; ++r) factors[r] = hn::LoadU(d, matrix + r * hn::Lanes(d));
    for (std::size_t v = 0; v < kVectors; ++v) {
      const auto value = hn::Set(d, vectors[v * width + i]);
      for (std::size_t r = 0; r < kRegisters; ++r) sums[v][r] = hn::Add(sums[v][r], hn::Mul(factors[r], value));
    }
  }
  for (std::size_t v = 0; v < kVectors; ++v) {
    for (std::size_t r = 0; r < kRegisters; ++r) hn::StoreU(sums[v][r], d, out + v * padded + r * hn::Lanes(d));
  }
}

template <std::size_t kVectors, std::size_t kRegisters>
HWY_INLINE void all_outputs(const float* HWY_RESTRICT matrix, std::size_t padded, std::size_t width,
                            const float* HWY_RESTRICT vectors, float* HWY_RESTRICT out) {
  constexpr std::size_t kStep = kRegisters * hn::MaxLanes(Float());
  std::size_t first = 0;
  for (; first + kStep <= padded; first += kStep) {
    some_outputs<kVectors, kRegisters>(matrix + first, padded, width, vectors, out + first);
  }
  for (; first + kStep / 2 <= padded; first += kStep / 2) {
    some_outputs<kVectors, kRegisters / 2>(matrix + first, padded, width, vectors, out + first);
  }
  for (; first < padded; first += hn::Lanes(Float())) {
    some_outputs<kVectors, 1>(matrix + first, padded, width, vectors, out + first);
  }
}

void Multiply(const float* matrix, std::size_t padded, std::size_t width, const float* vectors, std::size_t count,
              float* out) {
  std::size_t v = 0;
  for (; v + 4 <= count; v += 4) {
    all_outputs<4, kParts == 1 ? 4 : 2>(matrix, padded, width, vectors + v * width, out + v * padded);
  }
  for (; v < count; ++v) all_outputs<1, 8>(matrix, padded, width, vectors + v * width, out + v * padded);
}

#endif

}  // namespace
}  // namespace cms::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cms {

HWY_EXPORT(Multiply);

Columns make_columns(std::span<const float> matrix, std::size_t width) {
  Columns columns;
  columns.rows = matrix.size() / width;
  columns.padded = (columns.rows + kLanes - 1) / kLanes * kLanes;
  columns.width = width;
  columns.values.resize(columns.padded * width);
  for (std::size_t row = 0; row < columns.rows; ++row) {
    for (std::size_t i = 0; i < width; ++i) columns.values[i * columns.padded + row] = matrix[row * width + i];
  }
  return columns;
}

void multiply(const Columns& matrix, std::span<const float> vectors, std::span<float> out) {
  HWY_DYNAMIC_DISPATCH(Multiply)
  (matrix.values.data(), matrix.padded, matrix.width, vectors.data(), vectors.size() / matrix.width, out.data());
}

}  // namespace cms
#endif
