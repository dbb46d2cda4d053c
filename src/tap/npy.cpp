#include "tap/npy.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <string>
#include <string_view>

#include "tap/half.hpp"

namespace cms::tap {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kAlignment = 64;  // of the data, as NumPy writes it

// What the header's Python dictionary says; every key must come once.
struct Header {
  std::string_view descr;
  std::string_view fortran_order;
  std::string_view shape;
};

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// Splits "'key': value" off the front of `text`. A value ends at the first comma outside quotes and brackets.
bool take_entry(std::string_view& text, std::string_view& key, std::string_view& value) {
  const char quote = text.front();
  if (quote != '\'' && quote != '"') return false;
  const auto key_end = text.find(quote, 1);
  if (key_end == std::string_view::npos) return false;
  key = text.substr(1, key_end - 1);
  text = trim(text.substr(key_end + 1));
  if (text.empty() || text.front() != ':') return false;
  text.remove_prefix(1);
  bool quoted = false;
  int depth = 0;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    const char c = text[end];
    if (c == '\'' || c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '(' || c == '[') ++depth;
    if (c == ')' || c == ']') --depth;
    if (c == ',' && depth == 0) break;
  }
  value = trim(text.substr(0, end));
  text = end < text.size() ? trim(text.substr(end + 1)) : std::string_view();
  return !quoted && depth == 0 && !value.empty();
}

Result<Header> parse_header(std::string_view text) {
  const auto malformed = fail(ErrorCode::bad_input, "malformed npy header");
  text = trim(text);
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return malformed;
  text = trim(text.substr(1, text.size() - 2));
  Header header;
  while (!text.empty()) {
    std::string_view key;
    std::string_view value;
    if (!take_entry(text, key, value)) return malformed;
    auto* field = key == "descr"           ? &header.descr
                  : key == "fortran_order" ? &header.fortran_order
                  : key == "shape"         ? &header.shape
                                           : nullptr;
    if (field == nullptr || !field->empty()) return malformed;
    *field = value;
  }
  if (header.descr.empty() || header.fortran_order.empty() || header.shape.empty()) return malformed;
  return header;
}

Result<Dtype> parse_dtype(std::string_view descr) {
  if (descr == "'<f4'" || descr == "\"<f4\"") return Dtype::float32;
  if (descr == "'<f2'" || descr == "\"<f2\"") return Dtype::float16;
  return fail(ErrorCode::bad_input, fmt::format("dtype {} is not read: save the array as float32 or float16 "
                                                "(little-endian)", descr));
}

// "(n, d)": both counts, or the reason why not.
Result<Matrix> parse_shape(std::string_view shape) {
  const auto wrong = fail(ErrorCode::bad_input, fmt::format("shape {} is not that of a matrix [rows, columns]", shape));
  if (shape.front() != '(' || shape.back() != ')') return wrong;
  std::string_view text = shape.substr(1, shape.size() - 2);
  std::uint64_t counts[2] = {};
  for (int axis = 0; axis < 2; ++axis) {
    text = trim(text);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), counts[axis]);
    if (error != std::errc{}) return wrong;
    text = trim(text.substr(static_cast<std::size_t>(end - text.data())));
    if (axis == 0 && (text.empty() || text.front() != ',')) return wrong;
    if (!text.empty() && text.front() == ',') text.remove_prefix(1);
  }
  if (!trim(text).empty()) return wrong;
  return Matrix{.rows = counts[0], .columns = counts[1], .values = {}};
}

Result<void> check_size(const Matrix& matrix, std::size_t number_bytes, std::size_t data_bytes) {
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(matrix.rows, matrix.columns, &bytes) ||
      __builtin_mul_overflow(bytes, number_bytes, &bytes)) {
    return fail(ErrorCode::bad_input, fmt::format("shape ({}, {}) is impossibly large", matrix.rows, matrix.columns));
  }
  if (data_bytes < bytes) {
    return fail(ErrorCode::bad_input, fmt::format("the file is truncated: shape ({}, {}) needs {} bytes of data, {} "
                                                  "are there", matrix.rows, matrix.columns, bytes, data_bytes));
  }
  if (data_bytes > bytes) {
    return fail(ErrorCode::bad_input, fmt::format("{} bytes follow the data", data_bytes - bytes));
  }
  return {};
}

void decode(std::span<const std::uint8_t> data, Dtype dtype, std::vector<float>& values) {
  if (dtype == Dtype::float32) {
    if (!data.empty()) std::memcpy(values.data(), data.data(), data.size());
    return;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, data.data() + 2 * i, sizeof(bits));
    values[i] = from_half(bits);
  }
}

}  // namespace

Result<Matrix> parse_npy(std::span<const std::uint8_t> content) {
  const auto truncated = fail(ErrorCode::bad_input, "the file is truncated: it ends inside the npy header");
  ByteReader reader(content);
  for (const char expected : kMagic) {
    const auto byte = reader.get<std::uint8_t>();
    if (reader.failed()) return truncated;
    if (byte != static_cast<std::uint8_t>(expected)) return fail(ErrorCode::bad_input, "not an npy file");
  }
  const auto major = reader.get<std::uint8_t>();
  reader.get<std::uint8_t>();
  if (!reader.failed() && major != 1 && major != 2) {
    return fail(ErrorCode::bad_input, fmt::format("npy version {} is not read", major));
  }
  const std::size_t header_bytes = major == 1 ? reader.get<std::uint16_t>() : reader.get<std::uint32_t>();
  if (reader.failed() || header_bytes > reader.left()) return truncated;
  const std::size_t offset = content.size() - reader.left();
  CMS_TRY(header, parse_header({reinterpret_cast<const char*>(content.data()) + offset, header_bytes}));
  CMS_TRY(dtype, parse_dtype(header.descr));
  if (header.fortran_order != "False") {
    return fail(ErrorCode::bad_input, "the array is in Fortran order: save numpy.ascontiguousarray(a)");
  }
  CMS_TRY(matrix, parse_shape(header.shape));
  const auto data = content.subspan(offset + header_bytes);
  CMS_CHECK(check_size(matrix, dtype == Dtype::float32 ? 4 : 2, data.size()));
  matrix.values.resize(matrix.rows * matrix.columns);
  decode(data, dtype, matrix.values);
  return std::move(matrix);
}

Bytes format_npy(std::span<const float> values, std::uint64_t columns, Dtype dtype) {
  const std::uint64_t rows = columns > 0 ? values.size() / columns : 0;
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}, {}), }}",
                                   dtype == Dtype::float32 ? "<f4" : "<f2", rows, columns);
  constexpr std::size_t kBeforeHeader = 10;
  header.append(kAlignment - (kBeforeHeader + header.size() + 1) % kAlignment, ' ');
  header.push_back('\n');
  Bytes content(kMagic.begin(), kMagic.end());
  const auto size = static_cast<std::uint16_t>(header.size());
  for (const int byte : {1, 0, size & 0xFF, size >> 8}) content.push_back(static_cast<std::uint8_t>(byte));
  content.insert(content.end(), header.begin(), header.end());
  const std::size_t offset = content.size();
  content.resize(offset + values.size() * (dtype == Dtype::float32 ? 4 : 2));
  if (dtype == Dtype::float32) {
    if (!values.empty()) std::memcpy(content.data() + offset, values.data(), values.size_bytes());
    return content;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t bits = to_half(values[i]);
    std::memcpy(content.data() + offset + 2 * i, &bits, sizeof(bits));
  }
  return content;
}

}  // namespace cms::tap
