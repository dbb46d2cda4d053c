// Cells: where accounts are, sorted into an inverted file, so that all that lie near a place are measured quickly.
//
// A place is a point; accounts lie in the cell whose centre is nearest. Whoever searches looks through a few cells, and
// every account in them is measured exactly: distances are float sums in the order of coordinates, and centres of cells
// come of them, so that all is the same on every machine, with any number of threads and in any order of moves.
// Accounts lie sixteen abreast, so that a vector register holds one coordinate of all; the bound of an account (below)
// lies beside its place.
//
// Threads: move() and set_bound() one at a time; scan() from any number of threads while nothing moves.
// Cost: 264 bytes an account and what vectors hold in reserve; a scan reads each cell at most twice for each 64 to
// 1,024 of its queries, and of most accounts the first coordinates alone.
// References: Sivic and Zisserman, Video Google, ICCV 2003 (inverted file of k-means cells); Lloyd, Least squares
// quantization in PCM, IEEE Trans. Information Theory 28, 1982.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "fleet/signature.hpp"
#include "fleet/stop.hpp"

namespace cms::fleet {

inline constexpr std::size_t kPlaceDimensions = kSignatureDimensions + 1;
using Place = std::array<float, kPlaceDimensions>;

float place_distance(const Place& a, const Place& b);  // squared

// A neighbour, ordered by distance, then by number.
struct Near {
  float distance = std::numeric_limits<float>::infinity();  // squared
  std::uint32_t account = UINT32_MAX;

  auto operator<=>(const Near&) const = default;
};

struct CellOptions {
  std::uint32_t cells = 0;  // 0 = the square root of accounts; one, so that all are looked through, below 2,048
  std::uint32_t probes = 16;
  std::uint64_t seed = 1;   // of the first centres
};

class Cells {
 public:
  // What a scan of one query has found.
  struct Found {
    std::vector<Near> nearest;   // ascending, the query itself left out; fewer than wanted where cells hold fewer
    std::vector<Near> entered;   // in no order: accounts whose bound is at or beyond their distance to the query
  };

  // Account i lies at places[i]; bounds are -1. Requires a place, and all to be finite.
  Cells(std::span<const Place> places, const CellOptions& options);

  // Moves account i, or adds it where i = count(). Its bound becomes -1.
  void move(std::uint32_t account, const Place& place);
  void set_bound(std::uint32_t account, float bound);
  [[nodiscard]] Place place(std::uint32_t account) const;
  [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(slots_.size()); }
  [[nodiscard]] std::size_t bytes() const;  // held, reserve included

  // The `wanted` nearest of each account, and whose bounds it lies within where `entering`. When it is told to stop,
  // what it has found is of no use.
  [[nodiscard]] std::vector<Found> scan(std::span<const std::uint32_t> accounts, std::size_t wanted, bool entering,
                                        const Stop& stop = {}) const;

 private:
  static constexpr std::size_t kAbreast = 16;
  static constexpr std::size_t kRows = kPlaceDimensions + 1;  // coordinates, then the bound
  struct Cell {
    std::vector<float> blocks;  // of kRows x kAbreast
    std::vector<std::uint32_t> accounts;
  };
  struct Slot {
    std::uint32_t cell = 0, position = 0;
  };
  struct Query {
    std::uint32_t account = 0;
    Place place{};
  };
  void set_centres(std::span<const Place> centres);
  void find_centres(std::span<const Place> sample, std::size_t cells, std::uint64_t seed);
  static void append(Cell& cell, std::uint32_t account, const Place& place, float bound);
  static float& at(Cell& cell, std::size_t position, std::size_t row);
  void scan_cell(const Cell& cell, std::span<const Query> queries, std::span<const std::uint32_t> some,
                 std::size_t wanted, bool entering, std::span<Found> found) const;
  void remove(std::uint32_t account);
  [[nodiscard]] std::vector<std::uint32_t> nearest_cells(const Place& place, std::size_t wanted) const;

  Cell centres_;  // as if they were accounts
  std::vector<Cell> cells_;
  std::vector<Slot> slots_;
  std::uint32_t probes_ = 1;
};

}  // namespace cms::fleet
