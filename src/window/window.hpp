// The sliding window of one account: its last W distinct points, what the atlas said of each, and the rings that
// breadth and mixture read over the horizon H.
//
// Invariants
//  1. A point that equals one of the last W distinct points bit for bit is a repeat: it counts a request, raises the
//     multiplicity of its slot and nothing else. So every quantity but repetition is a function of the stream
//     without its repeats, and repeats wash nothing out.
//  2. Slot s holds distinct point number n with n mod W = s; a slot keeps its index until it is overwritten.
//  3. Every distance starts from an exact integer inner product: a row computed when its point comes in, and a matrix
//     built later from the stored points, are the same bit for bit.
//  4. Equal pushes give equal states: no clock, no chance, no hidden storage.
// Threads: plain data, one owner. Cost of push: 2 W (rank + sketch) integer multiply-adds; of load: W^2 rank / 2 more.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "types/distances.hpp"
#include "types/projected.hpp"
#include "types/row_change.hpp"

namespace cms::window {

inline constexpr std::uint32_t kLengthMax = 256;
inline constexpr std::uint32_t kHorizonMax = 65535;
// Requests that a decoded window may have counted: far from where counters would wrap, and exact as a double.
inline constexpr std::uint64_t kRequestsMax = std::uint64_t{1} << 53;
// Elements of a point or sketch for which different ones are never at distance 0 (base/directions.hpp).
inline constexpr std::uint32_t kRankMax = 256;

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
// A slot counts no more requests than this: exact sums over 256 slots still fit (measure/repetition).
inline constexpr std::uint16_t kMultiplicityMax = 4095;

// Everything that is kept, in one block of memory: what an account costs is what its options say, and a copy is one
// copy. What lies in it is seen through parts().
struct State {
  Options options;
  std::uint64_t requests = 0;  // all of them
  std::uint64_t distinct = 0;  // without repeats
  std::vector<std::uint8_t> memory;

  // Points in the window now, entries of the horizon rings now.
  [[nodiscard]] std::uint32_t count() const {
    return static_cast<std::uint32_t>(distinct < options.length ? distinct : options.length);
  }
  [[nodiscard]] std::uint32_t horizon_count() const {
    return static_cast<std::uint32_t>(distinct < options.horizon ? distinct : options.horizon);
  }
  [[nodiscard]] std::uint32_t visited_count() const;

  bool operator==(const State&) const = default;
};

// The parts of a state's memory, in their order there. A template, because a state that may not be changed is looked
// at through the same names.
template <template <typename> typename Qualified>
struct PartsOf {
  // One entry a slot, W in all. A slot's chart lies in the ring of charts: charts().
  std::span<Qualified<std::uint32_t>> benign_kernels;  // mean kernel to the reference, in 2^-32
  std::span<Qualified<std::uint16_t>> tangent_residuals;  // in 1 / 65,535
  std::span<Qualified<std::uint16_t>> benign_knn;         // as round_chord() gives them
  std::span<Qualified<std::uint16_t>> multiplicities;     // 1 to kMultiplicityMax, where the slot is in use
  // Rings over the last H distinct requests; entry of distinct point n lies at n mod H.
  std::span<Qualified<std::uint16_t>> horizon_charts;
  std::span<Qualified<std::uint16_t>> nearest_atlas;  // round_chord() to the nearest of the W points before, or
  std::span<Qualified<std::uint16_t>> nearest_raw;    // kNoChord; the same between sketches
  // W rows in lanes (base/lanes.hpp).
  std::span<Qualified<std::int8_t>> points;
  std::span<Qualified<std::int8_t>> sketches;
  // Sets of bits.
  std::span<Qualified<std::uint8_t>> near_duplicates;  // ring over the last W requests, repeats included
  std::span<Qualified<std::uint8_t>> new_charts;       // slots whose chart was not among the H requests before
  std::span<Qualified<std::uint8_t>> visited;          // charts ever visited, for the ledger
};
template <typename T>
using Mutable = T;
template <typename T>
using Constant = const T;
using Parts = PartsOf<Mutable>;
using ConstParts = PartsOf<Constant>;

// Views of a state that make() or decode() gave; valid while its memory is neither moved nor changed in size.
Parts parts(State& state);
ConstParts parts(const State& state);

// Whether bit `bit` of a part is set; how many of its first `count` are.
inline bool has_bit(std::span<const std::uint8_t> bits, std::size_t bit) { return (bits[bit / 8] >> bit % 8 & 1) != 0; }
std::uint32_t count_bits(std::span<const std::uint8_t> bits, std::size_t count);

// The distances of one window, and room to compute them: belongs to a worker, is loaded for an account, and follows
// its pushes. Memory is reused.
struct Matrix {
  AlignedVector<float> values;            // rows of `stride`; what lies beyond `count` means nothing
  std::uint32_t count = 0;
  std::uint32_t stride = 0;               // W rounded up to kLanes
  AlignedVector<double> inverse_points;   // 1 / length of each slot's point, of each slot's sketch
  AlignedVector<double> inverse_sketches;
  AlignedVector<float> before, after;     // the slot's row that the last push replaced, and the new one
  AlignedVector<std::int32_t> products;
  AlignedVector<std::int16_t> wide;

  [[nodiscard]] Distances view() const { return {values, count, stride}; }
  [[nodiscard]] std::span<const float> row(std::uint32_t slot) const {
    return {values.data() + std::size_t{slot} * stride, count};
  }
};

// What one push did.
struct Change {
  bool repeat = false;                    // nothing but `requests`, a multiplicity and the near-duplicate ring changed
  std::uint32_t slot = 0;                 // the slot now holding the point (or repeated)
  std::uint16_t multiplicity_before = 0;  // of the slot; 0 = it was free
  RowChange row;                          // when not a repeat; views the matrix, valid until its next use
};

// An empty window. Errors: `usage` when a size is zero or beyond its limit, or H < W.
Result<State> make(const Options& options);

// Takes in one point. Requires sizes and chart as in the options (project() gives such), and the matrix loaded with
// this state or followed from there. Allocates nothing.
Change push(State& state, Matrix& matrix, const Projected& point);

// The whole matrix of chord distances, from the stored points.
void load(const State& state, Matrix& matrix);

// Slots in order of arrival, oldest first.
void path(const State& state, std::vector<std::uint32_t>& slots);

// The chart of each slot in use, by slot.
void charts(const State& state, std::vector<std::uint16_t>& by_slot);

// Layout: docs/formats/state.md, section "window".
void encode(const State& state, ByteWriter& out);
// A window of any sizes that make() allows; whether they are the wanted ones is for the caller to ask. Accepts only
// what push() can have written, as far as one pass over it shows, and all of that.
// Errors: `bad_input`, naming the part, when the bytes end early or one holds what push() never writes.
Result<State> decode(ByteReader& in);

}  // namespace cms::window
