#include "serve/caller.hpp"

#include <fmt/format.h>

#include "base/hash.hpp"

namespace cms::serve {
namespace {

constexpr std::size_t kKeyBytesMax = 4096;

// Hashed before it is keyed, since the store takes names of 256 bytes of UTF-8 and keys may be anything.
Result<std::string> account_of(const store::Store& store, std::string_view tenant, std::string_view kind,
                               std::string_view text) {
  if (text.empty() || text.size() > kKeyBytesMax) {
    return fail(ErrorCode::bad_input, fmt::format("an API key or address has 1 to {} bytes", kKeyBytesMax));
  }
  const auto digest = sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  CMS_TRY(hash, store.pseudonym({std::string(tenant), fmt::format("caller {} {}", kind, to_hex(digest))}));
  return fmt::format("{}-{}", kind, hash);
}

}  // namespace

std::string_view api_key_of(const Headers& headers) {
  for (const std::string_view wanted : {"Authorization", "x-api-key", "api-key"}) {
    for (const auto& [key, value] : headers) {
      if (!same_word(key, wanted)) continue;
      std::string_view shown = value;
      constexpr std::string_view kScheme = "Bearer ";
      if (wanted != "Authorization") return shown;
      if (shown.size() <= kScheme.size() || !same_word(shown.substr(0, kScheme.size()), kScheme)) continue;
      shown.remove_prefix(kScheme.size());
      while (shown.starts_with(' ')) shown.remove_prefix(1);
      if (!shown.empty()) return shown;
    }
  }
  return {};
}

Result<std::string> account_of_key(const store::Store& store, std::string_view tenant, std::string_view api_key) {
  return account_of(store, tenant, "key", api_key);
}

Result<std::string> account_of_address(const store::Store& store, std::string_view tenant, std::string_view address) {
  return account_of(store, tenant, "address", address);
}

}  // namespace cms::serve
