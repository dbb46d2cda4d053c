#include "pipeline/model.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.hpp"
#include "base/signature.hpp"

namespace cms::pipeline {
namespace {

constexpr const char* kGeometry = "geometry";
constexpr const char* kCalibration = "calibration";
constexpr const char* kWindow = "window";
constexpr const char* kSignature = "signature";

Result<ByteReader> section(const atlas::Sections& sections, const char* name) {
  const auto found = sections.find(name);
  if (found == sections.end()) return fail(ErrorCode::bad_input, fmt::format("the section \"{}\" is missing", name));
  return ByteReader(found->second);
}

// What is signed: the file as it would be without its signature.
Result<void> check_signature(atlas::Sections sections, const std::filesystem::path& public_key) {
  const auto found = sections.find(kSignature);
  if (found == sections.end()) return fail(ErrorCode::refused, "the atlas is not signed, and --trust asks for it");
  const Bytes signature = std::move(found->second);
  sections.erase(found);
  return verify(atlas::encode_sections(sections), signature, public_key);
}

Result<Model> decode_model(const Bytes& content, const std::filesystem::path& public_key) {
  CMS_TRY(sections, atlas::decode_sections(content));
  Model model;
  if (!public_key.empty()) {
    CMS_CHECK(check_signature(sections, public_key));
    model.signature_checked = true;
  }
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
  // A window longer than the horizon would go on filling after the age at which accounts are last compared.
  return {.length = std::min(window_length, horizon),
          .horizon = horizon,
          .rank = atlas.rank,
          .sketch_dimension = atlas.sketch_dimension,
          .chart_count = atlas.chart_count()};
}

Result<void> write_model(const std::filesystem::path& path, Model& model, const std::filesystem::path& private_key) {
  ByteWriter geometry, calibration, window;
  atlas::encode(model.atlas, geometry);
  score::encode(model.calibration, calibration);
  window.put(model.window_length);
  atlas::Sections sections = {
      {kGeometry, geometry.take()}, {kCalibration, calibration.take()}, {kWindow, window.take()}};
  if (!private_key.empty()) {
    CMS_TRY(signature, sign(atlas::encode_sections(sections), private_key));
    sections[kSignature] = signature;
  }
  const Bytes content = atlas::encode_sections(sections);
  model.name = atlas::atlas_name(content);
  return write_file(path, content);
}

Result<Model> read_model(const std::filesystem::path& path, const std::filesystem::path& public_key) {
  CMS_TRY(content, read_file(path));
  auto model = decode_model(content, public_key);
  if (!model) return fail_in(path.string(), model.error());
  return model;
}

}  // namespace cms::pipeline
