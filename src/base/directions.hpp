// Directions rounded to int8, and their chord distances: the form in which points are kept, so that every distance
// starts from exact integers.
//
// The functions over spans do what the one-value functions do, value by value and bit for bit.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace cms {

// Rounds a vector to int8 with one scale, so that its largest magnitude becomes 127; the zero vector stays zero.
// Round-half-even, so equal on every machine. Angular error: below 0.5 degrees at 64 dimensions. `rounded` is as long.
void round_direction(std::span<const float> vector, std::span<std::int8_t> rounded);
std::vector<std::int8_t> round_direction(std::span<const float> vector);

// Greatest magnitude, 0 for none.
float largest_magnitude(std::span<const float> vector);

// 1 / length of a vector of this squared length; 0 for the zero vector, which has no direction.
double inverse_length(std::int32_t squared_length);

// 2 - 2 cos below this is distance 0: different int8 vectors of up to 256 elements differ by more than 5e-14 in it,
// roundings make up 2e-15.
inline constexpr double kSameDirection = 1e-14;

// Chord distance sqrt(2 - 2 cos) in [0, 2] of two directions from their exact inner product and inverse lengths. Two
// different rounded vectors of up to 256 elements are never at distance 0; the zero vector is orthogonal to all.
float chord(std::int32_t product, double inverse_a, double inverse_b);
void chords(std::span<const std::int32_t> products, std::span<const double> inverse_lengths, double inverse_length,
            std::span<float> out);

// All chords between `rows` <= 256 int8 rows in lanes (base/lanes.hpp; width <= 4,096), given their inverse lengths:
// out[i * stride + j] = chord of rows i and j, so (i, j) and (j, i) are the same bits; the diagonal is exactly 0, also
// for zero rows. Requires stride >= rows rounded up to kLanes, out of rows x stride, scratch of lane_bytes(rows, width)
// entries; out[i * stride + j] for j from `rows` to the next multiple of kLanes becomes 0. Cost: about half of
// rows^2 x width multiply-adds. Nothing is allocated.
void all_chords(std::span<const std::int8_t> lanes, std::size_t width, std::size_t rows,
                std::span<const double> inverse_lengths, std::span<float> out, std::size_t stride,
                std::span<std::int16_t> scratch);

// Squared chords, as float: what chord() takes the root of. The order of squares is the order of chords.
float squared_chord(std::int32_t product, double inverse_a, double inverse_b);
void squared_chords(std::span<const std::int32_t> products, std::span<const double> inverse_lengths,
                    double inverse_length, std::span<float> out);

// Gaussian kernel exp(-scale * chord^2), scale = 1 / (2 bandwidth^2) >= 0, in [0, 1]; 1 for chord 0, and 0 below 1e-30.
// Relative error below 1e-6, by a polynomial of our own, so that the bits are the same on every machine.
float gaussian(float chord, float scale);
float gaussian_of_square(float squared_chord, float scale);
void gaussians(std::span<const float> chords, float scale, std::span<float> out);

// Sum of weights[i] * gaussian_of_square(squared_chords[i], scale). Element i goes to partial sum i mod 16; then
// sum i + 8 is added to sum i, i + 4 to i, i + 2 to i, and 1 to 0. Any length; error: n/16 + 4 roundings.
float weighted_gaussian_sum(std::span<const float> squared_chords, std::span<const float> weights, float scale);

// Chords kept in two bytes: in steps of 2 / 65,534, rounded half to even; kNoChord = there was none.
inline constexpr std::uint16_t kNoChord = 65535;
std::uint16_t round_chord(float chord);
float chord_of(std::uint16_t rounded);

}  // namespace cms
