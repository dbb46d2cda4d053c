// Tokens and the file they are kept in: reading, writing, making.
#include <fmt/format.h>
#include <openssl/rand.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <set>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "serve/authority.hpp"
#include "serve/credentials.hpp"
#include "serve/uri.hpp"

namespace cms::serve {
namespace {

constexpr std::size_t kSaltBytes = 16, kSecretBytes = 32, kIdBytes = 8;

bool is_name(std::string_view text, std::string_view more) {
  if (text.empty() || text.size() > 64) return false;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!letter && more.find(c) == std::string_view::npos) return false;
  }
  return true;
}

bool is_tenant(std::string_view text) {
  return text == "*" || is_name(text, "-");
}

bool is_id(std::string_view text) {
  return is_name(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ._-");
}

// The next word of a line; what is left begins with the word after it.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const auto word = line.substr(0, line.find_first_of(" \t"));
  line.remove_prefix(word.size());
  return word;
}

Result<void> parse_secret(std::string_view text, Credential& credential) {
  if (text.starts_with("cn:")) {
    credential.subject = text.substr(3);
    if (credential.subject.empty()) return fail(ErrorCode::bad_input, "no name after \"cn:\"");
    return {};
  }
  const std::string_view kind = "sha256:";
  const auto salt = text.substr(std::min(kind.size(), text.size()), 2 * kSaltBytes);
  const auto rest = text.substr(std::min(kind.size() + salt.size(), text.size()));
  const bool whole = text.starts_with(kind) && rest.starts_with(':') && rest.size() == 1 + 2 * kSecretBytes;
  if (!whole || salt.size() != 2 * kSaltBytes || !from_hex(salt) || !from_hex(rest.substr(1))) {
    return fail(ErrorCode::bad_input, "the last part must be sha256:SALT:HASH, as `cms token` writes it, or cn:NAME");
  }
  credential.salt = salt;
  credential.hash = rest.substr(1);
  return {};
}

Result<Credential> parse_credential(std::string_view line) {
  Credential credential;
  credential.identity.id = take_word(line);
  const auto role = parse_role(take_word(line));
  credential.identity.tenant = take_word(line);
  const auto expiry = take_word(line);
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  if (!is_id(credential.identity.id)) return fail(ErrorCode::bad_input, "the ID must be 1 to 64 of [A-Za-z0-9._-]");
  if (!role) return fail(ErrorCode::bad_input, "the role must be tap, reader, analyst or admin");
  if (!is_tenant(credential.identity.tenant)) return fail(ErrorCode::bad_input, "the tenant must be a name or *");
  credential.identity.role = *role;
  if (expiry != "-") {
    credential.expiry = parse_number(expiry);
    if (!credential.expiry) return fail(ErrorCode::bad_input, "the expiry must be seconds since 1970 or -");
  }
  line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
  CMS_CHECK(parse_secret(line, credential));
  return credential;
}

Result<std::string> random_hex(std::size_t bytes) {
  std::array<std::uint8_t, kSecretBytes> drawn{};
  if (RAND_bytes(drawn.data(), static_cast<int>(bytes)) != 1) {
    return fail(ErrorCode::failed, "the machine gives no randomness");
  }
  auto text = to_hex({drawn.data(), bytes});
  return text;
}

}  // namespace

std::string_view name(Role role) {
  constexpr std::array<std::string_view, 4> kNames{"tap", "reader", "analyst", "admin"};
  return kNames[static_cast<std::size_t>(role)];
}

std::optional<Role> parse_role(std::string_view text) {
  for (const auto role : {Role::tap, Role::reader, Role::analyst, Role::admin}) {
    if (name(role) == text) return role;
  }
  return std::nullopt;
}

Result<std::vector<Credential>> parse_credentials(std::string_view text) {
  std::vector<Credential> credentials;
  std::set<std::string> ids, subjects;
  for (std::size_t first = 0, number = 1; first < text.size(); ++number) {
    const auto end = std::min(text.find('\n', first), text.size());
    auto line = text.substr(first, end - first);
    first = end + 1;
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
    if (line.empty() || line.starts_with('#')) continue;
    auto credential = parse_credential(line);
    if (!credential) return fail_in(fmt::format("line {}", number), credential.error());
    const bool new_id = ids.insert(credential->identity.id).second;
    const bool new_subject = credential->subject.empty() || subjects.insert(credential->subject).second;
    if (!new_id || !new_subject) {
      return fail(ErrorCode::bad_input, fmt::format("line {}: {} is there twice", number, new_id ? "cn" : "ID"));
    }
    credentials.push_back(std::move(*credential));
  }
  return credentials;
}

std::string format_credential(const Credential& credential) {
  const auto& identity = credential.identity;
  const auto expiry = credential.expiry ? fmt::format("{:.0f}", *credential.expiry) : std::string("-");
  const auto secret = credential.subject.empty() ? fmt::format("sha256:{}:{}", credential.salt, credential.hash)
                                                 : "cn:" + credential.subject;
  return fmt::format("{} {} {} {} {}\n", identity.id, name(identity.role), identity.tenant, expiry, secret);
}

std::string secret_hash(std::string_view salt_hex, std::string_view secret) {
  std::string salted = from_hex(salt_hex).value_or("");
  salted += secret;
  return to_hex(sha256({reinterpret_cast<const std::uint8_t*>(salted.data()), salted.size()}));
}

Result<NewToken> make_token(Role role, const std::string& tenant, std::optional<double> expiry) {
  if (!is_tenant(tenant)) {
    return fail(ErrorCode::usage, "a tenant is 1 to 64 of [a-z0-9-], or * for all");
  }
  CMS_TRY(id, random_hex(kIdBytes));
  CMS_TRY(secret, random_hex(kSecretBytes));
  CMS_TRY(salt, random_hex(kSaltBytes));
  NewToken made;
  made.token = fmt::format("cms_{}_{}", id, secret);
  made.credential = {{id, role, tenant}, expiry, salt, secret_hash(salt, secret), {}};
  return made;
}

Result<void> append_credential(const std::filesystem::path& path, const Credential& credential) {
  std::string text;
  std::error_code ignored;
  const bool is_new = !std::filesystem::exists(path, ignored);
  if (!is_new) {
    CMS_TRY(before, read_text_file(path));
    text = before;
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
  }
  text += format_credential(credential);
  if (auto checked = parse_credentials(text); !checked) return fail_in(path.string(), checked.error());
  CMS_CHECK(write_file(path, text));
  if (is_new && ::chmod(path.c_str(), 0600) != 0) {
    return fail(ErrorCode::failed, fmt::format("{}: cannot set its mode: {}", path.string(), std::strerror(errno)));
  }
  return {};
}

}  // namespace cms::serve
