// A tap as the packed experiment compares them: what of a request's text is read, and which of its vectors are points.
//
// A *sequence* is a text that goes through the model by itself and gives one vector. Threads: pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "tap/text.hpp"
#include "types/projected.hpp"

namespace cms::lab {

// What of a text is read.
enum class Cut : std::uint8_t {
  first,     // the first words, as many as a segment may have
  segments,  // the first kSegmentsMax segments of it, lines joined to one
  lines,     // the first kSegmentsMax segments, every line beginning a new one: the product's
};

// Which of a request's sequences become points of the account.
enum class Choice : std::uint8_t {
  all,
  last,      // the last one
  odd,       // the one least like the others of its request, the later of equals
  keyed,     // one, by chance that the sender cannot foresee
  farthest,  // the one farthest from the account's past
  novel,     // that one, then always the next farthest from past and chosen, while it is farther than `chord`
};

// A window of an account's points, and the calibration that goes with it.
struct View {
  Choice choice = Choice::all;
  double chord = 0;
};

// With several views an account is flagged where one of them comes to kFlagged / views: together they keep the promise
// that one keeps.
struct TapSetting {
  std::string name;
  Cut cut = Cut::first;
  std::vector<View> views = {View{}};
};

// The limits of one segment: those of the shared activations, so that their vectors serve as first segments.
inline constexpr tap::TextLimits kSegment = {.words_max = 24, .chars_max = 144};
inline constexpr std::uint32_t kSegmentsMax = 32;

// The sequences of `text`, in order; at least one where it has a word.
std::vector<std::string> sequences_of(const std::string& text, Cut cut);

// One point of an account: its place among the projected vectors, and the request it came with.
struct ShownPoint {
  std::uint32_t vector = 0;
  std::uint32_t request = 0;
};

// The points in a view of an account whose request i has the vectors requests[i] (places in `projected`, in the order
// of the text). Past: the last 64 points shown. Cost: for `farthest` and `novel` 64 cosines a sequence and point shown,
// for `odd` one for each pair of a request's sequences.
std::vector<ShownPoint> show(std::span<const std::vector<std::uint32_t>> requests, const View& view,
                             std::span<const Projected> projected, Random& random);

}  // namespace cms::lab
