#include "fleet/cells.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/random.hpp"

namespace cms::fleet {

float place_distance(const Place& a, const Place& b) {
  float sum = 0;
  for (std::size_t d = 0; d < kPlaceDimensions; ++d) {
    const float apart = a[d] - b[d];
    sum += apart * apart;
  }
  return sum;
}

namespace {

constexpr std::size_t kExhaustiveBelow = 2'048;  // accounts; more cells than one would not pay
constexpr std::size_t kSampled = 64;             // accounts a cell on which centres are found
constexpr int kRounds = 10;

// Sixteen floats: one register, or as many as the machine needs for them.
using Lanes = float __attribute__((vector_size(64)));

// Squared distances of one place to sixteen abreast; false as soon as all are seen to lie beyond their limits, of which
// most can be told by a few coordinates. The sum of every lane is in the order of coordinates and never falls, and
// nothing is fused (-ffp-contract=off), so that all three clones give the same bits.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
bool measure(const float* block, const float* place, const Lanes& limits, float* distances) {
  constexpr std::size_t kBetweenLooks = 13;  // a fifth of the coordinates
  static_assert(kPlaceDimensions % kBetweenLooks == 0);
  Lanes sums = {};
  for (std::size_t first = 0; first < kPlaceDimensions; first += kBetweenLooks) {
    for (std::size_t d = first; d < first + kBetweenLooks; ++d) {
      Lanes apart;
      std::memcpy(&apart, block + d * 16, sizeof(apart));
      apart -= place[d];
      sums += apart * apart;
    }
    const auto within = sums <= limits;
    int any = 0;
    for (std::size_t lane = 0; lane < 16; ++lane) any |= within[lane];
    if (any == 0) return false;
  }
  std::memcpy(distances, &sums, sizeof(sums));
  return true;
}

// Every so manyth place, at least as many as cells.
std::vector<Place> sample_of(std::span<const Place> places, std::size_t cells) {
  const std::size_t stride = std::max<std::size_t>(1, places.size() / (kSampled * cells));
  std::vector<Place> sample;
  for (std::size_t i = 0; i < places.size(); i += stride) sample.push_back(places[i]);
  return sample;
}

// The `count` of the sample that lie farthest from their own centre, farthest first.
std::vector<Near> farthest_of(std::span<const Place> sample, std::span<const std::uint32_t> cell_of,
                              std::span<const Place> centres, std::size_t count) {
  if (count == 0) return {};
  std::vector<Near> farthest;  // first, since distances are negative
  for (std::uint32_t i = 0; i < sample.size(); ++i) {
    farthest.push_back({-place_distance(sample[i], centres[cell_of[i]]), i});
  }
  std::partial_sort(farthest.begin(), farthest.begin() + static_cast<std::ptrdiff_t>(count), farthest.end());
  return farthest;
}

// Where the means of those lie that are in each cell. A cell that holds nobody goes to who lies farthest from their own
// centre, as in scikit-learn: of many equal places it would be lost for good.
std::vector<Place> means_of(std::span<const Place> sample, std::span<const std::uint32_t> cell_of,
                            std::span<const Place> centres) {
  std::vector<std::array<double, kPlaceDimensions>> sums(centres.size());
  std::vector<std::uint32_t> counts(centres.size());
  for (std::size_t i = 0; i < sample.size(); ++i) {
    ++counts[cell_of[i]];
    for (std::size_t d = 0; d < kPlaceDimensions; ++d) sums[cell_of[i]][d] += sample[i][d];
  }
  const auto empty = static_cast<std::size_t>(std::ranges::count(counts, 0U));
  const auto farthest = farthest_of(sample, cell_of, centres, empty);
  std::vector<Place> means(centres.size());
  auto next = farthest.begin();
  for (std::size_t c = 0; c < means.size(); ++c) {
    if (counts[c] == 0) {
      means[c] = sample[next++->account];
      continue;
    }
    for (std::size_t d = 0; d < kPlaceDimensions; ++d) means[c][d] = static_cast<float>(sums[c][d] / counts[c]);
  }
  return means;
}

// Beyond it nothing is among the least `wanted`.
float limit_of(const std::vector<Near>& heap, std::size_t wanted) {
  return heap.size() < wanted ? std::numeric_limits<float>::infinity() : heap.front().distance;
}

// Keeps the least `wanted` as a heap, greatest first.
void keep(std::vector<Near>& heap, std::size_t wanted, const Near& one) {
  if (heap.size() == wanted) {
    if (!(one < heap.front())) return;
    std::pop_heap(heap.begin(), heap.end());
    heap.pop_back();
  }
  heap.push_back(one);
  std::push_heap(heap.begin(), heap.end());
}

}  // namespace

float& Cells::at(Cell& cell, std::size_t position, std::size_t row) {
  return cell.blocks[(position / kAbreast * kRows + row) * kAbreast + position % kAbreast];
}

void Cells::append(Cell& cell, std::uint32_t account, const Place& place, float bound) {
  const auto position = cell.accounts.size();
  // Empty lanes are infinitely far and bounded by nothing.
  if (position % kAbreast == 0) {
    // An eighth in reserve: doubling would cost more than the places themselves.
    const auto needed = cell.blocks.size() + kRows * kAbreast;
    if (cell.blocks.capacity() < needed) cell.blocks.reserve(needed + needed / 8);
    cell.blocks.resize(cell.blocks.size() + kRows * kAbreast, std::numeric_limits<float>::infinity());
    std::fill_n(cell.blocks.end() - kAbreast, kAbreast, -1.0F);
  }
  cell.accounts.push_back(account);
  for (std::size_t d = 0; d < kPlaceDimensions; ++d) at(cell, position, d) = place[d];
  at(cell, position, kPlaceDimensions) = bound;
}

Cells::Cells(std::span<const Place> places, const CellOptions& options) {
  const auto root = static_cast<std::size_t>(std::sqrt(places.size()));
  const auto usual = places.size() < kExhaustiveBelow ? 1 : root;
  const auto cells = std::clamp<std::size_t>(options.cells > 0 ? options.cells : usual, 1, places.size());
  find_centres(sample_of(places, cells), cells, options.seed);
  cells_.resize(cells);
  probes_ = std::max(1U, std::min(options.probes, static_cast<std::uint32_t>(cells)));
  std::vector<std::uint32_t> cell_of(places.size());
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < places.size(); ++i) cell_of[i] = nearest_cells(places[i], 1).front();
  slots_.resize(places.size());
  for (std::uint32_t i = 0; i < places.size(); ++i) {
    auto& cell = cells_[cell_of[i]];
    slots_[i] = {cell_of[i], static_cast<std::uint32_t>(cell.accounts.size())};
    append(cell, i, places[i], -1);
  }
  for (auto& cell : cells_) cell.blocks.shrink_to_fit(), cell.accounts.shrink_to_fit();
}

