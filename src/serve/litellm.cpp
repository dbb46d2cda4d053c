#include "serve/litellm.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

namespace cms::serve {
namespace {

using Json = nlohmann::json;

// Told of each value as the parser comes by it.
class Reader final : public nlohmann::json_sax<Json> {
 public:
  explicit Reader(std::string_view account_key) : account_key_(account_key) {}

  std::string input_type, account;
  bool object = false;  // whether the whole is one

  bool null() override { return take(""); }
  bool boolean(bool /*value*/) override { return take(""); }
  bool number_integer(number_integer_t /*value*/) override { return take(""); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return take(""); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return take(""); }
  bool binary(binary_t& /*value*/) override { return take(""); }
  bool string(string_t& value) override { return take(value); }
  bool key(string_t& value) override {
    if (depth_ == 1) {
      input_type_next_ = value == "input_type";
      request_data_ = value == "request_data";
    } else if (depth_ == 2 && request_data_) {
      account_next_ = value == account_key_;
    }
    return true;
  }
  bool start_object(std::size_t /*elements*/) override { return start(true); }
  bool end_object() override { return end(); }
  bool start_array(std::size_t /*elements*/) override { return start(false); }
  bool end_array() override { return end(); }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/, const Json::exception& /*error*/) override {
    return false;
  }

 private:
  // A value that is a text, or counts as an empty one.
  bool take(const std::string& value) {
    if (depth_ == 1 && input_type_next_) input_type = value;
    if (depth_ == 1 && request_data_) account.clear();
    if (depth_ == 2 && account_next_) account = value;
    return true;
  }
  bool start(bool is_object) {
    if (depth_ == 0) object = is_object;
    take("");
    account_next_ = false;
    ++depth_;
    return true;
  }
  bool end() {
    account_next_ = false;
    --depth_;
    return true;
  }

  std::string_view account_key_;
  std::size_t depth_ = 0;
  bool input_type_next_ = false, request_data_ = false;  // what the last key of the whole was
  bool account_next_ = false;                            // whether the last key within request_data was the account's
};

// What Python's json reads and writes and JSON does not have: surrogates without their other half become U+FFFD, and
// numbers that no double holds, NaN among them, 0.
std::string as_json(std::string_view body) {
  std::string json;
  json.reserve(body.size());
  bool quoted = false;
  for (std::size_t i = 0; i < body.size();) {
    const char c = body[i];
    const auto escape = body.substr(i, 4);
    const bool surrogate = escape.size() == 4 && escape.starts_with("\\u") && (escape[2] | 0x20) == 'd' &&
                           std::string_view("89abcdefABCDEF").find(escape[3]) != std::string_view::npos;
    if (quoted && surrogate) {
      json += "\\ufffd";
      i += 6;
    } else if (quoted && c == '\\') {
      json += body.substr(i, 2);
      i += 2;
    } else if (c == '"' || quoted || !(std::isalnum(static_cast<unsigned char>(c)) || c == '-')) {
      quoted ^= c == '"';
      json += c;
      ++i;
    } else {
      const auto end = std::min(body.find_first_of(",]}: \t\r\n\"", i), body.size());
      const auto word = body.substr(i, end - i);
      json += word == "true" || word == "false" || word == "null" ? word : "0";
      i = end;
    }
  }
  return json;
}

}  // namespace

std::optional<LitellmQuestion> parse_litellm(std::string_view body, std::string_view account_key) {
  Reader reader(account_key);
  if (!Json::sax_parse(body, &reader)) {
    reader = Reader(account_key);
    if (!Json::sax_parse(as_json(body), &reader)) return std::nullopt;
  }
  if (!reader.object) return std::nullopt;
  return LitellmQuestion{reader.input_type == "response", std::move(reader.account)};
}

}  // namespace cms::serve
