// Who may do what: bearer tokens and client certificates, each of one role and one tenant or of all.
//
// A token is "cms_ID_SECRET", ID 16 and SECRET 64 hex digits of the machine's randomness. The tokens file holds salt
// and SHA-256(salt || SECRET), never the secret; 256 random bits need no slow hash. A secret is compared in constant
// time, and an unknown ID costs the same. A client certificate that TLS has verified counts by its common name, as a
// line "cn:NAME" of the same file says. Everything else is nobody.
//
// The tokens file: one credential a line, '#' begins a comment,
//   ID ROLE TENANT EXPIRY CREDENTIAL
// ID is what audit and logs call it (1 to 64 of [A-Za-z0-9._-]), TENANT a name or "*", EXPIRY seconds since 1970 or
// "-", CREDENTIAL "sha256:SALT:HASH" (hex) or "cn:NAME" (to the end of the line). The file must not be writable by
// others than its owner.
// Threads: Authority from any; the rest plain values. Cost: one SHA-256 a request.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cms::serve {

// In the tokens file by name.
enum class Role : std::uint8_t { tap, reader, analyst, admin };
std::string_view name(Role role);
std::optional<Role> parse_role(std::string_view text);

// Roles as a set: bit r for role r.
using Roles = std::uint8_t;
constexpr Roles only(Role role) { return static_cast<Roles>(1U << static_cast<unsigned>(role)); }
constexpr bool has(Roles roles, Role role) { return (roles & only(role)) != 0; }

struct Identity {
  std::string id;
  Role role = Role::tap;
  std::string tenant;  // "*" = all

  bool operator==(const Identity&) const = default;
  [[nodiscard]] bool sees(std::string_view which) const { return tenant == "*" || tenant == which; }
};

// One line of the file.
struct Credential {
  Identity identity;
  std::optional<double> expiry;  // seconds since 1970
  std::string salt, hash;        // hex; of a token
  std::string subject;           // of a certificate; empty for a token
};

// Errors: `bad_input`, naming the line and what is wrong with it; an ID or a subject that comes twice.
Result<std::vector<Credential>> parse_credentials(std::string_view text);
std::string format_credential(const Credential& credential);

// A new token: what is shown once, and what is kept.
struct NewToken {
  std::string token;
  Credential credential;
};
// `expiry` as above. Errors: `usage` for a tenant that is no name; `failed` when the machine gives no randomness.
Result<NewToken> make_token(Role role, const std::string& tenant, std::optional<double> expiry);
// Appends a line to the file, which is made with mode 600 when missing. Errors: `failed`, `bad_input`.
Result<void> append_credential(const std::filesystem::path& path, const Credential& credential);

class Authority {
 public:
  // Without a file nobody is known. Errors: as parse_credentials(), and of reading the file.
  static Result<Authority> open(const std::filesystem::path& tokens_file);
  Authority(Authority&&) noexcept;
  Authority& operator=(Authority&&) noexcept;
  ~Authority();

  // Reads the file again; what was known stays when it cannot be read. Errors: as open().
  Result<void> reload();

  // Who sends this token ("cms_ID_SECRET") at this time; nobody when it is unknown, wrong or has expired.
  [[nodiscard]] std::optional<Identity> by_token(std::string_view token, double now) const;
  // Who has this common name in a verified certificate.
  [[nodiscard]] std::optional<Identity> by_subject(std::string_view subject, double now) const;

  // Enters a failure of `peer` (an address; IPv6 counts by its first 64 bits). False when there were too many lately:
  // 20 at once, then one in three seconds. Remembers 4,096 addresses at most, the latest.
  bool take_failure(std::string_view peer, double now);

 private:
  struct State;
  explicit Authority(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cms::serve
