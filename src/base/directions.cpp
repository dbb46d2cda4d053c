#include "base/directions.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/exponential.hpp"
#include "base/scalar.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "base/directions.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

#include "base/vectors.inl"

HWY_BEFORE_NAMESPACE();
namespace cms::HWY_NAMESPACE {
namespace {

// Each takes as many entries as fill whole vectors, and returns how many it took.
#if HWY_TARGET == HWY_SCALAR
std::size_t Chords(const std::int32_t*, const double*, double, float*, std::size_t) { return 0; }
std::size_t SquaredChords(const std::int32_t*, const double*, double, float*, std::size_t) { return 0; }
std::size_t Gaussians(const float*, float, float*, std::size_t) { return 0; }
std::size_t WeightedGaussianSums(const float*, const float*, float, std::size_t, float*) { return 0; }
#else
std::size_t Chords(const std::int32_t* products, const double* inverse_lengths, double inverse_length, float* out,
                   std::size_t count) {
  const std::size_t whole = count / hn::Lanes(Double()) * hn::Lanes(Double());
  chord_run(products, inverse_lengths, inverse_length, out, whole);
  return whole;
}

std::size_t SquaredChords(const std::int32_t* HWY_RESTRICT products, const double* HWY_RESTRICT inverse_lengths,
                          double inverse_length, float* HWY_RESTRICT out, std::size_t count) {
  const std::size_t whole = count / hn::Lanes(Double()) * hn::Lanes(Double());
  const auto inverse_twice = hn::Set(Double(), 2 * inverse_length);
  for (std::size_t i = 0; i < whole; i += hn::Lanes(Double())) {
    hn::StoreU(squared_chord(products + i, inverse_lengths + i, inverse_twice), HalfFloat(), out + i);
  }
  return whole;
}

std::size_t Gaussians(const float* HWY_RESTRICT chords, float scale, float* HWY_RESTRICT out, std::size_t count) {
  const Float d;
  const std::size_t whole = count / hn::Lanes(d) * hn::Lanes(d);
  const auto minus_scale = hn::Set(d, -scale);
  for (std::size_t i = 0; i < whole; i += hn::Lanes(d)) {
    const auto chord = hn::LoadU(d, chords + i);
    hn::StoreU(gaussian_of_squares(hn::Mul(chord, chord), minus_scale), d, out + i);
  }
  return whole;
}

std::size_t WeightedGaussianSums(const float* HWY_RESTRICT squared, const float* HWY_RESTRICT weights, float scale,
                                 std::size_t count, float* HWY_RESTRICT sums) {
  const Float d;
  const auto minus_scale = hn::Set(d, -scale);
  const std::size_t whole = count / 16 * 16;
  hn::Vec<Float> sum[kParts];
  for (std::size_t part = 0; part < kParts; ++part) sum[part] = hn::Zero(d);
  for (std::size_t i = 0; i < whole; i += 16) {
    for (std::size_t part = 0; part < kParts; ++part) {
      const std::size_t at = i + part * hn::Lanes(d);
      const auto value = gaussian_of_squares(hn::LoadU(d, squared + at), minus_scale);
      sum[part] = hn::Add(sum[part], hn::Mul(hn::LoadU(d, weights + at), value));
    }
  }
  for (std::size_t part = 0; part < kParts; ++part) hn::StoreU(sum[part], d, sums + part * hn::Lanes(d));
  return whole;
}
#endif

}  // namespace
}  // namespace cms::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cms {

HWY_EXPORT(Chords);
HWY_EXPORT(SquaredChords);
HWY_EXPORT(Gaussians);
HWY_EXPORT(WeightedGaussianSums);

float largest_magnitude(std::span<const float> vector) {
  // Sixteen maxima apart let the compiler take them side by side; a maximum has no order.
  float largest[16] = {};
  const std::size_t whole = vector.size() / 16 * 16;
  for (std::size_t i = 0; i < whole; i += 16) {
    for (std::size_t lane = 0; lane < 16; ++lane) {
      const float value = std::abs(vector[i + lane]);
      largest[lane] = value > largest[lane] ? value : largest[lane];
    }
  }
  for (std::size_t i = whole; i < vector.size(); ++i) largest[0] = std::max(largest[0], std::abs(vector[i]));
  return *std::max_element(std::begin(largest), std::end(largest));
}

