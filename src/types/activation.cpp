#include "types/activation.hpp"

#include <fmt/format.h>

namespace cms {
namespace {

Result<std::string> text_field(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_string()) {
    return fail(ErrorCode::bad_input, fmt::format("manifest: key \"{}\" must be a string", key));
  }
  return found->get<std::string>();
}

Result<std::uint32_t> count_field(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number_unsigned() || found->get<std::uint64_t>() > UINT32_MAX) {
    return fail(ErrorCode::bad_input, fmt::format("manifest: key \"{}\" must be a whole number >= 0", key));
  }
  return found->get<std::uint32_t>();
}

Result<void> same(const char* field, const std::string& expected, const std::string& actual) {
  if (expected == actual) return {};
  return fail(ErrorCode::refused,
              fmt::format("{} differs: \"{}\" is wanted, this set has \"{}\"", field, expected, actual));
}

}  // namespace

std::string Manifest::fingerprint() const {
  return fmt::format("{}/{}/{}", model_name, layer, pooling);
}

bool Manifest::is_named(std::string_view given) const {
  if (given == fingerprint()) return true;
  return !model_hash.empty() && (given == model_hash || given == fmt::format("{}/{}/{}", model_hash, layer, pooling));
}

Result<Manifest> assume_model(const std::string& fingerprint, std::uint32_t dimension) {
  Manifest manifest;
  manifest.layer = "final";
  manifest.pooling = "mean";
  manifest.template_name = "none";
  manifest.dimension = dimension;
  const auto first = fingerprint.find('/');
  manifest.model_name = fingerprint.substr(0, first);
  if (first != std::string::npos) {
    const auto second = fingerprint.find('/', first + 1);
    if (second == std::string::npos) {
      return fail(ErrorCode::usage,
                  fmt::format("--assume-model takes NAME or NAME/LAYER/POOLING, not \"{}\"", fingerprint));
    }
    manifest.layer = fingerprint.substr(first + 1, second - first - 1);
    manifest.pooling = fingerprint.substr(second + 1);
  }
  if (manifest.model_name.empty() || manifest.layer.empty() ||
      (manifest.pooling != "mean" && manifest.pooling != "last")) {
    return fail(ErrorCode::usage,
                fmt::format("--assume-model takes NAME or NAME/LAYER/POOLING, not \"{}\"", fingerprint));
  }
  manifest.normalisation = manifest.layer == "final" ? "output_norm" : "none";
  return manifest;
}

Result<void> matches(const Manifest& expected, const Manifest& actual) {
  if (!expected.model_hash.empty() && !actual.model_hash.empty()) {
    CMS_CHECK(same("model file (SHA-256)", expected.model_hash, actual.model_hash));
  } else {
    CMS_CHECK(same("model", expected.model_name, actual.model_name));
  }
  CMS_CHECK(same("layer", expected.layer, actual.layer));
  CMS_CHECK(same("normalisation", expected.normalisation, actual.normalisation));
  CMS_CHECK(same("pooling", expected.pooling, actual.pooling));
  CMS_CHECK(same("template", expected.template_name, actual.template_name));
  CMS_CHECK(same("dimension", std::to_string(expected.dimension), std::to_string(actual.dimension)));
  CMS_CHECK(same("segments", std::to_string(expected.segments_max), std::to_string(actual.segments_max)));
  // Who says no model file was assumed or exported by an engine, and knows nothing of what was read of a text.
  const bool captured = !expected.model_hash.empty() && !actual.model_hash.empty();
  if (captured || expected.segments_max > 1) {
    CMS_CHECK(same("what is read of a text, words (0 = all)", std::to_string(expected.words_max),
                   std::to_string(actual.words_max)));
    CMS_CHECK(same("what is read of a text, characters (0 = all)", std::to_string(expected.chars_max),
                   std::to_string(actual.chars_max)));
  }
  return {};
}

nlohmann::json to_json(const Manifest& manifest) {
  return {{"model_hash", manifest.model_hash}, {"model_name", manifest.model_name},
          {"layer", manifest.layer},           {"normalisation", manifest.normalisation},
          {"pooling", manifest.pooling},       {"template", manifest.template_name},
          {"words_max", manifest.words_max},   {"chars_max", manifest.chars_max},
          {"dimension", manifest.dimension},   {"program_version", manifest.program_version},
          {"segments_max", manifest.segments_max}};
}

Result<Manifest> manifest_from_json(const nlohmann::json& json) {
  if (!json.is_object()) return fail(ErrorCode::bad_input, "manifest: not a JSON object");
  CMS_TRY(model_hash, text_field(json, "model_hash"));
  CMS_TRY(model_name, text_field(json, "model_name"));
  CMS_TRY(layer, text_field(json, "layer"));
  CMS_TRY(normalisation, text_field(json, "normalisation"));
  CMS_TRY(pooling, text_field(json, "pooling"));
  CMS_TRY(template_name, text_field(json, "template"));
  CMS_TRY(words_max, count_field(json, "words_max"));
  CMS_TRY(chars_max, count_field(json, "chars_max"));
  CMS_TRY(dimension, count_field(json, "dimension"));
  CMS_TRY(program_version, text_field(json, "program_version"));
  std::uint32_t segments_max = 1;  // sets and atlases from before there were segments do not say
  if (json.contains("segments_max")) {
    CMS_TRY(told, count_field(json, "segments_max"));
    segments_max = told;
  }
  return Manifest{model_hash, model_name, layer,     normalisation,   pooling,     template_name,
                  words_max,  chars_max,  dimension, program_version, segments_max};
}

}  // namespace cms
