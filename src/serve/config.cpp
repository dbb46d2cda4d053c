// TOML to Config. Every value goes through the table of settings; what concerns more than one value is checked after.
#include "serve/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "base/files.hpp"
#include "base/spelling.hpp"
#include "base/toml.hpp"
#include "serve/settings.hpp"
#include "store/keys.hpp"

namespace cms::serve {
namespace {

using Checked = Result<void>;
using Names = std::vector<std::string_view>;

struct Reader {
  std::filesystem::path file;
  Draft draft;
  bool own_file = false;  // it is the file that [policy] named in another
  const policy::Policy* in_force = nullptr;  // set: a text that somebody tries out

  [[nodiscard]] tl::unexpected<Error> wrong(const toml::source_region& where, const std::string& what) const {
    return fail(ErrorCode::bad_input, fmt::format("{}, line {}, column {}: {}", file.string(), where.begin.line,
                                                  where.begin.column, what));
  }
  [[nodiscard]] tl::unexpected<Error> wrong(const toml::node& node, const std::string& what) const {
    return wrong(node.source(), what);
  }
};

tl::unexpected<Error> unknown(const Reader& reader, const toml::key& key, const std::string& where,
                              const Names& known) {
  return reader.wrong(key.source(), fmt::format("unknown {} \"{}\"; did you mean \"{}\"?", where, key.str(),
                                                nearest(key.str(), known)));
}

// --- one value -----------------------------------------------------------------------------------------------------

bool among(std::string_view choices, std::string_view word) {
  while (!choices.empty()) {
    const auto end = std::min(choices.find(' '), choices.size());
    if (choices.substr(0, end) == word) return true;
    choices.remove_prefix(std::min(end + 1, choices.size()));
  }
  return false;
}

std::string said(const Setting& setting, std::string_view what) {
  return fmt::format("\"{}\" in [{}] {}", setting.key, setting.section, what);
}

Result<std::string> text_of(const Reader& reader, const Setting& setting, const toml::node& node) {
  const auto text = node.value_exact<std::string>();
  if (!text) return reader.wrong(node, said(setting, "is no text in quotes"));
  if (text->find('\0') != std::string::npos) return reader.wrong(node, said(setting, "holds a zero byte"));
  if (!setting.choices.empty() && !among(setting.choices, *text)) {
    return reader.wrong(node, said(setting, fmt::format("is \"{}\"; it may be one of: {}", *text, setting.choices)));
  }
  if (const auto wrong = setting.wrong != nullptr ? setting.wrong(*text) : std::nullopt) {
    return reader.wrong(node, said(setting, *wrong));
  }
  return *text;
}

Result<double> number_of(const Reader& reader, const Setting& setting, const toml::node& node, bool whole) {
  const auto number = whole ? std::optional<double>() : node.value_exact<double>();
  const auto integer = node.value_exact<std::int64_t>();
  if (!number && !integer) return reader.wrong(node, said(setting, whole ? "is no whole number" : "is no number"));
  const double value = integer ? static_cast<double>(*integer) : *number;
  const bool within = value <= setting.most && (setting.above ? value > setting.least : value >= setting.least);
  if (!within) {
    return reader.wrong(node, said(setting, fmt::format("is {}; it may be {}", value, range_text(setting))));
  }
  return value;
}

// Seconds since 1970 of a date (its first moment in UTC) or of a date-time with an offset.
Result<double> moment_of(const Reader& reader, const Setting& setting, const toml::node& node) {
  const auto days = [](const toml::date& date) {
    using namespace std::chrono;
    const auto day = sys_days(year(date.year) / month(date.month) / std::chrono::day(date.day));
    return 86'400.0 * static_cast<double>(day.time_since_epoch().count());
  };
  if (const auto date = node.value_exact<toml::date>()) return days(*date);
  const auto moment = node.value_exact<toml::date_time>();
  if (!moment || !moment->offset) {
    return reader.wrong(node, said(setting, "is neither a date (2027-06-30, until it begins in UTC) nor a date-time "
                                            "with an offset (2027-06-30T18:00:00Z)"));
  }
  return days(moment->date) + 3600.0 * moment->time.hour + 60.0 * moment->time.minute + moment->time.second +
         1e-9 * moment->time.nanosecond - 60.0 * moment->offset->minutes;
}

// A relative path is relative to the file that names it.
std::filesystem::path resolved(const Reader& reader, const std::string& text) {
  return text.empty() ? std::filesystem::path() : reader.file.parent_path() / text;
}

struct Put {
  const Reader& reader;
  const Setting& setting;
  const toml::node& node;