void round_direction(std::span<const float> vector, std::span<std::int8_t> rounded) {
  const float largest = largest_magnitude(vector);
  const float scale = largest > 0 ? 127.0F / largest : 0.0F;
  // Dividing by a denormal overflows; such a vector has no direction worth keeping.
  if (!std::isfinite(scale)) {
    std::fill_n(rounded.begin(), vector.size(), std::int8_t{0});
    return;
  }
  // Adding this constant rounds to the nearest whole number, half to even, without a call for each element.
  for (std::size_t i = 0; i < vector.size(); ++i) {
    rounded[i] = static_cast<std::int8_t>(static_cast<int>((vector[i] * scale + kExp.round) - kExp.round));
  }
}

std::vector<std::int8_t> round_direction(std::span<const float> vector) {
  std::vector<std::int8_t> rounded(vector.size());
  round_direction(vector, rounded);
  return rounded;
}

double inverse_length(std::int32_t squared_length) {
  return squared_length > 0 ? 1 / std::sqrt(static_cast<double>(squared_length)) : 0.0;
}

float squared_chord(std::int32_t product, double inverse_a, double inverse_b) {
  const double squared = 2.0 - 2.0 * (product * (inverse_a * inverse_b));
  return squared < kSameDirection ? 0.0F : static_cast<float>(squared);
}

float chord(std::int32_t product, double inverse_a, double inverse_b) {
  return std::sqrt(squared_chord(product, inverse_a, inverse_b));
}

void chords(std::span<const std::int32_t> products, std::span<const double> inverse_lengths, double inverse_length,
            std::span<float> out) {
  const std::size_t done = HWY_DYNAMIC_DISPATCH(Chords)(products.data(), inverse_lengths.data(), inverse_length,
                                                        out.data(), out.size());
  scalar::chords(products.subspan(done), inverse_lengths.subspan(done), inverse_length, out.subspan(done));
}

void squared_chords(std::span<const std::int32_t> products, std::span<const double> inverse_lengths,
                    double inverse_length, std::span<float> out) {
  const std::size_t done = HWY_DYNAMIC_DISPATCH(SquaredChords)(products.data(), inverse_lengths.data(), inverse_length,
                                                               out.data(), out.size());
  scalar::squared_chords(products.subspan(done), inverse_lengths.subspan(done), inverse_length, out.subspan(done));
}

float gaussian_of_square(float squared_chord, float scale) {
  const float power = -scale * squared_chord;
  if (power < kExp.least) return 0;
  const float shifted = power * kExp.log2_e + kExp.round;
  const float whole = shifted - kExp.round;
  const float rest = power - whole * kExp.ln2_high - whole * kExp.ln2_low;
  float sum = kExp.terms[0];
  for (std::size_t i = 1; i < std::size(kExp.terms); ++i) sum = sum * rest + kExp.terms[i];
  const auto exponent = static_cast<std::uint32_t>(std::bit_cast<std::int32_t>(shifted) + kExp.exponent);
  return sum * std::bit_cast<float>(exponent << 23U);
}

float gaussian(float chord, float scale) { return gaussian_of_square(chord * chord, scale); }

void gaussians(std::span<const float> chords, float scale, std::span<float> out) {
  const std::size_t done = HWY_DYNAMIC_DISPATCH(Gaussians)(chords.data(), scale, out.data(), out.size());
  scalar::gaussians(chords.subspan(done), scale, out.subspan(done));
}

float weighted_gaussian_sum(std::span<const float> squared_chords, std::span<const float> weights, float scale) {
  float sums[16] = {};
  const std::size_t done = HWY_DYNAMIC_DISPATCH(WeightedGaussianSums)(squared_chords.data(), weights.data(), scale,
                                                                      weights.size(), sums);
  return scalar::weighted_gaussian_sum(squared_chords.subspan(done), weights.subspan(done), scale, sums);
}

std::uint16_t round_chord(float chord) {
  return static_cast<std::uint16_t>(std::nearbyint(std::clamp(chord, 0.0F, 2.0F) * 32767.0F));
}

float chord_of(std::uint16_t rounded) { return static_cast<float>(rounded) / 32767.0F; }

}  // namespace cms
#endif
