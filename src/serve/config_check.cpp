#include "serve/config_check.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>

#include "base/files.hpp"
#include "pipeline/signatures.hpp"
#include "serve/authority.hpp"
#include "serve/listener.hpp"
#include "serve/url.hpp"
#include "serve/watcher.hpp"
#include "serve/webhook_message.hpp"
#include "store/keys.hpp"

namespace cms::serve {
namespace {

using Level = Finding::Level;

class Findings {
 public:
  void ok(std::string setting, std::string message) {
    found.push_back({Level::ok, std::move(setting), std::move(message), {}});
  }
  void warn(std::string setting, std::string message) {
    found.push_back({Level::warning, std::move(setting), std::move(message), {}});
  }
  void wrong(std::string setting, std::string message, ErrorCode code = ErrorCode::bad_input) {
    found.push_back({Level::error, std::move(setting), std::move(message), code});
  }

  std::vector<Finding> found;
};

bool others_may_read(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & 077) != 0;
}

bool readable(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && ::access(path.c_str(), R_OK) == 0;
}

// A file that only its owner may read, whatever is in it.
void check_secret_file(Findings& to, const std::string& setting, const std::filesystem::path& path) {
  if (!readable(path)) return to.wrong(setting, fmt::format("{} cannot be read", path.string()));
  if (others_may_read(path)) {
    return to.wrong(setting, fmt::format("{} may be read by others than its owner: chmod 600 it", path.string()));
  }
  to.ok(setting, fmt::format("{} is there, for its owner alone", path.string()));
}

void check_fleet(Findings& to, const Config& config, const pipeline::Model& model) {
  constexpr auto kSetting = "fleet.calibration";
  const auto calibration = pipeline::read_calibration(config.fleet.calibration, model);
  if (!calibration) return to.wrong(kSetting, calibration.error().message, calibration.error().code);
  const double least = fleet::campaign_poh_min(calibration->calibration), level = config.fleet.level;
  to.ok(kSetting, fmt::format("accounts are seen together; the least Campaign PoH is {:.4f}, ever at {} looks", least,
                              calibration->calibration.looks));
  if (const auto most = fleet::accounts_max(*calibration); most < config.fleet.accounts_max) {
    to.warn("fleet.accounts", fmt::format("at most {} accounts are seen together, not {}: the calibration is of fleets "
                                          "of {}, a quarter of its honest set, and communities of larger ones look "
                                          "like campaigns", most, config.fleet.accounts_max, calibration->accounts));
  }
  if (least > level) {
    to.warn("fleet.level", fmt::format("nothing can be flagged: {} lies below {:.4f}, the least that the honest "
                                       "communities allow; run `cms fleet fit` with more honest accounts", level,
                                       least));
  }
  if (level > config.policy.ladder.limit) {
    to.warn("fleet.level", fmt::format("{} lies above \"limit\" ({}): campaigns between them are shown, and nothing "
                                       "follows from them", level, config.policy.ladder.limit));
  }
}

void check_atlas(Findings& to, const Config& config) {
  const auto model = pipeline::read_model(config.atlas, config.trust);
  if (!model) return to.wrong("atlas.file", model.error().message, model.error().code);
  to.ok("atlas.file", fmt::format("atlas {} of {}{}", model->name, model->atlas.manifest.fingerprint(),
                                  model->signature_checked ? ", signed" : ""));
  if (config.trust.empty()) to.warn("atlas.trust", "any atlas is taken; sign it and name the public key");
  if (!config.fleet.calibration.empty()) check_fleet(to, config, *model);
}

// --- TLS -----------------------------------------------------------------------------------------------------------

// As the daemon reads them. What is wrong goes to the setting whose file the error names.
void check_tls(Findings& to, const std::string& scope, const TlsFiles& files) {
  const std::pair<const char*, const std::filesystem::path&> settings[] = {
      {"tls_certificate", files.certificate}, {"tls_key", files.key}, {"tls_client_ca", files.client_ca}};
  check_secret_file(to, scope + ".tls_key", files.key);
  if (!readable(files.key)) return;
  const auto tls = read_tls(files);
  if (!tls) {
    // The longest name: one may begin another.
    std::string at = "tls_certificate", longest;
    for (const auto& [setting, file] : settings) {
      const auto name = file.string();
      if (name.size() <= longest.size() || tls.error().message.find(name) == std::string::npos) continue;
      at = setting;
      longest = name;
    }
    return to.wrong(fmt::format("{}.{}", scope, at), tls.error().message);
  }
  const auto* end = X509_get0_notAfter(SSL_CTX_get0_certificate(tls->context->native_handle()));
  if (X509_cmp_current_time(end) <= 0) {
    to.wrong(scope + ".tls_certificate", fmt::format("{} has expired", files.certificate.string()));
  } else {
    to.ok(scope + ".tls_certificate", fmt::format("{} holds a certificate", files.certificate.string()));
  }
  if (!files.client_ca.empty()) to.ok(scope + ".tls_client_ca", "callers need a certificate");
}

void check_tokens(Findings& to, const std::filesystem::path& path) {
  constexpr auto kSetting = "serve.tokens";
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & 022) != 0) {
    return to.wrong(kSetting, fmt::format("{} may be changed by others than its owner: chmod 600 it", path.string()));
  }
  const auto text = read_text_file(path);
  if (!text) return to.wrong(kSetting, text.error().message);
  const auto known = parse_credentials(*text);
  if (!known) return to.wrong(kSetting, fmt::format("{}: {}", path.string(), known.error().message));
  if (known->empty()) return to.warn(kSetting, fmt::format("{} names nobody, so nobody may call", path.string()));
  const auto many = known->size() == 1 ? "" : "s";
  to.ok(kSetting, fmt::format("{} has {} credential{}", path.string(), known->size(), many));
}

