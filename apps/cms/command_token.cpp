// cms token: a new credential for callers of the daemon. The token is printed once and kept nowhere.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <memory>

#include "command.hpp"
#include "serve/authority.hpp"

namespace {

struct Words {
  std::string role, tenant;
  std::string file = "tokens";
  std::string subject;  // common name of a certificate instead of a token
  double days = 0;      // 0 = no end
};

double now_s() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

cms::Result<void> run(const Words& words) {
  const auto role = cms::serve::parse_role(words.role);
  if (!role) return cms::fail(cms::ErrorCode::usage, "the role must be tap, reader, analyst or admin");
  std::optional<double> expiry;
  if (words.days > 0) expiry = now_s() + words.days * 86'400;
  CMS_TRY(made, cms::serve::make_token(*role, words.tenant, expiry));
  auto credential = made.credential;
  if (!words.subject.empty()) {
    credential.salt.clear();
    credential.hash.clear();
    credential.subject = words.subject;
  }
  CMS_CHECK(cms::serve::append_credential(words.file, credential));
  if (words.subject.empty()) fmt::print("{}\n", made.token);
  fmt::print(stderr, "cms: {} is {} of {}, in {}; a running daemon takes it up on SIGHUP\n", credential.identity.id,
             words.role, words.tenant == "*" ? "all tenants" : words.tenant,
             std::filesystem::absolute(words.file).string());
  return {};
}

}  // namespace

void add_token(CLI::App& app, Run& chosen) {
  auto words = std::make_shared<Words>();
  auto* command = app.add_subcommand("token", "A new token for callers of the daemon; prints it once, keeps its hash");
  command->add_option("--role", words->role, "tap, reader, analyst or admin")->required();
  command->add_option("--tenant", words->tenant, "The tenant it is of; * for all")->required();
  command->add_option("--days", words->days, "Days until it expires; 0 = never")
      ->check(number_within(0, 36'500))
      ->capture_default_str();
  command->add_option("--file", words->file, "The tokens file it is appended to")->capture_default_str();
  command->add_option("--certificate", words->subject, "No token: whoever has a certificate of this common name");
  command->callback([words, &chosen] { chosen = [words] { return run(*words); }; });
}
