#include "tap/safetensors.hpp"

#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "tap/half.hpp"
#include "tap/json_lines.hpp"

namespace cms::tap {
namespace {

using Json = nlohmann::json;

// The format allows 100 MB; a model of a thousand tensors has some 100 KB.
constexpr std::uint64_t kHeaderBytesMax = 1 << 20;

// The entry of the wanted tensor and its name.
Result<std::pair<std::string, Json>> choose(const Json& header, const std::string& name) {
  std::string names;
  std::size_t count = 0;
  const Json* chosen = nullptr;
  std::string chosen_name;
  for (const auto& [key, entry] : header.items()) {
    if (key == "__metadata__") continue;
    ++count;
    if (count <= 5) names += (count > 1 ? ", " : "") + key;
    if (name.empty() || key == name) {
      chosen = &entry;
      chosen_name = key;
    }
  }
  if (count == 0) return fail(ErrorCode::bad_input, "the file holds no tensor");
  if (chosen == nullptr) {
    return fail(ErrorCode::bad_input, fmt::format("no tensor is called \"{}\"; there are {}: {}", name, count, names));
  }
  if (name.empty() && count > 1) {
    return fail(ErrorCode::bad_input, fmt::format("the file holds {} tensors ({}...): name the one that is meant",
                                                  count, names));
  }
  return std::pair{chosen_name, *chosen};
}

Result<std::pair<std::uint64_t, std::uint64_t>> two_counts(const Json& entry, const char* key) {
  const auto found = entry.find(key);
  if (found == entry.end() || !found->is_array() || found->size() != 2 || !(*found)[0].is_number_unsigned() ||
      !(*found)[1].is_number_unsigned()) {
    return fail(ErrorCode::bad_input, fmt::format("\"{}\" is not a pair of counts", key));
  }
  return std::pair{(*found)[0].get<std::uint64_t>(), (*found)[1].get<std::uint64_t>()};
}

Result<Matrix> decode(const Json& entry, std::span<const std::uint8_t> data) {
  if (!entry.is_object()) return fail(ErrorCode::bad_input, "its entry is not an object");
  const auto dtype_entry = entry.find("dtype");
  const bool has_dtype = dtype_entry != entry.end() && dtype_entry->is_string();
  const std::string dtype = has_dtype ? dtype_entry->get<std::string>() : "";
  if (dtype != "F32" && dtype != "F16" && dtype != "BF16") {
    return fail(ErrorCode::bad_input, fmt::format("dtype \"{}\" is not read: save F32, F16 or BF16", dtype));
  }
  CMS_TRY(shape, two_counts(entry, "shape"));
  CMS_TRY(offsets, two_counts(entry, "data_offsets"));
  if (offsets.first > offsets.second) return fail(ErrorCode::bad_input, "\"data_offsets\" run backwards");
  if (offsets.second > data.size()) {
    return fail(ErrorCode::bad_input, fmt::format("the file is truncated: the tensor ends at byte {} of {}",
                                                  offsets.second, data.size()));
  }
  const std::uint64_t number_bytes = dtype == "F32" ? 4 : 2;
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(shape.first, shape.second, &bytes) ||
      __builtin_mul_overflow(bytes, number_bytes, &bytes) || bytes != offsets.second - offsets.first) {
    return fail(ErrorCode::bad_input, fmt::format("shape ({}, {}) does not fit its {} bytes", shape.first,
                                                  shape.second, offsets.second - offsets.first));
  }
  const auto source = data.subspan(offsets.first, bytes);
  Matrix matrix{.rows = shape.first, .columns = shape.second, .values = std::vector<float>(bytes / number_bytes)};
  if (dtype == "F32") {
    if (bytes > 0) std::memcpy(matrix.values.data(), source.data(), bytes);
    return matrix;
  }
  for (std::size_t i = 0; i < matrix.values.size(); ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, source.data() + 2 * i, sizeof(bits));
    matrix.values[i] = dtype == "F16" ? from_half(bits) : from_bfloat16(bits);
  }
  return matrix;
}

}  // namespace

Result<Matrix> parse_safetensors(std::span<const std::uint8_t> content, const std::string& name) {
  ByteReader reader(content);
  const auto header_bytes = reader.get<std::uint64_t>();
  if (reader.failed() || header_bytes > reader.left()) {
    return fail(ErrorCode::bad_input, "the file is truncated: it ends inside the safetensors header");
  }
  if (header_bytes > kHeaderBytesMax) {
    return fail(ErrorCode::bad_input, fmt::format("the safetensors header has {} bytes, and {} are read at most: save "
                                                  "the tensor in a file of its own", header_bytes, kHeaderBytesMax));
  }
  const std::string_view text(reinterpret_cast<const char*>(content.data()) + 8, header_bytes);
  auto header = parse_object(text);
  if (!header) return fail_in("safetensors header", header.error());
  CMS_TRY(chosen, choose(*header, name));
  auto matrix = decode(chosen.second, content.subspan(8 + header_bytes));
  if (!matrix) return fail_in(fmt::format("tensor \"{}\"", chosen.first), matrix.error());
  return matrix;
}

}  // namespace cms::tap
