#include "tap/llama_library.hpp"

#include <fmt/format.h>

#include <mutex>

#include "tap/llama_model.hpp"

namespace cms::tap {
namespace {

std::mutex complaint_mutex;
std::string complaint;

void keep_errors(ggml_log_level level, const char* text, void* /*user_data*/) {
  if (level != GGML_LOG_LEVEL_ERROR) return;
  const std::lock_guard lock(complaint_mutex);
  constexpr std::size_t kComplaintMax = 600;
  if (complaint.size() < kComplaintMax) complaint += text;
}

}  // namespace

void start_llama() {
  static std::once_flag started;
  std::call_once(started, [] {
    llama_log_set(keep_errors, nullptr);
    llama_backend_init();
  });
  const std::lock_guard lock(complaint_mutex);
  complaint.clear();
}

std::string llama_complaint() {
  const std::lock_guard lock(complaint_mutex);
  std::string line;
  for (const char c : complaint) {
    const bool space = c == '\n' || c == '\r' || c == ' ';
    if (!space) line.push_back(c);
    if (space && !line.empty() && line.back() != ' ') line.push_back(' ');
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

Result<ModelPointer> load_decoder(const std::filesystem::path& path) {
  start_llama();
  ModelPointer model(llama_model_load_from_file(path.c_str(), llama_model_default_params()));
  if (!model) {
    return fail(ErrorCode::bad_input, fmt::format("{} is no model that llama.cpp can load: {}", path.string(),
                                                  llama_complaint()));
  }
  if (!llama_model_has_decoder(model.get()) || llama_model_has_encoder(model.get())) {
    return fail(ErrorCode::bad_input, fmt::format("{} is not a decoder-only language model", path.string()));
  }
  return model;
}

}  // namespace cms::tap
