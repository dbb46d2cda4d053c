#include "pipeline/model.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.hpp"

namespace cms::pipeline {
namespace {

constexpr const char* kGeometry = "geometry";
constexpr const char* kCalibration = "calibration";
constexpr const char* kWindow = "window";

Result<ByteReader> section(const atlas::Sections& sections, const char* name) {
  const auto found = sections.find(name);
  if (found == sections.end()) return fail(ErrorCode::bad_input, fmt::format("the section \"{}\" is missing", name));
  return ByteReader(found->second);
}

Result<Model> decode_model(const Bytes& content) {
  CMS_TRY(sections, atlas::decode_sections(content));
  Model model;
  CMS_TRY(geometry, section(sections, kGeometry));
  CMS_TRY(atlas, atlas::decode(geometry));
  model.atlas = std::move(atlas);
  CMS_TRY(calibration_bytes, section(sections, kCalibration));
  CMS_TRY(calibration, score::decode(calibration_bytes));
  model.calibration = std::move(calibration);
  CMS_TRY(window_bytes, section(sections, kWindow));
  model.window_length = window_bytes.get<std::uint32_t>();
  CMS_CHECK(window::make(window_options(model)));
  model.name = atlas::atlas_name(content);
  return model;
}

}  // namespace

window::Options window_options(const atlas::Atlas& atlas, std::uint32_t window_length, std::uint32_t horizon) {
  return {.length = window_length,
          .horizon = std::max(horizon, window_length),
          .rank = atlas.rank,
          .sketch_dimension = atlas.sketch_dimension,
          .chart_count = atlas.chart_count()};
}

Result<void> write_model(const std::filesystem::path& path, Model& model) {
  ByteWriter geometry, calibration, window;
  atlas::encode(model.atlas, geometry);
  score::encode(model.calibration, calibration);
  window.put(model.window_length);
  const Bytes content = atlas::encode_sections(
      {{kGeometry, geometry.take()}, {kCalibration, calibration.take()}, {kWindow, window.take()}});
  model.name = atlas::atlas_name(content);
  return write_file(path, content);
}

Result<Model> read_model(const std::filesystem::path& path) {
  CMS_TRY(content, read_file(path));
  auto model = decode_model(content);
  if (!model) return fail_in(path.string(), model.error());
  return model;
}

}  // namespace cms::pipeline
