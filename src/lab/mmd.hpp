// The protocol of the MMD study: windows of one pair's traffic, honest requests with a share of an attacker's among
// them, each judged by detectors that have seen that pair's honest requests only.
//
// Invariants
//  1. Of a pair's honest texts one part is the reference, another makes the windows that calibrate, a third the windows
//     under test; no text lies in two of them, none is in a window twice, and no detector sees an attacker's.
//  2. Half of the calibration windows fix scales, the other half rank (by hash of their names, as accounts).
//  3. Calibration windows are shorter by as much as sharing texts makes them vary less (calibration_length).
// A window is flagged where its conformal p-value among those that rank is at most `level`.
// Threads: see options. Reference: Liu, Guo, Dong, arXiv 2606.05725. Protocol and results: docs/lab/mmd.md.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lab/texts_used.hpp"
#include "types/score.hpp"

namespace cms::lab {

enum class WindowDetector : std::uint8_t {
  length,             // anybody's: means of characters and words that were read, beside the reference's covariance
  mmd,                // the study's: unit activations, four bandwidths around the median
  mmd_atlas,          // the same on the atlas' points
  channels,           // CMS's: evidence of one evaluation at the window's end
  nearest,            // mean distance to the three nearest of the reference
  shrunk_mean,        // distance of means beside the reference's shrunk covariance
  shrunk_mmd,         // MMD of points scaled so
  together,           // squares of positive deviations of nearest and shrunk mean
  together_channels,  // the same and that of the channels
};
inline constexpr std::array<const char*, 9> kWindowDetectors = {
    "length", "MMD", "MMD, atlas", "channels", "nearest", "shrunk mean", "shrunk MMD", "together",
    "and channels"};
inline constexpr auto kChosenDetector = WindowDetector::together;

// A pair of the study, and what its own detector came to in 50 windows of 100.
struct WindowPair {
  const char* name;             // families mea_benign_NAME and mea_meaeq_NAME
  std::array<double, 5> study;  // at kWindowShares
};
inline constexpr std::array<double, 5> kWindowShares = {0, .10, .25, .50, 1};
inline constexpr std::array<WindowPair, 4> kWindowPairs = {{
    {"agnews", {.02, .02, .18, 1, 1}},
    {"hatespeech", {.00, .04, .92, 1, 1}},
    {"imdb", {.02, .08, 1, 1, 1}},
    {"sst2", {.00, .04, 1, 1, 1}},
}};

struct MmdOptions {
  std::filesystem::path data;     // folder with activations/{human,distill}.npy
  std::filesystem::path known;    // another, that choices were made on: its attackers' texts are left out. Empty = none
  std::vector<std::uint64_t> seeds = {1, 2, 3, 4, 5};
  std::vector<std::uint32_t> windows = {100, 200, 400};  // requests
  std::uint32_t calibration_windows = 1'000;
  std::uint32_t honest_windows = 200;  // under test, a pair and seed
  std::uint32_t attack_windows = 100;  // of each share
  double level = kFlagged;
  double ridge = 1;  // of the shrunk covariance
  unsigned threads = 1;
};

// All seeds of one pair, window and share.
struct MmdCell {
  std::string pair;
  std::uint32_t window = 0;
  double share = 0;
  std::uint64_t windows = 0;
  // Per detector; nothing where a pair's honest rows do not suffice for an atlas under every seed.
  std::array<std::optional<std::uint64_t>, kWindowDetectors.size()> flagged{};
  bool lacks_atlas = false;  // under some seed
};

// Requests of a calibration window that statistics are taken of, so that means over them spread about the mean of their
// part of `pool` texts as means over fresh windows of `window` spread about the true mean, and by as much more as the
// part's own mean may be off: 1 / (1 / window + 2 / pool). The channels, which know how old an account is, see all.
std::uint32_t calibration_length(std::uint32_t window, std::size_t pool);

// A window size is left out for a pair whose honest texts do not give a test part of twice as many.
// Adds to `texts` which served what. Errors: `bad_input` when the data are not there, lack a pair or are too small for
// every window. Cost: docs/lab/mmd.md.
Result<std::vector<MmdCell>> run_mmd(const MmdOptions& options, TextsUsed& texts);

std::string describe(const std::vector<MmdCell>& cells);
std::string goal_lines(const std::vector<MmdCell>& cells);

}  // namespace cms::lab
