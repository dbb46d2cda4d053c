#include "serve/config.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "base/files.hpp"
#include "serve/settings.hpp"

namespace cms::serve {
namespace {

const std::string kLeast = "[atlas]\nfile = \"a.cms\"\n[store]\npath = \"store\"\n[tenants.main]\nkey_file = \"k\"\n";

Result<Config> parse(const std::string& text) { return parse_config(text, "/etc/cms/cms.toml"); }

std::string error_of(const std::string& text) {
  const auto config = parse(text);
  if (config) return "no error";
  EXPECT_EQ(config.error().code, ErrorCode::bad_input);
  return config.error().message;
}

// A folder that goes away.
class Folder {
 public:
  Folder() {
    std::string name = "/tmp/cms-config-XXXXXX";
    path = ::mkdtemp(name.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }

  std::filesystem::path put(const std::string& name, const std::string& text, ::mode_t mode = 0600) const {
    std::ofstream(path / name) << text;
    ::chmod((path / name).c_str(), mode);
    return path / name;
  }

  std::filesystem::path path;
};

TEST(Config, what_has_to_be_there_is_enough) {
  const auto config = parse(kLeast);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->atlas, "/etc/cms/a.cms");
  EXPECT_EQ(config->store.path, "/etc/cms/store");
  ASSERT_EQ(config->tenants.size(), 1);
  EXPECT_EQ(config->tenants[0].name, "main");
  EXPECT_EQ(config->tenants[0].key_file, "/etc/cms/k");
  EXPECT_EQ(config->policy, policy::Policy{});
}

TEST(Config, what_default_prints_is_read_and_says_nothing_but_defaults) {
  const auto text = default_config();
  const auto config = parse(text);
  ASSERT_TRUE(config) << config.error().message;
  const auto least = parse("[atlas]\nfile = \"atlas.cms\"\n[store]\npath = \"store\"\n[tenants.main]\n"
                           "key_file = \"main.key\"\n");
  ASSERT_TRUE(least);
  EXPECT_EQ(config->atlas, least->atlas);
  EXPECT_EQ(config->tenants.size(), 1);
  EXPECT_TRUE(config->webhooks.empty());
  EXPECT_EQ(config->policy, least->policy);
}

// A line "# key = value" of the default configuration, given for its section, is taken as it is printed.
TEST(Config, every_default_is_a_value_that_the_setting_takes) {
  for (const auto& setting : settings()) {
    const auto value = default_text(setting);
    if (value.empty() || setting.section == "tenants.NAME" || setting.section == "webhooks") continue;
    std::string text = kLeast;
    if (setting.section == "policy.allow") {
      text += "[[policy.allow]]\ntenant = \"main\"\naccount = \"a\"\nuntil = 2027-01-01\nwhy = \"x\"\n";
    }
    const auto head = fmt::format("[{}]\n", setting.section);
    const auto line = fmt::format("{} = {}\n", setting.key, value);
    const auto at = text.find(head);
    if (setting.section == "policy.allow") text += line;
    else if (at == std::string::npos) text += head + line;
    else text.insert(at + head.size(), line);
    // An empty file name of a section that stands alone says "no file", which is no policy.
    if (setting.section == "policy" && setting.key == "file") continue;
    const auto config = parse(text);
    EXPECT_TRUE(config) << setting.section << "." << setting.key << ": " << (config ? "" : config.error().message);
  }
}

TEST(Config, every_section_of_a_setting_is_listed_and_every_setting_documented) {
  for (const auto& setting : settings()) {
    const auto listed = [&](const auto& section) { return section.name == setting.section; };
    EXPECT_EQ(std::count_if(sections().begin(), sections().end(), listed), 1) << setting.section;
    EXPECT_FALSE(setting.what.empty()) << setting.key;
    EXPECT_TRUE(setting.needed ? !setting.example.empty() : true) << setting.key;
  }
}

constexpr std::string_view kWhole = R"(
[atlas]
file = "/a.cms"
trust = "trust.pem"
[serve]
http = "[::1]:80"
grpc = ""
tokens = "tokens"
tls_certificate = "c.pem"
tls_key = "k.pem"
tls_client_ca = "ca.pem"
body_mb = 2
connections = 7
bodies_mb = 5
threads = 6
message_mb = 9
streams = 8
metrics_open = true
[store]
path = "s"
memory_mb = 32
[tenants.one]
key_environment = "ONE"
retention_days = 30.5
[tenants.two]
key_file = "two.key"
[pipeline]
shards = 3
queue_items = 100
memory_mb = 17
steps_max = 9
clock_ahead_s = 11
clock_behind_s = 12.5
[policy]
observe = 0.2
price = 0.1
limit = 0.02
review = 0.002
shadow = true
jitter = 0.25
jitter_key_file = "jitter.key"
[[policy.allow]]
tenant = "two"
account = "bot"
until = 2027-01-02
at_most = "observe"
why = "x"
[[policy.allow]]
tenant = "two"
account = "other"
until = 2027-01-02T03:04:05.5+02:00
why = "y"
[[webhooks]]
url = "https://h/p"
secret_environment = "S"
tenant = "two"
actions = ["review"]
authorities = "hooks.pem"
[events]
file = "events"
file_mb = 3
files = 8
names = true
[tap]
model = "m.gguf"
threads = 4
[log]
level = "debug"
json = true
)";

// Every setting at a value that is not its default.
class WholeConfig : public testing::Test {
 protected:
  void SetUp() override {
    folder.put("jitter.key", std::string(64, 'a') + "\n");
    auto read = parse_config(kWhole, folder.path / "cms.toml");
    ASSERT_TRUE(read) << read.error().message;
    config = std::make_unique<Config>(std::move(*read));
  }

