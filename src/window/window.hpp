// The sliding window of one account: its last W distinct points, what the atlas said of each, and the rings that
// breadth and mixture read over the horizon H.
//
// Invariants
//  1. A point that equals one of the last W distinct points bit for bit is a repeat: it counts a request, raises the
//     multiplicity of its slot and nothing else. So every quantity but repetition is a function of the stream
//     without its repeats, and repeats wash nothing out.
//  2. Slot s holds distinct point number n with n mod W = s; a slot keeps its index until it is overwritten.
//  3. Every distance starts from an exact integer inner product: incremental and from-scratch are equal bit for bit.
//  4. Equal pushes give equal states: no clock, no chance, no hidden storage.
// Threads: plain data, one owner. Cost of push: 2 W (rank + sketch) integer multiply-adds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "types/distances.hpp"
#include "types/projected.hpp"

namespace cms::window {

inline constexpr std::uint32_t kLengthMax = 256;
inline constexpr std::uint32_t kHorizonMax = 65535;

struct Options {
  std::uint32_t length = 64;            // W, distinct points kept; homology costs W^2 and more
  std::uint32_t horizon = 0;            // H, distinct requests that breadth and mixture look back on; at least W
  std::uint32_t rank = 64;              // int8 values a point, fixed by the atlas
  std::uint32_t sketch_dimension = 64;  // int8 values a sketch, fixed by the atlas
  std::uint32_t chart_count = 0;        // fixed by the atlas

  bool operator==(const Options&) const = default;
};

// Two points nearer than this are near-duplicates (cosine above .98).
inline constexpr float kNearDuplicateChord = 0.2F;

struct State {
  Options options;
  std::uint64_t requests = 0;  // all of them
  std::uint64_t distinct = 0;  // without repeats

  // One entry a slot.
  std::vector<std::int8_t> points;            // W x rank
  std::vector<std::int8_t> sketches;          // W x sketch_dimension
  std::vector<std::uint16_t> charts;          // W
  std::vector<float> tangent_residuals;       // W
  std::vector<float> benign_knn;              // W
  std::vector<float> benign_kernel;           // W
  std::vector<std::uint32_t> multiplicities;  // W
  std::vector<std::uint8_t> new_charts;       // W: 1 if the chart was not among the H distinct requests before

  // Ring over the last W requests, repeats included: 1 = near-duplicate of a point in the window.
  std::vector<std::uint8_t> near_duplicates;

  // Rings over the last H distinct requests; entry of distinct point n lies at n mod H.
  std::vector<std::uint16_t> horizon_charts;
  std::vector<float> nearest_atlas;  // distance to the nearest of the W points before; < 0 = there was none
  std::vector<float> nearest_raw;    // the same between sketches

  std::vector<std::uint8_t> visited;  // K bits: charts ever visited, for the ledger

  // Points in the window now.
  [[nodiscard]] std::uint32_t count() const {
    return static_cast<std::uint32_t>(distinct < options.length ? distinct : options.length);
  }
  // Entries of the horizon rings now.
  [[nodiscard]] std::uint32_t horizon_count() const {
    return static_cast<std::uint32_t>(distinct < options.horizon ? distinct : options.horizon);
  }
  [[nodiscard]] std::uint32_t visited_count() const;
};

// What one push did.
struct Change {
  bool repeat = false;     // nothing but `requests`, a multiplicity and the near-duplicate ring changed
  std::uint32_t slot = 0;  // the slot now holding the point (or repeated)
};

// An empty window. Errors: `usage` when a size is zero or beyond its limit, or H < W.
Result<State> make(const Options& options);

// Takes in one point. Requires sizes and chart as in the options (project() gives such).
Change push(State& state, const Projected& point);

// Slots in order of arrival, oldest first.
void path(const State& state, std::vector<std::uint32_t>& slots);

// The whole matrix of chord distances, from scratch: count x count floats, stride = count. `values` is scratch that
// the result views. Cost: count^2 / 2 inner products.
Distances distances(const State& state, std::vector<float>& values);

// Layout: docs/formats/state.md, section "window".
void encode(const State& state, ByteWriter& out);
// Errors: `bad_input` when the bytes end early or an invariant fails; `refused` when the options differ.
Result<State> decode(ByteReader& in, const Options& expected);

}  // namespace cms::window