void Cells::set_centres(std::span<const Place> centres) {
  centres_ = {};
  for (std::uint32_t c = 0; c < centres.size(); ++c) append(centres_, c, centres[c], -1);
}

// k-means by Lloyd's rounds, from centres drawn among the sample.
void Cells::find_centres(std::span<const Place> sample, std::size_t cells, std::uint64_t seed) {
  std::vector<Place> centres(sample.begin(), sample.end());
  Random random(seed);
  random.shuffle(centres);
  centres.resize(cells);
  std::vector<std::uint32_t> cell_of(sample.size());
  for (int round = 0; round < kRounds && cells > 1; ++round) {
    set_centres(centres);
#pragma omp parallel for schedule(static)
    for (std::size_t i = 0; i < sample.size(); ++i) cell_of[i] = nearest_cells(sample[i], 1).front();
    centres = means_of(sample, cell_of, centres);
  }
  set_centres(centres);
}

std::vector<std::uint32_t> Cells::nearest_cells(const Place& place, std::size_t wanted) const {
  std::vector<Near> heap;
  float distances[kAbreast];
  for (std::size_t b = 0; b * kAbreast < centres_.accounts.size(); ++b) {
    const Lanes limits = Lanes{} + limit_of(heap, wanted);
    if (!measure(centres_.blocks.data() + b * kRows * kAbreast, place.data(), limits, distances)) continue;
    const auto lanes = std::min(kAbreast, centres_.accounts.size() - b * kAbreast);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      keep(heap, wanted, {distances[lane], static_cast<std::uint32_t>(b * kAbreast + lane)});
    }
  }
  std::vector<std::uint32_t> nearest;
  for (const auto& one : heap) nearest.push_back(one.account);
  if (wanted == 1) return nearest;
  std::sort(nearest.begin(), nearest.end());
  return nearest;
}

Place Cells::place(std::uint32_t account) const {
  const auto& slot = slots_[account];
  const auto& blocks = cells_[slot.cell].blocks;
  Place place;
  for (std::size_t d = 0; d < kPlaceDimensions; ++d) {
    place[d] = blocks[(slot.position / kAbreast * kRows + d) * kAbreast + slot.position % kAbreast];
  }
  return place;
}

