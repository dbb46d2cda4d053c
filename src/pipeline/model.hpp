// A fitted model of honest use: atlas and calibration together, as one file holds them.
#pragma once

#include <filesystem>
#include <string>

#include "atlas/atlas.hpp"
#include "atlas/file.hpp"
#include "score/calibration.hpp"
#include "window/window.hpp"

namespace cms::pipeline {

struct Model {
  std::string name;  // first 12 hex digits of the file's SHA-256: scores and states say which atlas they are of
  atlas::Atlas atlas;
  score::Calibration calibration;
  std::uint32_t window_length = 64;
  bool signature_checked = false;  // read_model() was given a public key, and the file is signed with it
};

// The window that follows an account under this model.
window::Options window_options(const atlas::Atlas& atlas, std::uint32_t window_length, std::uint32_t horizon);
inline window::Options window_options(const Model& model) {
  return window_options(model.atlas, model.window_length, model.calibration.horizon);
}

// Writes the model, atomically, and sets its name; signed where a private key is named (base/signature.hpp).
// Errors: `failed` when the disk says no; the old file stays. `bad_input` when the key cannot be used.
Result<void> write_model(const std::filesystem::path& path, Model& model,
                         const std::filesystem::path& private_key = {});

// With a public key only a file signed with it is accepted. Errors: `bad_input` when missing, damaged or of a later
// version; `refused` when the signature is missing or another's.
Result<Model> read_model(const std::filesystem::path& path, const std::filesystem::path& public_key = {});

}  // namespace cms::pipeline
