// The configuration of the daemon: one TOML file, or two where the policy has a file of its own.
//
// What settings there are, of which type, unit and range, with which default, is said once, in settings.cpp: reading,
// `cms config check`, `cms config default` and the table of docs/operate.md come from there. Unknown keys are errors.
// Secrets are named by file or environment variable, never written into the file, and never printed.
// Threads: plain values. Cost: linear in the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "pipeline/engine.hpp"
#include "policy/policy.hpp"
#include "serve/gate.hpp"
#include "serve/proxy.hpp"
#include "serve/tenant_fleet.hpp"
#include "store/store.hpp"

namespace cms::serve {

// Invariant: exactly one of key_file and key_environment is set.
struct TenantConfig {
  std::string name;  // 1 to 64 of [a-z0-9-]
  std::filesystem::path key_file;
  std::string key_environment;
  double retention_days = 0;  // accounts idle for longer are erased; 0 = never
};

// Invariant: at most one of secret_file and secret_environment is set.
struct WebhookConfig {
  std::string url;  // http:// or https://
  std::filesystem::path secret_file;
  std::string secret_environment;
  std::string tenant;  // whose events are sent; empty = all tenants'
  std::vector<std::string> actions = {"limit", "review"};  // which actions are sent, by name
  std::filesystem::path authorities{};  // PEM that an https receiver is verified with; empty = those of the machine
};

struct Config {
  std::filesystem::path atlas;  // the model of honest use
  std::filesystem::path trust;  // public key it must be signed with; empty = any

  std::string http_listen = "127.0.0.1:8420";  // address:port; "" = off
  std::string grpc_listen = "127.0.0.1:8421";
  std::filesystem::path tls_certificate;  // PEM; set together with tls_key, or neither
  std::filesystem::path tls_key;
  std::filesystem::path tls_client_ca;  // set = callers show a certificate that it signed
  std::filesystem::path tokens_file;    // who may call; empty = nobody
  std::uint64_t body_bytes_max = 64ULL << 20;
  std::uint64_t bodies_bytes_max = 256ULL << 20;  // of all requests under way together
  std::uint32_t connections_max = 1024;
  std::uint32_t http_threads = 2;
  std::uint32_t message_bytes_max = 4U << 20;  // of gRPC
  std::uint32_t streams_max = 64;              // of taps, over gRPC
  bool metrics_open = false;  // metrics need no token

  store::Options store;
  pipeline::EngineOptions engine{.look_up_patience = std::chrono::milliseconds(250)};  // it takes some 3

  policy::Policy policy;
  std::filesystem::path policy_file;  // where the policy was read from if it has a file of its own

  FleetOptions fleet;  // off without a calibration

  GateOptions gate;
  std::string litellm_account = "key";  // what of LiteLLM's is an account: key, user, team, org or end_user
  ProxyOptions proxy;  // off without an upstream

  std::vector<TenantConfig> tenants;  // by name
  std::vector<WebhookConfig> webhooks;

  std::filesystem::path event_log;  // empty = none
  std::uint64_t event_log_bytes_max = 64ULL << 20;
  std::uint32_t event_log_files_max = 5;  // old ones that are kept
  std::filesystem::path snapshots;        // folder for snapshots of the store; empty = none are made
  bool event_names = false;               // events carry names of accounts
  bool event_scores = false;              // every score is an event

  std::filesystem::path tap_model;  // GGUF for observe mode; empty = off
  std::uint32_t tap_threads = 1;

  std::string log_level = "info";
  bool log_json = false;
};

// Reads the file, the policy's own file and the jitter key that it names, where it does; opens nothing else
// (check_config() does). Relative paths are relative to the file that names them. Errors: `bad_input`, with file, line,
// column and key, and for an unknown key the known one that is nearest.
Result<Config> read_config(const std::filesystem::path& path);

// The same of a text: `path` is where it lies, for messages and relative paths.
Result<Config> parse_config(std::string_view text, const std::filesystem::path& path);

// Errors: `bad_input` when an allowance is of a tenant that is not there, naming the nearest that is.
Result<void> check_allowances(const policy::Policy& policy, const std::vector<TenantConfig>& tenants);

// The [policy] section of a file that has nothing else, or of a whole configuration, whose other sections are read only
// where it has no such section. `own_file`: it is the file that [policy] of a configuration named, which names no other
// and is no configuration. Errors: as read_config().
Result<policy::Policy> read_policy(const std::filesystem::path& path, bool own_file = false);

// The same of a text that somebody tries out. It names no files, since a caller is not to make the daemon read any; its
// jitter goes by the key of the policy in force, and is that of the policy in force where it says nothing. Errors: as
// read_config(), the file called "policy".
Result<policy::Policy> parse_policy(std::string_view text, const policy::Policy& in_force);

}  // namespace cms::serve