bool is_loopback(const std::string& address) {
  const auto parsed = parse_listen(address);
  return address.empty() || (parsed && parsed->address().is_loopback());
}

// Port 0 is another one each time.
bool same_address(const std::string& a, const std::string& b) { return !a.empty() && a == b && !a.ends_with(":0"); }

std::array<std::pair<std::string, std::string>, 2> addresses_of(const Config& config) {
  return {{{"serve.http", config.http_listen}, {"serve.grpc", config.grpc_listen}}};
}

void check_serve(Findings& to, const Config& config) {
  for (const auto& [setting, address] : addresses_of(config)) {
    if (address.empty()) to.ok(setting, "off");
    else if (is_loopback(address)) to.ok(setting, fmt::format("{}, this machine alone", address));
    else if (config.tls_key.empty()) to.warn(setting, fmt::format("{} without TLS: tokens travel readable", address));
    else to.ok(setting, fmt::format("{}, TLS", address));
  }
  if (same_address(config.http_listen, config.grpc_listen)) {
    to.wrong("serve.grpc", "has the address of serve.http");
  }
  if (!config.tls_key.empty()) {
    check_tls(to, "serve", {config.tls_certificate, config.tls_key, config.tls_client_ca});
  }
  if (config.tokens_file.empty()) to.warn("serve.tokens", "there are none, so nobody may call; see `cms token --help`");
  else check_tokens(to, config.tokens_file);
  if (config.metrics_open) to.warn("serve.metrics_open", "everybody who reaches the address may read metrics");
}

void check_proxy(Findings& to, const Config& config) {
  const auto& proxy = config.proxy;
  for (const auto& [setting, address] : addresses_of(config)) {
    if (same_address(proxy.listen, address)) to.wrong("proxy.listen", fmt::format("has the address of {}", setting));
  }
  to.ok("proxy.upstream", fmt::format("{} is behind {}", parse_url(proxy.upstream)->shown(), proxy.listen));
  if (!is_loopback(proxy.listen) && proxy.tls.key.empty()) {
    to.warn("proxy.listen", fmt::format("{} without TLS: API keys travel readable", proxy.listen));
  }
  if (!proxy.tls.key.empty()) check_tls(to, "proxy", proxy.tls);
  if (!proxy.upstream_ca.empty() && !readable(proxy.upstream_ca)) {
    to.wrong("proxy.upstream_ca", fmt::format("{} cannot be read", proxy.upstream_ca.string()));
  }
  if (config.tap_model.empty()) {
    to.warn("proxy.upstream", "there is no [tap] model, so what passes is not read: nobody's score moves by it");
  }
}

// --- store, tenants ------------------------------------------------------------------------------------------------

// The folder itself, or the nearest one above it that is there.
std::filesystem::path nearest_folder(std::filesystem::path path) {
  std::error_code error;
  path = std::filesystem::absolute(path.empty() ? "." : path, error);
  while (!std::filesystem::exists(path, error) && path.has_relative_path()) path = path.parent_path();
  return path;
}

// That `path` can be made in `wanted`, or is there: a folder itself, made with those above it, or a file in a folder
// that has to be there.
void check_writable(Findings& to, const std::string& setting, const std::filesystem::path& path,
                    const std::filesystem::path& wanted) {
  const auto folder = nearest_folder(wanted);
  const bool is_file = path != wanted;
  std::error_code error;
  if (is_file && !wanted.empty() && !std::filesystem::exists(wanted, error)) {
    return to.wrong(setting, fmt::format("{} is not there: make this folder first", wanted.string()));
  }
  if (!std::filesystem::is_directory(folder, error)) {
    return to.wrong(setting, fmt::format("{} is no folder", folder.string()));
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return to.wrong(setting, fmt::format("this user may not write in {}", folder.string()), ErrorCode::failed);
  }
  if (!std::filesystem::exists(path, error)) return to.ok(setting, fmt::format("{} will be made", path.string()));
  if (is_file && (!std::filesystem::is_regular_file(path, error) || ::access(path.c_str(), W_OK) != 0)) {
    return to.wrong(setting, fmt::format("{} is no file that this user may write", path.string()));
  }
  to.ok(setting, fmt::format("{} is there", path.string()));
}

