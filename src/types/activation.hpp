// The first noun that flows: one request's pooled hidden vector, and sets of them with their manifest.
//
// Layout contract, relied on everywhere: vectors are float32, row-major, one row a request; row i of the matrix
// belongs to rows[i]. Threads: plain values.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace cms {

// Where a vector comes from. Two activations may be compared only if their manifests agree (see `matches`).
struct Manifest {
  std::string model_hash;       // SHA-256 of the model file, hex; empty when assumed by the user
  std::string model_name;       // "smollm2-135m-instruct-q4_0"
  std::string layer;            // "final", or "l12": the residual stream after block 12 (0-based)
  std::string normalisation;    // "output_norm" (final norm applied) or "none" (residual stream)
  std::string pooling;          // "mean" or "last"
  std::string template_name;    // "none" or "chat"
  std::uint32_t words_max = 0;  // words of the text that were read; 0 = all
  std::uint32_t chars_max = 0;  // characters of the text that were read; 0 = all
  std::uint32_t dimension = 0;  // floats a vector
  std::string program_version;
  std::uint32_t segments_max = 1;  // segments of a text that were read, of words_max and chars_max and a row each

  // "model_name/layer/pooling": what users see and what `--assume-model` takes.
  [[nodiscard]] std::string fingerprint() const;
  // Whether `given`, as senders of vectors name their model, is this one: by fingerprint, "model_hash/layer/pooling" or
  // the hash alone, which says nothing of layer and pooling. By a hash only where this has one.
  [[nodiscard]] bool is_named(std::string_view given) const;
};

// A manifest for a set that has none; `fingerprint` is NAME or NAME/LAYER/POOLING. Errors: `usage` on other forms.
Result<Manifest> assume_model(const std::string& fingerprint, std::uint32_t dimension);

// Succeeds when vectors of `actual` may be used where `expected` were fitted: same model file (by hash where both have
// one, otherwise by name), layer, normalisation, pooling, template, dimension and segments, and, where both have a hash
// or a text has more than one segment, as many words and characters of a text. Errors: `refused`, naming the field.
Result<void> matches(const Manifest& expected, const Manifest& actual);

nlohmann::json to_json(const Manifest& manifest);
// Errors: `bad_input`, naming the key that is missing or of the wrong type.
Result<Manifest> manifest_from_json(const nlohmann::json& json);

// What is known of one row beside its vector.
struct RowInfo {
  std::string account;             // empty when the set has none
  double time = 0;                 // seconds; the row number when the set has none
  std::uint32_t tokens_seen = 0;   // tokens pooled; 0 when unknown
  std::uint32_t tokens_total = 0;  // tokens of the whole text; 0 when unknown
  nlohmann::json more;             // every other key of the line, kept as it came (object or null)
};

// n rows of `manifest.dimension` floats, and their infos.
struct ActivationSet {
  Manifest manifest;
  std::vector<float> values;
  std::vector<RowInfo> rows;

  [[nodiscard]] std::size_t count() const { return rows.size(); }
  [[nodiscard]] std::span<const float> row(std::size_t i) const {
    return {values.data() + i * manifest.dimension, manifest.dimension};
  }
};

}  // namespace cms