  Checked operator()(std::string* to) const {
    CMS_TRY(text, text_of(reader, setting, node));
    *to = text;
    return {};
  }
  Checked operator()(std::filesystem::path* to) const {
    CMS_TRY(text, text_of(reader, setting, node));
    *to = resolved(reader, text);
    return {};
  }
  Checked operator()(bool* to) const {
    const auto flag = node.value_exact<bool>();
    if (!flag) return reader.wrong(node, said(setting, "is neither true nor false"));
    *to = *flag;
    return {};
  }
  Checked operator()(std::uint32_t* to) const {
    CMS_TRY(number, number_of(reader, setting, node, true));
    *to = static_cast<std::uint32_t>(number * setting.scale);
    return {};
  }
  Checked operator()(std::uint64_t* to) const {
    CMS_TRY(number, number_of(reader, setting, node, true));
    *to = static_cast<std::uint64_t>(number * setting.scale);
    return {};
  }
  Checked operator()(double* to) const {
    CMS_TRY(number, number_of(reader, setting, node, false));
    *to = number * setting.scale;
    return {};
  }
  Checked operator()(std::vector<std::string>* to) const {
    const auto* list = node.as_array();
    if (list == nullptr) return reader.wrong(node, said(setting, "is no list of texts"));
    to->clear();
    for (const auto& one : *list) {
      CMS_TRY(text, text_of(reader, setting, one));
      to->push_back(text);
    }
    return {};
  }
  Checked operator()(Action* to) const {
    CMS_TRY(text, text_of(reader, setting, node));
    *to = *policy::parse_action(text);
    return {};
  }
  Checked operator()(Moment to) const {
    CMS_TRY(seconds, moment_of(reader, setting, node));
    *to.seconds = seconds;
    return {};
  }
};

// --- one section ---------------------------------------------------------------------------------------------------

// Reads every key of the table but `also`, which the caller reads.
Checked read_section(Reader& reader, std::string_view section, const toml::table& table, std::string_view also = {}) {
  Names known;
  for (const auto& setting : settings()) {
    if (setting.section != section) continue;
    known.push_back(setting.key);
    const auto* node = table.get(setting.key);
    if (node != nullptr) {
      CMS_CHECK(std::visit(Put{reader, setting, *node}, setting.place(reader.draft)));
    } else if (setting.needed) {
      return reader.wrong(table, fmt::format("[{}] needs \"{}\", such as {} = {}", section, setting.key, setting.key,
                                             setting.example));
    }
  }
  for (const auto& [key, node] : table) {
    const bool is_known = std::find(known.begin(), known.end(), key.str()) != known.end();
    if (!is_known && key.str() != also) return unknown(reader, key, fmt::format("setting of [{}]:", section), known);
  }
  return {};
}

// The tables of [[name]].
Result<std::vector<const toml::table*>> tables_of(const Reader& reader, const toml::node& node, std::string_view name) {
  const auto* list = node.as_array();
  std::vector<const toml::table*> tables;
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) tables.push_back(list->get(i)->as_table());
  if (list == nullptr || std::find(tables.begin(), tables.end(), nullptr) != tables.end()) {
    return reader.wrong(node, fmt::format("\"{}\" is written [[{}]], once for each", name, name));
  }
  return tables;
}

Checked read_ladder(const Reader& reader, const toml::table& table) {
  const auto& ladder = reader.draft.config.policy.ladder;
  const std::pair<std::string_view, double> rungs[] = {
      {"observe", ladder.observe}, {"price", ladder.price}, {"limit", ladder.limit}, {"review", ladder.review}};
  for (std::size_t i = 1; i < std::size(rungs); ++i) {
    if (rungs[i].second <= rungs[i - 1].second) continue;
    const auto* node = table.get(rungs[i].first) != nullptr ? table.get(rungs[i].first) : table.get(rungs[i - 1].first);
    return reader.wrong(*node, fmt::format("\"{}\" ({}) lies above \"{}\" ({}); the ladder descends: observe, price, "
                                           "limit, review",
                                           rungs[i].first, rungs[i].second, rungs[i - 1].first, rungs[i - 1].second));
  }
  return {};
}

Checked read_jitter(Reader& reader, const toml::table& table) {
  auto& policy = reader.draft.config.policy;
  if (reader.in_force != nullptr) {
    if (!table.contains("jitter")) policy.jitter = reader.in_force->jitter;
    policy.jitter_key = reader.in_force->jitter_key;
    policy.own_jitter_keys = reader.in_force->own_jitter_keys;
  } else if (!reader.draft.jitter_key_file.empty()) {
    auto key = store::read_key(reader.draft.jitter_key_file);
    if (!key) return reader.wrong(*table.get("jitter_key_file"), key.error().message);
    policy.jitter_key = key->bytes;
  }
  return {};
}

Checked read_allowances(Reader& reader, const toml::node& node) {
  CMS_TRY(tables, tables_of(reader, node, "policy.allow"));
  auto& allowances = reader.draft.config.policy.allowances;
  for (const auto* table : tables) {
    reader.draft.allowance = {};
    CMS_CHECK(read_section(reader, "policy.allow", *table));
    const auto& one = reader.draft.allowance;
    const auto same = [&](const auto& other) { return other.tenant == one.tenant && other.account == one.account; };
    if (std::any_of(allowances.begin(), allowances.end(), same)) {
      return reader.wrong(*table, fmt::format("account \"{}\" of \"{}\" is allowed twice", one.account, one.tenant));
    }
    allowances.push_back(one);
  }
  return {};
}

Checked read_policy_section(Reader& reader, const toml::node& node) {
  const auto* table = node.as_table();
  if (table == nullptr) return reader.wrong(node, "\"policy\" is a section, [policy]");
  CMS_CHECK(read_section(reader, "policy", *table, "allow"));
  for (const std::string_view key : {"file", "jitter_key_file"}) {
    if (reader.in_force == nullptr || !table->contains(key)) continue;
    return reader.wrong(*table->get(key),
                        fmt::format("a policy that is tried out names no files; leave out \"{}\"", key));
  }
  if (table->contains("file")) {
    if (table->size() > 1) return reader.wrong(*table, "[policy] has \"file\": then all of it lies there");
    if (reader.own_file) return reader.wrong(*table->get("file"), "this is the policy's own file; it names no other");
    auto policy = read_policy(reader.draft.config.policy_file, true);
    if (!policy) return reader.wrong(*table->get("file"), policy.error().message);
    reader.draft.config.policy = std::move(*policy);
    return {};
  }
  CMS_CHECK(read_ladder(reader, *table));
  CMS_CHECK(read_jitter(reader, *table));
  const auto* allow = table->get("allow");
  return allow != nullptr ? read_allowances(reader, *allow) : Checked();
}

bool is_tenant_name(std::string_view name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), fits);
}

