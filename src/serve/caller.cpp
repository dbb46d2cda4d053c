#include "serve/caller.hpp"

#include <fmt/format.h>

#include <array>

#include "base/hash.hpp"
#include "pipeline/admission.hpp"

namespace cms::serve {
namespace {

constexpr std::array<std::string_view, 3> kKeyHeaders{"Authorization", "x-api-key", "api-key"};

// Without what servers strip at the ends: blanks of every kind, and what is not ASCII (some strip U+00A0 too).
std::string_view trimmed(std::string_view text) {
  const auto visible = [](char c) { return c > ' ' && c < 0x7F; };
  while (!text.empty() && !visible(text.front())) text.remove_prefix(1);
  while (!text.empty() && !visible(text.back())) text.remove_suffix(1);
  return text;
}

// The key after "Bearer"; nothing where the value has another scheme, or none.
std::string_view bearer_in(std::string_view value) {
  constexpr std::string_view kScheme = "Bearer";
  value = trimmed(value);
  if (!same_word(value.substr(0, kScheme.size()), kScheme)) return {};
  value.remove_prefix(kScheme.size());
  return value.empty() || (value.front() > ' ' && value.front() < 0x7F) ? std::string_view() : trimmed(value);
}

std::string_view key_in(std::string_view header, std::string_view value) {
  return header == kKeyHeaders[0] ? bearer_in(value) : trimmed(value);
}

// Hashed before it is keyed, since the store takes names of 256 bytes of UTF-8 and keys may be anything.
Result<std::string> account_of(const store::Store& store, std::string_view tenant, std::string_view kind,
                               std::string_view text) {
  if (text.empty()) return fail(ErrorCode::bad_input, fmt::format("a {} is not empty", kind));
  const auto digest = sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  CMS_TRY(hash, store.pseudonym({std::string(tenant), fmt::format("caller {} {}", kind, to_hex(digest))}));
  return fmt::format("{}-{}", kind, hash);
}

}  // namespace

std::string_view api_key_of(const Headers& headers) {
  for (const auto wanted : kKeyHeaders) {
    for (const auto& [key, value] : headers) {
      if (!same_word(key, wanted)) continue;
      if (const auto shown = key_in(wanted, value); !shown.empty()) return shown;
    }
  }
  return {};
}

std::string_view api_key_in(std::string_view value) {
  const auto key = bearer_in(value);
  return key.empty() ? trimmed(value) : key;
}

bool shows_several_keys(const Headers& headers) {
  std::string_view first;
  for (const auto wanted : kKeyHeaders) {
    std::size_t count = 0;
    for (const auto& [key, value] : headers) {
      if (!same_word(key, wanted)) continue;
      if (++count > 1) return true;
      const auto shown = key_in(wanted, value);
      if (shown.empty()) continue;
      if (!first.empty() && shown != first) return true;
      first = shown;
    }
  }
  return false;
}

Result<std::string> account_of_key(const store::Store& store, std::string_view tenant, std::string_view api_key) {
  return account_of(store, tenant, "key", api_key);
}

Result<std::string> account_of_name(const store::Store& store, std::string_view tenant, std::string_view name) {
  if (pipeline::is_account_name(name)) return std::string(name);
  return account_of(store, tenant, "name", name);
}

Result<std::string> account_of_address(const store::Store& store, std::string_view tenant, std::string_view address) {
  return account_of(store, tenant, "address", address);
}

}  // namespace cms::serve
