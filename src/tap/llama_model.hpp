// A model loaded by llama.cpp. Inner header of this folder.
#pragma once

#include <llama.h>

#include <filesystem>
#include <memory>

#include "base/result.hpp"

namespace cms::tap {

struct FreeModel {
  void operator()(llama_model* model) const { llama_model_free(model); }
};
struct FreeContext {
  void operator()(llama_context* context) const { llama_free(context); }
};
using ModelPointer = std::unique_ptr<llama_model, FreeModel>;
using ContextPointer = std::unique_ptr<llama_context, FreeContext>;

// Starts the library and loads a decoder-only language model. Errors: `bad_input`, with what llama.cpp complained of.
Result<ModelPointer> load_decoder(const std::filesystem::path& path);

}  // namespace cms::tap
