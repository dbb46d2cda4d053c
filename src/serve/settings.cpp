#include "serve/settings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "serve/listener.hpp"
#include "serve/url.hpp"

namespace cms::serve {
namespace {

constexpr double kMiB = 1 << 20;
constexpr std::string_view kActions = "allow observe price limit review";

// One lambda for each kind of place; a template because lambdas have no common type.
template <typename... Cases>
struct Visitor : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
Visitor(Cases...) -> Visitor<Cases...>;  // clang 16 does not find it by itself

// What the daemon will listen on, by the listeners' own reader, or nothing.
std::optional<std::string> wrong_address(std::string_view text) {
  if (text.empty() || parse_listen(std::string(text))) return std::nullopt;
  return "is no ADDRESS:PORT of digits, such as 127.0.0.1:8420 or [::1]:8420; names are not looked up";
}

std::optional<std::string> wrong_url(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (text.starts_with(scheme) && text.size() > scheme.size() && text[scheme.size()] != '/' &&
        std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; })) {
      return std::nullopt;
    }
  }
  return "is no http:// or https:// address";
}

std::optional<std::string> wrong_upstream(std::string_view text) {
  if (text.empty() || (parse_url(text) && text.find('?') == std::string_view::npos)) return std::nullopt;
  return "is no http(s)://HOST[:PORT][/PATH] address";
}

std::optional<std::string> empty(std::string_view text) {
  return text.empty() ? std::optional<std::string>("is empty") : std::nullopt;
}

constexpr Section kSections[] = {
    {"atlas", "[atlas]", false, "The model of honest use, made by `cms fit`."},
    {"serve", "[serve]", false, "Who may call, and where."},
    {"store", "[store]", false, "Where accounts are kept."},
    {"tenants.NAME", "[tenants.main]", false,
     "One section a tenant; the name is 1 to 64 of a-z, 0-9 and -. Tenants never see one another. `cms key FILE` makes "
     "a key."},
    {"pipeline", "[pipeline]", false, "How accounts are followed."},
    {"policy", "[policy]", false,
     "What follows from a score. Re-read on SIGHUP, from here or from a file of its own (`file`, and nothing beside "
     "it)."},
    {"policy.allow", "[[policy.allow]]", true,
     "Declared automation, one section an account: it is let off, until a day."},
    {"fleet", "[fleet]", false,
     "Accounts seen together: campaigns, found while they go on. `calibration` is enough; `cms fleet fit` makes it."},
    {"gate", "[gate]", false,
     "How much accounts at `limit` and `review` may ask, where CMS stands before the model (proxy, gateways)."},
    {"proxy", "[proxy]", false,
     "Proxy mode: CMS in front of any OpenAI-compatible server. `upstream` is enough; prompts are read with [tap]."},
    {"webhooks", "[[webhooks]]", true, "Where changes of action are sent, one section a target."},
    {"events", "[events]", false, "The event log, one JSON object a line."},
    {"tap", "[tap]", false, "Observe mode: the daemon reads prompts through a model of its own."},
    {"log", "[log]", false, "What the daemon says of itself on standard error."},
};

