#include "serve/ingest_body.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "tap/json_lines.hpp"
#include "tap/npy.hpp"
#include "tap/safetensors.hpp"
#include "tap/text.hpp"

namespace cms::serve {
namespace {

using pipeline::Item;
using pipeline::Refusal;
namespace dom = simdjson::dom;

// The parser takes 14 bytes for each of a line: a vector of 100,000 numbers has its place, a body in one line has not.
constexpr std::size_t kLineBytesMax = 4 << 20;

struct Wrong {
  Refusal refusal;
  std::string why;
};
using Check = std::optional<Wrong>;

Check take_account(const dom::object& line, std::string& account) {
  std::string_view text;
  if (line["account"].get(text) != simdjson::SUCCESS) return Wrong{Refusal::account, "\"account\" must be a text"};
  account = text;
  return std::nullopt;
}

Check take_time(const dom::object& line, double now, double& time) {
  dom::element value;
  time = now;
  if (line["time"].get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  if (value.get(time) != simdjson::SUCCESS) return Wrong{Refusal::clock, "\"time\" must be a number of seconds"};
  return std::nullopt;
}

Check take_vector(const dom::object& line, std::vector<float>& vector) {
  dom::array numbers;
  if (line["vector"].get(numbers) != simdjson::SUCCESS) {
    return Wrong{Refusal::dimension, "\"vector\" must be an array of numbers"};
  }
  vector.reserve(numbers.size());
  for (const auto element : numbers) {
    double number = 0;
    if (element.get(number) != simdjson::SUCCESS) {
      return Wrong{Refusal::not_finite, "\"vector\" may hold nothing but numbers"};
    }
    if (!(std::fabs(number) <= std::numeric_limits<float>::max())) {
      return Wrong{Refusal::not_finite, "a number in \"vector\" is beyond the range of float32"};
    }
    vector.push_back(static_cast<float>(number));
  }
  return std::nullopt;
}

// Calls `take` with each object and its index, and enters what is wrong with a line into `result`, which has one item
// for each line that is not empty.
template <typename Result_, typename Take>
Result<Result_> for_each_line(std::string&& text, const ItemLimits& limits, const Take& take) {
  Result_ result;
  const auto size = text.size();
  text.resize(size + simdjson::SIMDJSON_PADDING);
  dom::parser parser;
  for (std::size_t first = 0, number = 1; first < size; ++number) {
    const auto end = std::min(text.find('\n', first), size);
    const std::string_view line(text.data() + first, end - first);
    first = end + 1;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (result.items.size() == limits.items_max) {
      return fail(ErrorCode::bad_input, fmt::format("more than {} lines; send them in parts", limits.items_max));
    }
    auto& item = result.items.emplace_back();
    dom::object object;
    Check wrong = Wrong{Refusal::account, "not a JSON object"};
    if (line.size() > kLineBytesMax) {
      wrong->why = fmt::format("longer than {} bytes", kLineBytesMax);
    } else if (parser.parse(line.data(), line.size(), false).get(object) == simdjson::SUCCESS) {
      // Room behind the line was there: the next line, or what was added above.
      wrong = take(object, item);
    }
    if (!wrong) continue;
    item.refusal = wrong->refusal;
    result.why[result.items.size() - 1] = fmt::format("line {}: {}", number, wrong->why);
  }
  return result;
}

// Values of a JSON array, one a row; nothing when `text` is something else. `get` of one element to a value.
template <typename Value>
Result<std::vector<Value>> parse_array(const std::string& text, const char* name, std::size_t rows) {
  const auto array = tap::parse_json(text);
  if (!array || !array->is_array() || array->size() != rows) {
    return fail(ErrorCode::bad_input, fmt::format("{} must be a JSON array of {} values, one a row", name, rows));
  }
  std::vector<Value> values;
  for (const auto& one : *array) {
    const bool fits = std::is_same_v<Value, double> ? one.is_number() : one.is_string();
    if (!fits) return fail(ErrorCode::bad_input, fmt::format("{} holds a value of the wrong type", name));
    values.push_back(one.get<Value>());
  }
  return values;
}

Result<void> name_rows(const RowNames& names, double now, std::vector<Item>& items) {
  if (names.account.has_value() == !names.accounts_json.empty()) {
    return fail(ErrorCode::bad_input, "say whose rows these are: ?account=NAME for all, or the header Cms-Accounts, a "
                                      "JSON array with one name a row; and not both");
  }
  if (names.time && !names.times_json.empty()) {
    return fail(ErrorCode::bad_input, "times are either ?time=SECONDS for all rows or the header Cms-Times, not both");
  }
  for (auto& item : items) {
    item.account = names.account.value_or("");
    item.time = names.time.value_or(now);
  }
  if (!names.accounts_json.empty()) {
    CMS_TRY(accounts, parse_array<std::string>(names.accounts_json, "Cms-Accounts", items.size()));
    for (std::size_t i = 0; i < items.size(); ++i) items[i].account = accounts[i];
  }
  if (!names.times_json.empty()) {
    CMS_TRY(times, parse_array<double>(names.times_json, "Cms-Times", items.size()));
    for (std::size_t i = 0; i < items.size(); ++i) items[i].time = times[i];
  }
  return {};
}

}  // namespace

Result<Items> parse_activation_lines(std::string&& text, const ItemLimits& limits) {
  return for_each_line<Items>(std::move(text), limits, [&](const dom::object& line, Item& item) {
    auto wrong = take_account(line, item.account);
    if (!wrong) wrong = take_time(line, limits.now, item.time);
    if (!wrong) wrong = take_vector(line, item.activation);
    return wrong;
  });
}

Result<Observations> parse_observation_lines(std::string&& text, const ItemLimits& limits) {
  return for_each_line<Observations>(std::move(text), limits, [&](const dom::object& line, Observation& item) -> Check {
    auto wrong = take_account(line, item.account);
    if (!wrong) wrong = take_time(line, limits.now, item.time);
    if (wrong) return wrong;
    std::string_view prompt;
    if (line["text"].get(prompt) != simdjson::SUCCESS) return Wrong{Refusal::text, "\"text\" must be a text"};
    item.text = prompt;
    return std::nullopt;
  });
}

Result<Items> parse_matrix(std::string_view body, MatrixFormat format, const std::string& tensor, const RowNames& names,
                           const ItemLimits& limits) {
  const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(body.data()), body.size());
  CMS_TRY(matrix, format == MatrixFormat::npy ? tap::parse_npy(bytes) : tap::parse_safetensors(bytes, tensor));
  if (matrix.rows > limits.items_max) {
    return fail(ErrorCode::bad_input, fmt::format("more than {} rows; send them in parts", limits.items_max));
  }
  Items result;
  result.items.resize(matrix.rows);
  CMS_CHECK(name_rows(names, limits.now, result.items));
  for (std::size_t i = 0; i < matrix.rows; ++i) {
    const auto first = matrix.values.begin() + static_cast<std::ptrdiff_t>(i * matrix.columns);
    result.items[i].activation.assign(first, first + static_cast<std::ptrdiff_t>(matrix.columns));
  }
  return result;
}

}  // namespace cms::serve