// The last of the cell takes the place of who leaves.
void Cells::remove(std::uint32_t account) {
  const auto slot = slots_[account];
  auto& cell = cells_[slot.cell];
  const auto last = cell.accounts.size() - 1;
  for (std::size_t row = 0; row < kRows; ++row) at(cell, slot.position, row) = at(cell, last, row);
  for (std::size_t d = 0; d < kPlaceDimensions; ++d) at(cell, last, d) = std::numeric_limits<float>::infinity();
  at(cell, last, kPlaceDimensions) = -1;
  cell.accounts[slot.position] = cell.accounts[last];
  slots_[cell.accounts[last]].position = slot.position;
  cell.accounts.pop_back();
  if (last % kAbreast == 0) cell.blocks.resize(cell.blocks.size() - kRows * kAbreast);
}

void Cells::move(std::uint32_t account, const Place& place) {
  if (account < slots_.size()) remove(account);
  else slots_.resize(account + 1);
  const auto cell = nearest_cells(place, 1).front();
  slots_[account] = {cell, static_cast<std::uint32_t>(cells_[cell].accounts.size())};
  append(cells_[cell], account, place, -1);
}

void Cells::set_bound(std::uint32_t account, float bound) {
  at(cells_[slots_[account].cell], slots_[account].position, kPlaceDimensions) = bound;
}

std::size_t Cells::bytes() const {
  std::size_t sum = slots_.capacity() * sizeof(Slot);
  for (const auto& cell : cells_) {
    sum += cell.blocks.capacity() * sizeof(float) + cell.accounts.capacity() * sizeof(std::uint32_t);
  }
  return sum;
}

void Cells::scan_cell(const Cell& cell, std::span<const Query> queries, std::span<const std::uint32_t> some,
                      std::size_t wanted, bool entering, std::span<Found> found) const {
  float distances[kAbreast];
  for (std::size_t b = 0; b * kAbreast < cell.accounts.size(); ++b) {
    const float* block = cell.blocks.data() + b * kRows * kAbreast;
    const float* bounds = block + kPlaceDimensions * kAbreast;
    for (const auto q : some) {
      auto& nearest = found[q].nearest;
      const float least = limit_of(nearest, wanted);
      Lanes limits = Lanes{} + least;
      for (std::size_t lane = 0; entering && lane < kAbreast; ++lane) limits[lane] = std::max(least, bounds[lane]);
      if (!measure(block, queries[q].place.data(), limits, distances)) continue;
      const auto lanes = std::min(kAbreast, cell.accounts.size() - b * kAbreast);
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        const auto other = cell.accounts[b * kAbreast + lane];
        if (other == queries[q].account) continue;
        if (distances[lane] <= least) keep(nearest, wanted, {distances[lane], other});
        if (entering && distances[lane] <= bounds[lane]) found[q].entered.push_back({distances[lane], other});
      }
    }
  }
}

std::vector<Cells::Found> Cells::scan(std::span<const std::uint32_t> accounts, std::size_t wanted, bool entering,
                                      const Stop& stop) const {
  // Accounts are split for the threads alone, some pieces for each: what is found of one does not depend on the others.
  const auto threads = static_cast<std::size_t>(omp_get_max_threads());
  const std::size_t pieces = threads == 1 ? 1 : 4 * threads;
  const std::size_t together = std::clamp<std::size_t>(accounts.size() / pieces, 64, 1'024);
  std::vector<Found> found(accounts.size());
  const std::size_t chunks = (accounts.size() + together - 1) / together;
#pragma omp parallel for schedule(dynamic)
  for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
    if (stopped(stop)) continue;
    const auto first = chunk * together;
    const auto part = accounts.subspan(first, std::min(together, accounts.size() - first));
    std::vector<Query> queries;
    // Its own cell first, where most of the nearest are: the more lies beyond them in the others.
    std::vector<std::vector<std::uint32_t>> residents(cells_.size()), visitors(cells_.size());
    for (const auto account : part) {
      const auto q = static_cast<std::uint32_t>(queries.size());
      queries.push_back({account, place(account)});
      for (const auto cell : nearest_cells(queries.back().place, probes_)) {
        (cell == slots_[account].cell ? residents : visitors)[cell].push_back(q);
      }
    }
    const auto here = std::span(found).subspan(first, part.size());
    for (const auto& queued : {&residents, &visitors}) {
      for (std::size_t c = 0; c < cells_.size(); ++c) {
        if (!(*queued)[c].empty()) scan_cell(cells_[c], queries, (*queued)[c], wanted, entering, here);
      }
    }
    for (auto& one : here) std::sort_heap(one.nearest.begin(), one.nearest.end());
  }
  return found;
}

}  // namespace cms::fleet