void check_folder(Findings& to, const std::string& setting, const std::filesystem::path& path) {
  check_writable(to, setting, path, path);
}

void check_snapshots(Findings& to, const Config& config) {
  const auto inside = config.snapshots.lexically_normal().lexically_relative(config.store.path.lexically_normal());
  if (!inside.empty() && *inside.begin() != "..") {
    return to.wrong("store.snapshots", fmt::format("{} lies in the store, {}", config.snapshots.string(),
                                                   config.store.path.string()));
  }
  check_folder(to, "store.snapshots", config.snapshots);
}

void check_tenant(Findings& to, const TenantConfig& tenant) {
  const auto setting = "tenants." + tenant.name;
  if (!tenant.key_file.empty()) {
    const auto key = store::read_key(tenant.key_file);
    if (!key) return to.wrong(setting, key.error().message);
  } else {
    const char* digits = std::getenv(tenant.key_environment.c_str());
    if (digits == nullptr) {
      return to.warn(setting, fmt::format("{} is not set here; the daemon needs it", tenant.key_environment));
    }
    const auto key = store::parse_key(digits);
    if (!key) return to.wrong(setting, fmt::format("{}: {}", tenant.key_environment, key.error().message));
  }
  to.ok(setting, tenant.retention_days > 0
                     ? fmt::format("has a key; accounts idle for {} days are erased", tenant.retention_days)
                     : "has a key; accounts are kept for ever");
}

// --- the rest ------------------------------------------------------------------------------------------------------

void check_policy(Findings& to, const Config& config, double now) {
  const auto& policy = config.policy;
  const auto& ladder = policy.ladder;
  const auto in_force = policy.shadow ? "in shadow: nobody is acted upon" : "in force: accounts are acted upon";
  to.ok("policy", fmt::format("observe {}, price {}, limit {}, review {}, {}", ladder.observe, ladder.price,
                              ladder.limit, ladder.review, in_force));
  if (!(policy.jitter > 0)) {
    to.warn("policy.jitter", "it is 0, so every account has the same thresholds, which can be probed");
  }
  for (const auto& one : policy.allowances) {
    if (one.until <= now) to.warn("policy.allow", fmt::format("that of account \"{}\" has ended", one.account));
  }
}

void check_webhook(Findings& to, const WebhookConfig& webhook) {
  const auto& file = webhook.secret_file;
  const auto& environment = webhook.secret_environment;
  if (webhook.url.starts_with("http://")) {
    to.warn("webhooks", fmt::format("{} is not encrypted on its way", webhook.url));
  }
  if (!webhook.authorities.empty() && !readable(webhook.authorities)) {
    to.wrong("webhooks", fmt::format("{} cannot be read", webhook.authorities.string()));
  }
  if (!file.empty()) {
    check_secret_file(to, "webhooks", file);
    if (!readable(file)) return;
  } else if (std::getenv(environment.c_str()) == nullptr) {
    return to.warn("webhooks", fmt::format("{} is not set here; the daemon needs it", environment));
  }
  const auto keys = secret_of(webhook).and_then(parse_webhook_secrets);  // as the daemon reads it
  if (!keys) {
    to.wrong("webhooks", fmt::format("{}: {}", file.empty() ? environment : file.string(), keys.error().message));
  }
}

void check_tap(Findings& to, const std::filesystem::path& model) {
  std::ifstream file(model, std::ios::binary);
  std::array<char, 4> magic{};
  file.read(magic.data(), magic.size());
  if (!file || std::string_view(magic.data(), magic.size()) != "GGUF") {
    return to.wrong("tap.model", fmt::format("{} is no GGUF file that can be read", model.string()));
  }
  to.ok("tap.model", fmt::format("{} is a GGUF file; whether it is the atlas' model the daemon says when it starts",
                                 model.string()));
}

}  // namespace

std::string_view name(Finding::Level level) {
  constexpr std::array<std::string_view, 3> kNames = {"ok", "warning", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

std::vector<Finding> check_config(const Config& config, double now) {
  Findings to;
  check_atlas(to, config);
  check_serve(to, config);
  check_folder(to, "store.path", config.store.path);
  if (!config.snapshots.empty()) check_snapshots(to, config);
  for (const auto& tenant : config.tenants) check_tenant(to, tenant);
  check_policy(to, config, now);
  for (const auto& webhook : config.webhooks) check_webhook(to, webhook);
  if (!config.event_log.empty()) check_writable(to, "events.file", config.event_log, config.event_log.parent_path());
  if (!config.tap_model.empty()) check_tap(to, config.tap_model);
  if (!config.proxy.upstream.empty()) check_proxy(to, config);
  return std::move(to.found);
}

}  // namespace cms::serve
