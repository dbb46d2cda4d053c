#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "atlas/atlas.hpp"
#include "atlas/chart_geometry.hpp"
#include "base/lanes.hpp"

namespace cms::atlas {
namespace {

// Not-computed values are kept as NaN on disk, and only there.
float or_nan(const std::optional<float>& value) {
  return value.value_or(std::nanf(""));
}
std::optional<float> from_nan(float value) {
  return std::isnan(value) ? std::nullopt : std::optional(value);
}

void encode_chart(const Chart& chart, ByteWriter& out) {
  out.put(chart.benign_mass);
  out.put(chart.log_density);
  for (const float radius : chart.radius) out.put(radius);
  out.put(chart.frame_dimension);
  out.put(or_nan(chart.dimension));
  out.put(or_nan(chart.two_nn));
  out.put(or_nan(chart.scalar_curvature));
}

Chart decode_chart(ByteReader& in) {
  Chart chart;
  chart.benign_mass = in.get<float>();
  chart.log_density = in.get<float>();
  for (float& radius : chart.radius) radius = in.get<float>();
  chart.frame_dimension = in.get<std::uint32_t>();
  chart.dimension = from_nan(in.get<float>());
  chart.two_nn = from_nan(in.get<float>());
  chart.scalar_curvature = from_nan(in.get<float>());
  return chart;
}

bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

// Chord lengths below it are roundings; 1 / (2 h^2) of it is still finite.
constexpr float kBandwidthMin = 1e-9F;

bool negative(float weight) { return weight < 0; }

Result<void> check(const Atlas& atlas) {
  const std::size_t d = atlas.manifest.dimension;
  const std::size_t k = atlas.charts.size();
  const std::size_t n = atlas.reference_weights.size();
  const bool sizes = atlas.rank > 0 && atlas.rank <= kWidthMax && d > 0 && k > 0 && k <= 65536 &&
                     atlas.mean.size() == d &&
                     atlas.projection.size() == atlas.rank * d && atlas.sketch.size() == atlas.sketch_dimension * d &&
                     atlas.centroids.size() == k * atlas.rank &&
                     atlas.frames.size() == k * kFrameDimensionMax * atlas.rank && n > 0 && n <= kReferenceMax &&
                     atlas.reference.size() == n * atlas.rank && atlas.knn_k > 0 && atlas.knn_k <= n;
  if (!sizes) return fail(ErrorCode::bad_input, "atlas geometry: sizes do not fit one another");
  const auto& weights = atlas.reference_weights;
  const bool finite = all_finite(atlas.mean) && all_finite(atlas.projection) && all_finite(atlas.sketch) &&
                      all_finite(atlas.centroids) && all_finite(atlas.frames) && all_finite(weights) &&
                      std::none_of(weights.begin(), weights.end(), negative) && std::isfinite(atlas.reference_self) &&
                      std::isfinite(atlas.bandwidth) && atlas.bandwidth > kBandwidthMin;
  const bool charts = std::all_of(atlas.charts.begin(), atlas.charts.end(), [](const Chart& chart) {
    return chart.frame_dimension <= kFrameDimensionMax && std::isfinite(chart.log_density) &&
           std::isfinite(chart.benign_mass);
  });
  if (!finite || !charts) return fail(ErrorCode::bad_input, "atlas geometry: a value is out of range");
  return {};
}

}  // namespace

void encode(const Atlas& atlas, ByteWriter& out) {
  out.put_string(to_json(atlas.manifest).dump());
  out.put(atlas.rank);
  out.put(atlas.sketch_dimension);
  out.put_array<float>(atlas.mean);
  out.put_array<float>(atlas.projection);
  out.put_array<float>(atlas.sketch);
  out.put_array<float>(atlas.centroids);
  out.put<std::uint32_t>(atlas.chart_count());
  for (const auto& chart : atlas.charts) encode_chart(chart, out);
  out.put_array<float>(atlas.frames);
  out.put_array<std::int8_t>(atlas.reference);
  out.put_array<float>(atlas.reference_weights);
  out.put(atlas.knn_k);
  out.put(atlas.bandwidth);
  out.put(atlas.reference_self);
  out.put_string(atlas.provenance);
}

Result<Atlas> decode(ByteReader& in) {
  Atlas atlas;
  const auto json = nlohmann::json::parse(in.get_string(), nullptr, false);
  CMS_TRY(manifest, manifest_from_json(json));
  atlas.manifest = manifest;
  atlas.rank = in.get<std::uint32_t>();
  atlas.sketch_dimension = in.get<std::uint32_t>();
  atlas.mean = in.get_array<float>();
  atlas.projection = in.get_array<float>();
  atlas.sketch = in.get_array<float>();
  atlas.centroids = in.get_array<float>();
  const auto chart_count = in.get<std::uint32_t>();
  for (std::uint32_t c = 0; c < chart_count && !in.failed(); ++c) atlas.charts.push_back(decode_chart(in));
  atlas.frames = in.get_array<float>();
  atlas.reference = in.get_array<std::int8_t>();
  atlas.reference_weights = in.get_array<float>();
  atlas.knn_k = in.get<std::uint32_t>();
  atlas.bandwidth = in.get<float>();
  atlas.reference_self = in.get<float>();
  atlas.provenance = in.get_string();
  if (in.failed()) return fail(ErrorCode::bad_input, "atlas geometry: the section ends early");
  CMS_CHECK(check(atlas));
  derive(atlas);
  return atlas;
}

}  // namespace cms::atlas