  Folder folder;
  std::unique_ptr<Config> config;
};

TEST_F(WholeConfig, what_serves_and_keeps_arrives_where_it_belongs) {
  EXPECT_EQ(config->atlas, "/a.cms");
  EXPECT_EQ(config->trust, folder.path / "trust.pem");
  EXPECT_EQ(config->http_listen, "[::1]:80");
  EXPECT_EQ(config->grpc_listen, "");
  EXPECT_EQ(config->tokens_file, folder.path / "tokens");
  EXPECT_EQ(config->tls_certificate, folder.path / "c.pem");
  EXPECT_EQ(config->tls_key, folder.path / "k.pem");
  EXPECT_EQ(config->tls_client_ca, folder.path / "ca.pem");
  EXPECT_EQ(config->body_bytes_max, 2U << 20);
  EXPECT_EQ(config->connections_max, 7);
  EXPECT_EQ(config->bodies_bytes_max, 5U << 20);
  EXPECT_EQ(config->http_threads, 6);
  EXPECT_EQ(config->message_bytes_max, 9U << 20);
  EXPECT_EQ(config->streams_max, 8);
  EXPECT_TRUE(config->metrics_open);
  EXPECT_EQ(config->store.path, folder.path / "s");
  EXPECT_EQ(config->store.memory_bytes, 32U << 20);
  ASSERT_EQ(config->tenants.size(), 2);
  EXPECT_EQ(config->tenants[0].key_environment, "ONE");
  EXPECT_EQ(config->tenants[0].retention_days, 30.5);
  EXPECT_EQ(config->tenants[1].key_file, folder.path / "two.key");
  EXPECT_EQ(config->tenants[1].retention_days, 0);
  EXPECT_EQ(config->engine.shards, 3);
  EXPECT_EQ(config->engine.queue_items, 100);
  EXPECT_EQ(config->engine.memory_bytes, 17U << 20);
  EXPECT_EQ(config->engine.steps_max, 9);
  EXPECT_EQ(config->engine.clock_ahead_s, 11);
  EXPECT_EQ(config->engine.clock_behind_s, 12.5);
}

TEST_F(WholeConfig, a_policy_arrives_where_it_belongs) {
  policy::Policy policy;
  policy.ladder = {.2, .1, .02, .002};
  policy.shadow = true;
  policy.jitter = .25;
  policy.jitter_key.emplace().fill(0xAA);
  // date -u -d 2027-01-02 +%s
  policy.allowances = {{"two", "bot", 1798848000, Action::observe, "x"},
                       {"two", "other", 1798848000 + 3600 + 4 * 60 + 5.5, Action::allow, "y"}};
  EXPECT_EQ(config->policy, policy);
}

TEST_F(WholeConfig, what_tells_and_reads_arrives_where_it_belongs) {
  ASSERT_EQ(config->webhooks.size(), 1);
  EXPECT_EQ(config->webhooks[0].url, "https://h/p");
  EXPECT_EQ(config->webhooks[0].secret_environment, "S");
  EXPECT_EQ(config->webhooks[0].tenant, "two");
  EXPECT_EQ(config->webhooks[0].actions, std::vector<std::string>{"review"});
  EXPECT_EQ(config->webhooks[0].authorities, folder.path / "hooks.pem");
  EXPECT_EQ(config->event_log, folder.path / "events");
  EXPECT_EQ(config->event_log_bytes_max, 3U << 20);
  EXPECT_EQ(config->event_log_files_max, 8);
  EXPECT_TRUE(config->event_names);
  EXPECT_EQ(config->tap_model, folder.path / "m.gguf");
  EXPECT_EQ(config->tap_threads, 4);
  EXPECT_EQ(config->log_level, "debug");
  EXPECT_TRUE(config->log_json);
}

TEST(Config, an_error_names_file_line_column_and_the_nearest_key) {
  EXPECT_EQ(error_of(kLeast + "[serve]\nhtpp = \"x\"\n"),
            "/etc/cms/cms.toml, line 8, column 1: unknown setting of [serve]: \"htpp\"; did you mean \"http\"?");
  EXPECT_EQ(error_of(kLeast + "[polcy]\n"),
            "/etc/cms/cms.toml, line 7, column 2: unknown section \"polcy\"; did you mean \"policy\"?");
  EXPECT_EQ(error_of(kLeast + "[policy]\nshadow = 1\n"),
            "/etc/cms/cms.toml, line 8, column 10: \"shadow\" in [policy] is neither true nor false");
  EXPECT_NE(error_of(kLeast + "[log]\nlevel = info\n").find("/etc/cms/cms.toml, line 8, column "), std::string::npos);
}

TEST(Config, what_has_to_be_there_and_is_not_is_named_with_an_example) {
  EXPECT_NE(error_of("[atlas]\n[store]\npath = \"s\"\n").find("[atlas] needs \"file\", such as file = \"atlas.cms\""),
            std::string::npos);
  EXPECT_NE(error_of("[atlas]\nfile = \"a\"\n[store]\npath = \"s\"\n").find("no section [tenants]"), std::string::npos);
  EXPECT_NE(error_of("").find("no section [atlas]; `cms config default` prints one"), std::string::npos);
}

struct Bad {
  const char* text;  // after what has to be there
  const char* said;
};

class BadConfig : public testing::TestWithParam<Bad> {};

TEST_P(BadConfig, is_refused_and_says_why) {
  const auto said = error_of(kLeast + GetParam().text);
  EXPECT_NE(said.find(GetParam().said), std::string::npos) << said;
  EXPECT_NE(said.find("/etc/cms/cms.toml, line "), std::string::npos) << said;
}

const Bad kBad[] = {
    {"[serve]\nhttp = \"localhost\"\n", "no ADDRESS:PORT"},
    {"[serve]\nhttp = \":80\"\n", "no ADDRESS:PORT"},
    {"[serve]\nhttp = \"a:65536\"\n", "no ADDRESS:PORT"},
    {"[serve]\nhttp = \"::1:80\"\n", "no ADDRESS:PORT"},
    {"[serve]\nhttp = \"a:8o\"\n", "no ADDRESS:PORT"},
    {"[serve]\nhttp = \"localhost:8420\"\n", "names are not looked up"},
    {"[serve]\ngrpc = \"localhost:8421\"\n", "names are not looked up"},
    {"[serve]\nhttp = \"127.0.0.1:80x\"\n", "no ADDRESS:PORT"},
    {"[proxy]\nupstream = \"http://h\"\nlisten = \"localhost:8422\"\n", "names are not looked up"},
    {"[serve]\nhttp = 80\n", "no text in quotes"},
    {"[serve]\nhttp = \"a\\u0000:80\"\n", "zero byte"},
    {"[serve]\nhttp = \"\"\ngrpc = \"\"\n", "nobody could call"},
    {"[serve]\ntls_key = \"k\"\n", "go together"},
    {"[serve]\ntls_client_ca = \"c\"\n", "needs \"tls_certificate\""},
    {"[serve]\nbody_mb = 0\n", "is 0; it may be 1 to 4096"},
    {"[serve]\nbody_mb = 1.5\n", "no whole number"},
    {"[serve]\nconnections = -1\n", "is -1; it may be"},
    {"[pipeline]\nclock_ahead_s = nan\n", "is nan; it may be"},
    {"[pipeline]\nclock_ahead_s = inf\n", "is inf; it may be"},
    {"[pipeline]\nclock_ahead_s = true\n", "no number"},
    {"[policy]\nobserve = 0\n", "is 0; it may be above 0 to 1"},
    {"[policy]\nobserve = 1.1\n", "is 1.1; it may be above 0 to 1"},
    {"[policy]\nlimit = 0.06\n", "\"limit\" (0.06) lies above \"price\" (0.05)"},
    {"[policy]\nobserve = 0.01\n", "\"price\" (0.05) lies above \"observe\" (0.01)"},
    {"[policy]\njitter = 0.6\n", "is 0.6; it may be 0 to 0.5"},
    {"[policy]\njitter_key_file = \"none\"\n", "none"},
    {"[policy]\nfile = \"p.toml\"\nshadow = true\n", "all of it lies there"},
    {"[policy]\nallow = 3\n", "written [[policy.allow]]"},
    {"[policy]\nallow = [3]\n", "written [[policy.allow]]"},
    {"[[policy.allow]]\ntenant = \"main\"\naccount = \"a\"\nuntil = 2027-01-01\n", "needs \"why\""},
    {"[[policy.allow]]\ntenant = \"main\"\naccount = \"a\"\nuntil = 2027-01-01\nwhy = \"\"\n", "is empty"},
    {"[[policy.allow]]\ntenant = \"main\"\naccount = \"a\"\nuntil = 2027-01-01T00:00:00\nwhy = \"x\"\n",
     "neither a date"},
    {"[[policy.allow]]\ntenant = \"main\"\naccount = \"a\"\nuntil = \"2027\"\nwhy = \"x\"\n", "neither a date"},
    {"[[policy.allow]]\ntenant = \"main\"\naccount = \"a\"\nuntil = 2027-01-01\nwhy = \"x\"\nat_most = \"block\"\n",
     "one of: allow observe price limit review"},
    {"[[policy.allow]]\ntenant = \"mian\"\naccount = \"a\"\nuntil = 2027-01-01\nwhy = \"x\"\n",
     "did you mean \"main\"?"},
    {"[[policy.allow]]\ntenant = \"main\"\naccount = \"a\"\nuntil = 2027-01-01\nwhy = \"x\"\n"
     "[[policy.allow]]\ntenant = \"main\"\naccount = \"a\"\nuntil = 2028-01-01\nwhy = \"x\"\n",
     "allowed twice"},
    {"[tenants.Main]\nkey_file = \"k\"\n", "1 to 64 of a-z"},
    {"[tenants.b]\n", "either \"key_file\" or \"key_environment\""},
    {"[tenants.b]\nkey_file = \"k\"\nkey_environment = \"K\"\n", "either \"key_file\" or \"key_environment\""},
    {"[tenants]\nb = 3\n", "tenants"},
    {"[[webhooks]]\nsecret_file = \"k\"\n", "needs \"url\""},
    {"[[webhooks]]\nurl = \"ftp://h\"\nsecret_file = \"k\"\n", "no http:// or https:// address"},
    {"[[webhooks]]\nurl = \"http://h\"\n", "either \"secret_file\" or"},
    {"[[webhooks]]\nurl = \"http://h\"\nsecret_file = \"k\"\nactions = [\"block\"]\n", "one of: allow"},
    {"[[webhooks]]\nurl = \"http://h\"\nsecret_file = \"k\"\ntenant = \"mian\"\n", "did you mean \"main\"?"},
    {"[webhooks]\nurl = \"http://h\"\n", "written [[webhooks]]"},
    {"[log]\nlevel = \"loud\"\n", "one of: debug info warning error"},
};
INSTANTIATE_TEST_SUITE_P(All, BadConfig, testing::ValuesIn(kBad));

TEST(Config, a_policy_may_have_a_file_of_its_own) {
  const Folder folder;
  std::filesystem::create_directory(folder.path / "own");
  folder.put("own/policy.toml", "[policy]\nobserve = 0.5\njitter_key_file = \"j.key\"\n");
  folder.put("own/j.key", std::string(64, 'b') + "\n");
  const auto config = parse_config(kLeast + "[policy]\nfile = \"own/policy.toml\"\n", folder.path / "cms.toml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->policy_file, folder.path / "own/policy.toml");
  EXPECT_EQ(config->policy.ladder.observe, .5);
  EXPECT_EQ(config->policy.jitter, .1);
  EXPECT_EQ(config->policy.jitter_key.value()[5], 0xBB);
  const auto whole = folder.put("cms.toml", kLeast + "[policy]\nfile = \"own/policy.toml\"\n");
  for (const auto& path : {whole, folder.path / "own/policy.toml"}) {
    const auto policy = read_policy(path);
    ASSERT_TRUE(policy) << policy.error().message;
    EXPECT_EQ(*policy, config->policy);
  }
}

TEST(Config, a_policys_own_file_names_no_other) {
  const Folder folder;
  const auto path = folder.put("p.toml", "[policy]\nfile = \"p.toml\"\n");
  const auto policy = read_policy(path);
  ASSERT_FALSE(policy);
  EXPECT_NE(policy.error().message.find("names no other"), std::string::npos) << policy.error().message;
}

TEST(Config, an_allowance_of_a_tenant_that_is_not_there_is_refused_and_the_nearest_named) {
  policy::Policy policy;
  policy.allowances = {{"main", "bot", 1e10, Action::allow, "x"}};
  const std::vector<TenantConfig> tenants{{.name = "main", .key_file = {}, .key_environment = {}},
                                          {.name = "lab", .key_file = {}, .key_environment = {}}};
  EXPECT_TRUE(check_allowances(policy, tenants));
  policy.allowances.push_back({"mein", "bot", 1e10, Action::allow, "x"});
  const auto refused = check_allowances(policy, tenants);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::bad_input);
  EXPECT_NE(refused.error().message.find("\"mein\", which is not there; did you mean \"main\"?"), std::string::npos);
}

TEST(Config, a_policy_file_without_policy_or_with_unknown_sections_is_refused) {
  const Folder folder;
  EXPECT_NE(read_policy(folder.put("a", "[log]\n")).error().message.find("no section [policy]"), std::string::npos);
  EXPECT_NE(read_policy(folder.put("b", "[policy]\n[polizy]\n")).error().message.find("did you mean \"policy\"?"),
            std::string::npos);
  EXPECT_FALSE(read_policy(folder.path / "none"));
}

TEST(Config, a_whole_configuration_without_a_policy_has_the_usual_one_when_it_is_read_again) {
  const Folder folder;
  const auto config = parse_config(kLeast, folder.path / "cms.toml");
  ASSERT_TRUE(config) << config.error().message;
  const auto policy = read_policy(folder.put("cms.toml", kLeast));
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_EQ(*policy, config->policy);
  EXPECT_FALSE(read_policy(folder.put("b", kLeast + "[gate]\nshadow = true\n"))) << "its head was lost";
  EXPECT_FALSE(read_policy(folder.put("c", "[atlas]\nfile = \"a.cms\"\n"))) << "half written";
  EXPECT_FALSE(parse_policy(kLeast, *policy)) << "to be tried out";
  EXPECT_FALSE(read_policy(folder.put("d", kLeast), true)) << "in the place of the policy's own file";
  folder.put("q", "[policy]\n");
  EXPECT_TRUE(read_policy(folder.put("e", "[policy]\nfile = \"q\"\n")));
  EXPECT_FALSE(read_policy(folder.path / "e", true)) << "it names another";
}

TEST(Config, a_policy_that_is_tried_out_names_no_files_and_jitters_as_the_one_in_force) {
  policy::Policy in_force;
  in_force.jitter = .2;
  in_force.jitter_key.emplace().fill(7);
  const auto tried = parse_policy("[policy]\nlimit = 0.02\n", in_force);
  ASSERT_TRUE(tried) << tried.error().message;
  EXPECT_EQ(tried->ladder.limit, .02);
  EXPECT_EQ(tried->jitter, .2);
  EXPECT_EQ(tried->jitter_key, in_force.jitter_key);
  EXPECT_EQ(parse_policy("[policy]\njitter = 0.1\n", in_force)->jitter, .1);
  EXPECT_EQ(parse_policy("[policy]\njitter = 0\n", in_force)->jitter, 0);
  const std::pair<std::string, std::string> wrong[] = {
      {"[policy]\njitter_key_file = \"/etc/passwd\"\n", "policy, line 2, column 19: a policy that is tried out"},
      {"[policy]\nfile = \"other.toml\"\n", "policy, line 2, column 8: a policy that is tried out names no files"},
      {"[policy]\nlimit = 2\n", "policy, line 2, column 9: \"limit\" in [policy] is 2"},
      {"[policy]\nlimit = \n", "policy, line 2, column"},
      {"[policy]\nlimit = 0.5\n", "the ladder descends"},
      {"x", "policy, line 1, column"},
      {"", "there is no section [policy]"}};
  for (const auto& [text, message] : wrong) {
    const auto refused = parse_policy(text, in_force);
    ASSERT_FALSE(refused) << text;
    EXPECT_NE(refused.error().message.find(message), std::string::npos) << refused.error().message;
  }
}

TEST(Config, a_key_that_others_may_read_is_refused_and_no_message_holds_a_secret) {
  const Folder folder;
  const std::string secret(64, 'c');
  folder.put("j.key", secret + "\n", 0644);
  folder.put("short.key", secret.substr(1) + "\n");
  for (const auto* name : {"j.key", "short.key"}) {
    const auto policy = read_policy(folder.put("p", "[policy]\njitter_key_file = \"" + std::string(name) + "\"\n"));
    ASSERT_FALSE(policy);
    EXPECT_NE(policy.error().message.find(name), std::string::npos) << policy.error().message;
    EXPECT_EQ(policy.error().message.find("cccc"), std::string::npos) << policy.error().message;
  }
}

TEST(Config, no_cut_and_no_changed_byte_of_a_configuration_does_harm) {
  const auto text = default_config() + "[[policy.allow]]\ntenant = \"main\"\naccount = \"a\"\nuntil = 2027-01-01\n"
                                       "why = \"x\"\n[[webhooks]]\nurl = \"http://h\"\nsecret_file = \"s\"\n";
  for (std::size_t size = 0; size < text.size(); size += 7) static_cast<void>(parse(text.substr(0, size)));
  for (std::size_t i = 0; i < text.size(); i += 5) {
    auto changed = text;
    for (const char byte : {'\0', '\xFF', '[', '"', '='}) {
      changed[i] = byte;
      const auto config = parse(changed);
      EXPECT_TRUE(config || config.error().code == ErrorCode::bad_input);
    }
  }
  EXPECT_FALSE(parse(std::string(100'000, '[')));
}

}  // namespace
}  // namespace cms::serve