// Exactly one of two ways to name a secret.
Checked one_of(const Reader& reader, const toml::table& table, std::string_view file, std::string_view environment) {
  const auto said = [&](std::string_view key) { return !table[key].value_or(std::string()).empty(); };
  if (said(file) != said(environment)) return {};
  return reader.wrong(table, fmt::format("either \"{}\" or \"{}\" is needed, and not both", file, environment));
}

Checked read_tenants(Reader& reader, const toml::node& node) {
  const auto* tenants = node.as_table();
  if (tenants == nullptr) return reader.wrong(node, "tenants are sections, [tenants.NAME]");
  for (const auto& [key, one] : *tenants) {
    const auto* table = one.as_table();
    if (!is_tenant_name(key.str()) || table == nullptr) {
      return reader.wrong(key.source(), "a tenant is a section [tenants.NAME], its name 1 to 64 of a-z, 0-9 and -");
    }
    reader.draft.tenant = {.name = std::string(key.str()), .key_file = {}, .key_environment = {}};
    CMS_CHECK(read_section(reader, "tenants.NAME", *table));
    CMS_CHECK(one_of(reader, *table, "key_file", "key_environment"));
    reader.draft.config.tenants.push_back(reader.draft.tenant);
  }
  return {};
}

Checked read_webhooks(Reader& reader, const toml::node& node) {
  CMS_TRY(tables, tables_of(reader, node, "webhooks"));
  for (const auto* table : tables) {
    reader.draft.webhook = {};
    CMS_CHECK(read_section(reader, "webhooks", *table));
    CMS_CHECK(one_of(reader, *table, "secret_file", "secret_environment"));
    reader.draft.config.webhooks.push_back(reader.draft.webhook);
  }
  return {};
}