// Rows of one line each are the point of this file.
constexpr Setting kSettings[] = {
    {.section = "atlas", .key = "file", .place = [](Draft& d) -> Place { return &d.config.atlas; },
     .what = "Atlas made by `cms fit`", .example = "\"atlas.cms\"", .needed = true},
    {.section = "atlas", .key = "trust", .place = [](Draft& d) -> Place { return &d.config.trust; },
     .what = "Ed25519 public key (PEM) the atlas must be signed with; \"\" = any atlas"},

    {.section = "serve", .key = "http", .place = [](Draft& d) -> Place { return &d.config.http_listen; },
     .what = "Address of the HTTP API; \"\" = off", .unit = "address:port", .wrong = wrong_address},
    {.section = "serve", .key = "grpc", .place = [](Draft& d) -> Place { return &d.config.grpc_listen; },
     .what = "Address of the gRPC API; \"\" = off", .unit = "address:port", .wrong = wrong_address},
    {.section = "serve", .key = "tokens", .place = [](Draft& d) -> Place { return &d.config.tokens_file; },
     .what = "Who may call: hashed tokens, written by `cms token`; \"\" = nobody"},
    {.section = "serve", .key = "tls_certificate", .place = [](Draft& d) -> Place { return &d.config.tls_certificate; },
     .what = "Certificate chain (PEM); with `tls_key` both APIs speak TLS alone"},
    {.section = "serve", .key = "tls_key", .place = [](Draft& d) -> Place { return &d.config.tls_key; },
     .what = "Private key of the certificate (PEM, mode 600)"},
    {.section = "serve", .key = "tls_client_ca", .place = [](Draft& d) -> Place { return &d.config.tls_client_ca; },
     .what = "Callers must show a certificate signed by one of these (PEM); \"\" = tokens alone"},
    {.section = "serve", .key = "body_mb", .place = [](Draft& d) -> Place { return &d.config.body_bytes_max; },
     .what = "Largest body of a request", .unit = "MiB", .least = 1, .most = 4096, .scale = kMiB},
    {.section = "serve", .key = "bodies_mb", .place = [](Draft& d) -> Place { return &d.config.bodies_bytes_max; },
     .what = "Bodies of all requests under way together; more are told to come later", .unit = "MiB", .least = 1,
     .most = 1 << 20, .scale = kMiB},
    {.section = "serve", .key = "threads", .place = [](Draft& d) -> Place { return &d.config.http_threads; },
     .what = "Threads of the HTTP API", .least = 1, .most = 1024},
    {.section = "serve", .key = "message_mb", .place = [](Draft& d) -> Place { return &d.config.message_bytes_max; },
     .what = "Largest message over gRPC", .unit = "MiB", .least = 1, .most = 1024, .scale = kMiB},
    {.section = "serve", .key = "streams", .place = [](Draft& d) -> Place { return &d.config.streams_max; },
     .what = "Streams of taps over gRPC at once", .least = 1, .most = 1024},
    {.section = "serve", .key = "metrics_open", .place = [](Draft& d) -> Place { return &d.config.metrics_open; },
     .what = "/metrics needs no token"},
    {.section = "serve", .key = "connections", .place = [](Draft& d) -> Place { return &d.config.connections_max; },
     .what = "HTTP connections at once", .least = 1, .most = 1'000'000},

    {.section = "store", .key = "path", .place = [](Draft& d) -> Place { return &d.config.store.path; },
     .what = "Folder of its own for accounts, audit log and positions of producers; made when missing",
     .example = "\"store\"", .needed = true},
    {.section = "store", .key = "memory_mb", .place = [](Draft& d) -> Place { return &d.config.store.memory_bytes; },
     .what = "Memory of RocksDB: caches and write buffers", .unit = "MiB", .least = 16, .most = 1 << 20, .scale = kMiB},
    {.section = "store", .key = "snapshots", .place = [](Draft& d) -> Place { return &d.config.snapshots; },
     .what = "Folder for snapshots that are made while the daemon runs; \"\" = none"},

    {.section = "tenants.NAME", .key = "key_file", .place = [](Draft& d) -> Place { return &d.tenant.key_file; },
     .what = "File of the tenant's key (mode 600)", .example = "\"main.key\""},
    {.section = "tenants.NAME", .key = "key_environment",
     .place = [](Draft& d) -> Place { return &d.tenant.key_environment; },
     .what = "Instead of `key_file`: environment variable that holds the key, 64 hex digits"},
    {.section = "tenants.NAME", .key = "retention_days",
     .place = [](Draft& d) -> Place { return &d.tenant.retention_days; },
     .what = "Accounts idle for longer are erased; 0 = never", .unit = "days", .least = 0, .most = 36'500},

    {.section = "pipeline", .key = "shards", .place = [](Draft& d) -> Place { return &d.config.engine.shards; },
     .what = "Threads that follow accounts; 0 = cores, less one", .least = 0, .most = 1024},
    {.section = "pipeline", .key = "queue_items",
     .place = [](Draft& d) -> Place { return &d.config.engine.queue_items; },
     .what = "Requests admitted and not yet durable; beyond it batches are refused", .least = 64, .most = 10'000'000},
    {.section = "pipeline", .key = "memory_mb",
     .place = [](Draft& d) -> Place { return &d.config.engine.memory_bytes; },
     .what = "Memory of accounts; beyond it those that stand best are put away first", .unit = "MiB", .least = 16,
     .most = 1 << 20, .scale = kMiB},
    {.section = "pipeline", .key = "steps_max", .place = [](Draft& d) -> Place { return &d.config.engine.steps_max; },
     .what = "Requests after which an account is written whole again", .least = 1, .most = 4096},
    {.section = "pipeline", .key = "clock_ahead_s",
     .place = [](Draft& d) -> Place { return &d.config.engine.clock_ahead_s; },
     .what = "A request later than the clock by more is refused", .unit = "s", .least = 1, .most = 86'400},
    {.section = "pipeline", .key = "clock_behind_s",
     .place = [](Draft& d) -> Place { return &d.config.engine.clock_behind_s; },
     .what = "A request earlier than the clock by more is refused", .unit = "s", .least = 1, .most = 1e9},

    {.section = "policy", .key = "file", .place = [](Draft& d) -> Place { return &d.config.policy_file; },
     .what = "File with the [policy] section, instead of it here"},
    {.section = "policy", .key = "observe", .place = [](Draft& d) -> Place { return &d.config.policy.ladder.observe; },
     .what = "Observe at PoH of at most this", .unit = "PoH", .least = 0, .most = 1, .above = true},
    {.section = "policy", .key = "price", .place = [](Draft& d) -> Place { return &d.config.policy.ladder.price; },
     .what = "Price at PoH of at most this; at most `observe`", .unit = "PoH", .least = 0, .most = 1, .above = true},
    {.section = "policy", .key = "limit", .place = [](Draft& d) -> Place { return &d.config.policy.ladder.limit; },
     .what = "Limit at PoH of at most this; at most `price`", .unit = "PoH", .least = 0, .most = 1, .above = true},
    {.section = "policy", .key = "review", .place = [](Draft& d) -> Place { return &d.config.policy.ladder.review; },
     .what = "Review at PoH of at most this; at most `limit`", .unit = "PoH", .least = 0, .most = 1, .above = true},
    {.section = "policy", .key = "shadow", .place = [](Draft& d) -> Place { return &d.config.policy.shadow; },
     .what = "Decide and say so, act on nobody"},
    {.section = "policy", .key = "jitter_key_file", .place = [](Draft& d) -> Place { return &d.jitter_key_file; },
     .what = "Secret key (`cms key FILE`, mode 600) by which each account's thresholds are lowered by its own amount; "
             "one that follows from the tenant's key where none is named"},
    {.section = "policy", .key = "jitter", .place = [](Draft& d) -> Place { return &d.config.policy.jitter; },
     .what = "By what share they are lowered at most; 0 for the same thresholds for all",
     .least = 0, .most = .5},

    {.section = "policy", .key = "campaign_at_most",
     .place = [](Draft& d) -> Place { return &d.config.policy.campaign_at_most; },
     .what = "The harshest action that follows from membership in a flagged campaign; allow = none does",
     .choices = kActions},

    {.section = "policy.allow", .key = "tenant", .place = [](Draft& d) -> Place { return &d.allowance.tenant; },
     .what = "Whose account", .wrong = empty, .example = "\"main\"", .needed = true},
    {.section = "policy.allow", .key = "account", .place = [](Draft& d) -> Place { return &d.allowance.account; },
     .what = "Which account", .wrong = empty, .example = "\"nightly-evaluation\"", .needed = true},
    {.section = "policy.allow", .key = "until", .place = [](Draft& d) -> Place { return Moment{&d.allowance.until}; },
     .what = "When that ends", .example = "2027-06-30", .needed = true},
    {.section = "policy.allow", .key = "at_most", .place = [](Draft& d) -> Place { return &d.allowance.at_most; },
     .what = "The harshest action it may meet", .choices = kActions},
    {.section = "policy.allow", .key = "why", .place = [](Draft& d) -> Place { return &d.allowance.why; },
     .what = "Why, for those who come after", .wrong = empty,
     .example = "\"runs our regression prompts, ticket 4711\"", .needed = true},

    {.section = "fleet", .key = "calibration",
     .place = [](Draft& d) -> Place { return &d.config.fleet.calibration; },
     .what = "What honest accounts look like together, made by `cms fleet fit` with the same atlas; \"\" = no fleet"},
    {.section = "fleet", .key = "level", .place = [](Draft& d) -> Place { return &d.config.fleet.level; },
     .what = "A community is flagged at a Campaign PoH of at most this, and released above 1.5 times this",
     .unit = "PoH", .least = 0, .most = 1, .above = true},
    {.section = "fleet", .key = "update_s", .place = [](Draft& d) -> Place { return &d.config.fleet.update_s; },
     .what = "Time between updates", .unit = "s", .least = .1, .most = 86'400},
    {.section = "fleet", .key = "rebuild_s", .place = [](Draft& d) -> Place { return &d.config.fleet.rebuild_s; },
     .what = "Time between looks at all links anew, in which whole communities split and merge", .unit = "s",
     .least = 1, .most = 1e7},
    {.section = "fleet", .key = "accounts", .place = [](Draft& d) -> Place { return &d.config.fleet.accounts_max; },
     .what = "Accounts of each tenant that are seen together, 2.6 KB each; of more a random part is, as metrics say",
     .least = 100, .most = 10'000'000},
    {.section = "fleet", .key = "idle_days", .place = [](Draft& d) -> Place { return &d.config.fleet.idle_days; },
     .what = "An account that rests for longer leaves the fleet, and any campaign, until it sends again; 0 = never",
     .unit = "days", .least = 0, .most = 36'500},

    {.section = "gate", .key = "limit_per_minute",
     .place = [](Draft& d) -> Place { return &d.config.gate.limit_per_minute; },
     .what = "Requests an account at `limit` may make; 0 = none", .unit = "requests/min", .least = 0, .most = 1e6},
    {.section = "gate", .key = "review_per_minute",
     .place = [](Draft& d) -> Place { return &d.config.gate.review_per_minute; },
     .what = "Requests an account at `review` may make; 0 = none", .unit = "requests/min", .least = 0, .most = 1e6},
    {.section = "gate", .key = "fail_open", .place = [](Draft& d) -> Place { return &d.config.gate.fail_open; },
     .what = "Whether an account passes that can be read neither in memory nor in the store; false = it has to wait"},
    {.section = "gate", .key = "litellm_account",
     .place = [](Draft& d) -> Place { return &d.config.litellm_account; },
     .what = "What of LiteLLM's is an account; `end_user` is what clients say",
     .choices = "key user team org end_user"},

    {.section = "proxy", .key = "upstream", .place = [](Draft& d) -> Place { return &d.config.proxy.upstream; },
     .what = "The inference server behind, http(s)://HOST[:PORT][/PATH]; \"\" = off", .wrong = wrong_upstream},
    {.section = "proxy", .key = "listen", .place = [](Draft& d) -> Place { return &d.config.proxy.listen; },
     .what = "Where clients call", .unit = "address:port", .wrong = wrong_address},
    {.section = "proxy", .key = "tenant", .place = [](Draft& d) -> Place { return &d.config.proxy.tenant; },
     .what = "Whose accounts come through; \"\" = the only tenant there is"},
    {.section = "proxy", .key = "account_header",
     .place = [](Draft& d) -> Place { return &d.config.proxy.account_header; },
     .what = "Header that names the account, where one who stands in front sets it; \"\" = by API key"},
    {.section = "proxy", .key = "key_header", .place = [](Draft& d) -> Place { return &d.config.proxy.key_header; },
     .what = "Header that holds the API key that `upstream` checks; \"\" = Authorization, else x-api-key, api-key"},
    {.section = "proxy", .key = "upstream_s", .place = [](Draft& d) -> Place { return &d.config.proxy.upstream_s; },
     .what = "Longest wait for an answer's first or next piece", .unit = "s", .least = 1, .most = 86'400},
    {.section = "proxy", .key = "upstream_ca", .place = [](Draft& d) -> Place { return &d.config.proxy.upstream_ca; },
     .what = "Authorities (PEM) that an https upstream is verified with; \"\" = the machine's"},
    {.section = "proxy", .key = "tls_certificate",
     .place = [](Draft& d) -> Place { return &d.config.proxy.tls.certificate; },
     .what = "Certificate chain (PEM); with `tls_key` clients call by TLS"},
    {.section = "proxy", .key = "tls_key", .place = [](Draft& d) -> Place { return &d.config.proxy.tls.key; },
     .what = "Private key of the certificate (PEM, mode 600)"},
    {.section = "proxy", .key = "prompt_kb",
     .place = [](Draft& d) -> Place { return &d.config.proxy.prompt_bytes_max; },
     .what = "Larger bodies pass without being read", .unit = "KiB", .least = 1, .most = 65'536, .scale = 1024},
    {.section = "proxy", .key = "threads", .place = [](Draft& d) -> Place { return &d.config.proxy.threads; },
     .what = "Threads of the proxy", .least = 1, .most = 1024},
    {.section = "proxy", .key = "connections",
     .place = [](Draft& d) -> Place { return &d.config.proxy.connections_max; },
     .what = "Client connections at once", .least = 1, .most = 1'000'000},

    {.section = "webhooks", .key = "url", .place = [](Draft& d) -> Place { return &d.webhook.url; },
     .what = "Where to", .wrong = wrong_url, .example = "\"https://example.org/hooks/cms\"", .needed = true},
    {.section = "webhooks", .key = "secret_file", .place = [](Draft& d) -> Place { return &d.webhook.secret_file; },
     .what = "File of the secret that signs messages (mode 600)", .example = "\"webhook.secret\""},
    {.section = "webhooks", .key = "secret_environment",
     .place = [](Draft& d) -> Place { return &d.webhook.secret_environment; },
     .what = "Instead of `secret_file`: environment variable that holds it"},
    {.section = "webhooks", .key = "tenant", .place = [](Draft& d) -> Place { return &d.webhook.tenant; },
     .what = "Whose events are sent, beside those of the whole daemon; \"\" = all tenants'"},
    {.section = "webhooks", .key = "actions", .place = [](Draft& d) -> Place { return &d.webhook.actions; },
     .what = "Changes to these actions are sent", .choices = kActions},
    {.section = "webhooks", .key = "authorities", .place = [](Draft& d) -> Place { return &d.webhook.authorities; },
     .what = "Authorities (PEM) that an https receiver is verified with; \"\" = the machine's"},

    {.section = "events", .key = "file", .place = [](Draft& d) -> Place { return &d.config.event_log; },
     .what = "Where events are appended; \"\" = nowhere"},
    {.section = "events", .key = "file_mb", .place = [](Draft& d) -> Place { return &d.config.event_log_bytes_max; },
     .what = "Size at which the file is rotated", .unit = "MiB", .least = 1, .most = 1 << 20, .scale = kMiB},
    {.section = "events", .key = "files", .place = [](Draft& d) -> Place { return &d.config.event_log_files_max; },
     .what = "Rotated files that are kept", .least = 0, .most = 100'000},
    {.section = "events", .key = "names", .place = [](Draft& d) -> Place { return &d.config.event_names; },
     .what = "Events and webhooks carry names of accounts instead of pseudonyms"},
    {.section = "events", .key = "scores", .place = [](Draft& d) -> Place { return &d.config.event_scores; },
     .what = "Every score is an event too, for small traffic: they share file and queues with all others"},

    {.section = "tap", .key = "model", .place = [](Draft& d) -> Place { return &d.config.tap_model; },
     .what = "GGUF model, the one the atlas was fitted on; \"\" = off"},
    {.section = "tap", .key = "threads", .place = [](Draft& d) -> Place { return &d.config.tap_threads; },
     .what = "Threads of that model", .least = 1, .most = 1024},

    {.section = "log", .key = "level", .place = [](Draft& d) -> Place { return &d.config.log_level; },
     .what = "The least that is logged", .choices = "debug info warning error"},
    {.section = "log", .key = "json", .place = [](Draft& d) -> Place { return &d.config.log_json; },
     .what = "Log as JSON lines"},
};

Place place_of(const Setting& setting, Draft& draft) { return setting.place(draft); }

std::string in_quotes(std::string_view text) { return fmt::format("\"{}\"", text); }

// As TOML: 64, 0.1, and no exponent where none is needed.
std::string number_text(double value) { return fmt::format("{}", value); }

std::string words_text(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + in_quotes(word);
  return fmt::format("[{}]", text);
}

// Lines of at most 100 columns, each after "# ".
std::string comment(std::string_view text) {
  std::string lines = "#";
  std::size_t columns = 1;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (columns + 1 + end > 100) {
      lines += "\n#";
      columns = 1;
    }
    lines += fmt::format(" {}", text.substr(0, end));
    columns += 1 + end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines + "\n";
}

}  // namespace

std::span<const Setting> settings() { return kSettings; }
std::span<const Section> sections() { return kSections; }

std::string type_text(const Setting& setting) {
  Draft draft;
  return std::visit(Visitor{[](std::string*) { return "text"; }, [](std::filesystem::path*) { return "path"; },
                            [](bool*) { return "true or false"; }, [](std::uint32_t*) { return "whole number"; },
                            [](std::uint64_t*) { return "whole number"; }, [](double*) { return "number"; },
                            [](std::vector<std::string>*) { return "list of texts"; },
                            [](Action*) { return "text"; }, [](Moment) { return "date"; }},
                    place_of(setting, draft));
}

std::string range_text(const Setting& setting) {
  if (!setting.choices.empty()) return std::string(setting.choices);
  if (setting.most <= setting.least) return {};
  return fmt::format("{}{} to {}", setting.above ? "above " : "", number_text(setting.least),
                     number_text(setting.most));
}

std::string default_text(const Setting& setting) {
  if (!setting.example.empty()) return {};
  Draft draft;
  const double scale = setting.scale;
  return std::visit(
      Visitor{[](const std::string* text) { return in_quotes(*text); },
              [](const std::filesystem::path* path) { return in_quotes(path->string()); },
              [](const bool* flag) { return std::string(*flag ? "true" : "false"); },
              [&](const std::uint32_t* number) { return number_text(*number / scale); },
              [&](const std::uint64_t* number) { return number_text(static_cast<double>(*number) / scale); },
              [&](const double* number) { return number_text(*number / scale); },
              [](const std::vector<std::string>* words) { return words_text(*words); },
              [](const Action* action) { return in_quotes(name(*action)); }, [](Moment) { return std::string(); }},
      place_of(setting, draft));
}

std::string default_config() {
  std::string text = comment(
      "Configuration of `cms serve`. Lines behind # show defaults. `cms config check FILE` reads it and opens what it "
      "names; relative paths are relative to this file. Secrets lie in files of mode 600, or in the environment.");
  for (const auto& section : sections()) {
    text += fmt::format("\n{}", comment(section.what));
    text += fmt::format("{}{}\n", section.optional ? "# " : "", section.head);
    for (const auto& setting : settings()) {
      if (setting.section != section.name) continue;
      const auto range = range_text(setting);
      const auto unit = setting.unit.empty() ? std::string() : fmt::format(" {}", setting.unit);
      text += comment(fmt::format("{}{}.", setting.what, range.empty() ? "" : fmt::format(" ({}{})", range, unit)));
      const bool given = !setting.example.empty() && !section.optional;
      text += fmt::format("{}{} = {}\n", given ? "" : "# ", setting.key,
                          setting.example.empty() ? default_text(setting) : std::string(setting.example));
    }
  }
  return text;
}

std::string settings_page() {
  std::string text = "| setting | type | default | unit | range | what it does |\n";
  text += "| --- | --- | --- | --- | --- | --- |\n";
  for (const auto& section : sections()) {
    text += fmt::format("| **{}** | | | | | {} |\n", section.head, section.what);
    for (const auto& setting : settings()) {
      if (setting.section != section.name) continue;
      const auto standard = default_text(setting);
      text += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", setting.key, type_text(setting),
                          standard.empty() ? "" : fmt::format("`{}`", standard), setting.unit, range_text(setting),
                          setting.what);
    }
  }
  return text;
}

}  // namespace cms::serve
