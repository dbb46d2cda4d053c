// Homology for bench/peers: windows by family, diagrams from scratch, and per event where the library can.
#include "measure/homology/homology.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "measure/homology/test_windows.hpp"
#include "peers_clock.hpp"
#include "peers_library.hpp"

using namespace cms;

struct CmsHomology {
  std::uint32_t length = 0;
  std::uint32_t count = 0;
  homology::Options options;
  homology::Scratch scratch;
  homology::State state;
  Diagrams diagrams;
  homology::Work work;
  std::vector<float> distances;  // length x length
  std::vector<float> before;     // the row that goes

  [[nodiscard]] Distances view() const { return {distances, count, length}; }
};

const char* cms_peers_family(std::uint32_t index) {
  return index < homology::kFamilies.size() ? homology::kFamilies[index].data() : nullptr;
}

std::int64_t cms_peers_window(const char* family, std::uint32_t count, std::uint64_t seed, float* out) {
  const auto& families = homology::kFamilies;
  if (std::find(families.begin(), families.end(), family) == families.end() || count < 2 || count > 512) return -1;
  return peers::nanoseconds([&] {
    Random random(seed);
    const auto matrix = homology::make_window(family, count, random);
    std::copy(matrix.values.begin(), matrix.values.end(), out);
  });
}

CmsHomology* cms_peers_homology_open(std::uint32_t length, std::uint64_t budget) {
  if (length < 2 || length > homology::kPointsMax) return nullptr;
  auto* homology = new CmsHomology;
  homology->length = length;
  homology->options.work_budget = budget != 0 ? budget : std::numeric_limits<std::uint64_t>::max();
  homology->distances.resize(std::size_t{length} * length);
  homology->before.reserve(length);
  return homology;
}

void cms_peers_homology_close(CmsHomology* homology) { delete homology; }

std::uint64_t cms_peers_homology_budget(std::uint32_t length) { return homology::work_budget(length); }

std::int64_t cms_peers_homology_scratch(CmsHomology* homology, const float* distances, std::uint32_t count) {
  if (count > homology::kPointsMax) return -1;
  const Distances view{{distances, std::size_t{count} * count}, count, count};
  return peers::nanoseconds([&] {
    homology->work = homology::diagrams(view, homology->options, homology->scratch, homology->diagrams);
  });
}

std::int64_t cms_peers_homology_start(CmsHomology* homology, const float* distances, std::uint32_t count) {
  if (count > homology->length) return -1;
  homology->count = count;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::memcpy(homology->distances.data() + std::size_t{i} * homology->length, distances + std::size_t{i} * count,
                count * sizeof(float));
  }
  return peers::nanoseconds([&] {
    homology->work = homology::start(homology->view(), homology->length, homology->options, homology->state,
                                     homology->scratch, homology->diagrams);
  });
}

std::int64_t cms_peers_homology_replace(CmsHomology* homology, std::uint32_t slot, const float* row) {
  if (slot > homology->count || slot >= homology->length) return -1;
  return peers::nanoseconds([&] {
    float* matrix = homology->distances.data();
    const std::size_t stride = homology->length;
    if (slot == homology->count) {
      homology->before.clear();
      ++homology->count;
    } else {
      homology->before.assign(matrix + slot * stride, matrix + slot * stride + homology->count);
    }
    std::memcpy(matrix + slot * stride, row, homology->count * sizeof(float));
    for (std::uint32_t i = 0; i < homology->count; ++i) matrix[i * stride + slot] = row[i];
    const RowChange change{slot, homology->count, homology->before, {row, homology->count}};
    homology->work = homology::replace(homology->view(), change, homology->options, homology->state,
                                       homology->scratch, homology->diagrams);
  });
}

std::uint32_t cms_peers_homology_bars(const CmsHomology* homology, std::uint32_t dimension, float* out,
                                      std::uint32_t capacity) {
  const auto& bars = dimension == 0 ? homology->diagrams.h0 : homology->diagrams.h1;
  for (std::size_t i = 0; i < std::min<std::size_t>(bars.size(), capacity); ++i) {
    out[2 * i] = bars[i].birth;
    out[2 * i + 1] = bars[i].death;
  }
  return static_cast<std::uint32_t>(bars.size());
}

std::uint32_t cms_peers_homology_truncated(const CmsHomology* homology) { return homology->diagrams.truncated; }

std::uint64_t cms_peers_homology_units(const CmsHomology* homology) { return homology->work.units; }