// --- the whole -----------------------------------------------------------------------------------------------------

// The first word of each section: "tenants" of "tenants.NAME".
Names top_names() {
  Names names;
  for (const auto& section : sections()) {
    const auto name = section.name.substr(0, section.name.find('.'));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

Checked read_top(Reader& reader, const toml::key& key, const toml::node& node) {
  const auto name = key.str();
  if (name == "policy") return read_policy_section(reader, node);
  if (name == "tenants") return read_tenants(reader, node);
  if (name == "webhooks") return read_webhooks(reader, node);
  const auto known = top_names();
  if (std::find(known.begin(), known.end(), name) == known.end()) return unknown(reader, key, "section", known);
  const auto* table = node.as_table();
  if (table == nullptr) return reader.wrong(node, fmt::format("\"{}\" is a section, [{}]", name, name));
  return read_section(reader, name, *table);
}

// A tenant that a section names, or none.
Checked check_named(const Reader& reader, const toml::node& section, const std::string& tenant, const Names& tenants) {
  if (tenant.empty() || std::find(tenants.begin(), tenants.end(), tenant) != tenants.end()) return {};
  return reader.wrong(section, fmt::format("\"tenant\" is \"{}\", which is not there; did you mean \"{}\"?", tenant,
                                           nearest(tenant, tenants)));
}

Checked check_proxy(const Reader& reader, const toml::table& table, const Names& tenants) {
  const auto& proxy = reader.draft.config.proxy;
  if (proxy.upstream.empty()) return {};
  const auto& section = *table.get("proxy");
  if (proxy.listen.empty()) return reader.wrong(section, "\"upstream\" needs \"listen\", where clients call");
  if (proxy.tls.certificate.empty() != proxy.tls.key.empty()) {
    return reader.wrong(section, "\"tls_certificate\" and \"tls_key\" go together");
  }
  if (proxy.tenant.empty() && tenants.size() > 1) {
    return reader.wrong(section, "there are several tenants: \"tenant\" says whose accounts come through here");
  }
  return check_named(reader, section, proxy.tenant, tenants);
}

Checked check_whole(const Reader& reader, const toml::table& table) {
  for (const std::string_view section : {"atlas", "store", "tenants"}) {
    if (!table.contains(section)) {
      return fail(ErrorCode::bad_input, fmt::format("{}: there is no section [{}]; `cms config default` prints one",
                                                    reader.file.string(), section));
    }
  }
  const auto& config = reader.draft.config;
  if (config.tenants.empty()) return reader.wrong(*table.get("tenants"), "there is no tenant; add [tenants.NAME]");
  if (config.http_listen.empty() && config.grpc_listen.empty()) {
    return reader.wrong(*table.get("serve"), "both \"http\" and \"grpc\" are off, so nobody could call");
  }
  if (config.tls_certificate.empty() != config.tls_key.empty()) {
    return reader.wrong(*table.get("serve"), "\"tls_certificate\" and \"tls_key\" go together");
  }
  if (!config.tls_client_ca.empty() && config.tls_key.empty()) {
    return reader.wrong(*table.get("serve"), "\"tls_client_ca\" needs \"tls_certificate\" and \"tls_key\"");
  }
  Names tenants;
  for (const auto& tenant : config.tenants) tenants.push_back(tenant.name);
  CMS_CHECK(check_proxy(reader, table, tenants));
  for (const auto& webhook : config.webhooks) {
    CMS_CHECK(check_named(reader, *table.get("webhooks"), webhook.tenant, tenants));
  }
  if (const auto allowed = check_allowances(config.policy, config.tenants); !allowed) {
    return reader.wrong(*table.get("policy"), allowed.error().message);
  }
  return {};
}

// The [policy] section of a whole text.
Result<policy::Policy> policy_of(Reader& reader, const toml::table& table) {
  const auto known = top_names();
  for (const auto& [key, node] : table) {
    if (std::find(known.begin(), known.end(), key.str()) == known.end()) return unknown(reader, key, "section", known);
  }
  const auto* section = table.get("policy");
  if (section == nullptr) {
    return fail(ErrorCode::bad_input, fmt::format("{}: there is no section [policy]", reader.file.string()));
  }
  CMS_CHECK(read_policy_section(reader, *section));
  return std::move(reader.draft.config.policy);
}

}  // namespace

Result<Config> parse_config(std::string_view text, const std::filesystem::path& path) {
  CMS_TRY(table, parse_toml(text, path.string()));
  Reader reader{path, {}, false};
  for (const auto& [key, node] : table) CMS_CHECK(read_top(reader, key, node));
  CMS_CHECK(check_whole(reader, table));
  auto& config = reader.draft.config;
  if (config.proxy.tenant.empty()) config.proxy.tenant = config.tenants.front().name;
  return std::move(config);
}

Result<void> check_allowances(const policy::Policy& policy, const std::vector<TenantConfig>& tenants) {
  Names known;
  for (const auto& tenant : tenants) known.push_back(tenant.name);
  for (const auto& one : policy.allowances) {
    if (std::find(known.begin(), known.end(), one.tenant) != known.end()) continue;
    return fail(ErrorCode::bad_input, fmt::format("[[policy.allow]] names tenant \"{}\", which is not there; did you "
                                                  "mean \"{}\"?", one.tenant, nearest(one.tenant, known)));
  }
  return {};
}

Result<Config> read_config(const std::filesystem::path& path) {
  CMS_TRY(text, read_text_file(path));
  return parse_config(text, path);
}

Result<policy::Policy> read_policy(const std::filesystem::path& path, bool own_file) {
  CMS_TRY(text, read_text_file(path));
  CMS_TRY(table, parse_toml(text, path.string()));
  if (!own_file && !table.contains("policy") && table.contains("atlas")) {
    // A whole configuration that leaves the section out, which has to be right in everything: in one whose [policy] was
    // lost to a slip of the pen, its settings stand where they do not belong.
    CMS_TRY(config, parse_config(text, path));
    return std::move(config.policy);
  }
  Reader reader{path, {}, own_file};
  return policy_of(reader, table);
}

Result<policy::Policy> parse_policy(std::string_view text, const policy::Policy& in_force) {
  const std::filesystem::path name = "policy";
  CMS_TRY(table, parse_toml(text, name.string()));
  Reader reader{name, {}, false, &in_force};
  return policy_of(reader, table);
}

}  // namespace cms::serve
