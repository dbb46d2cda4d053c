// cms key, cms store and cms erase: a store's keys, care and copies while no daemon has it open.
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "store/store.hpp"
#include "tap/json_lines.hpp"

namespace {

using cms::ErrorCode;
using cms::Result;
namespace store = cms::store;

struct Words {
  std::string path;
  std::vector<std::string> keys;  // TENANT=FILE
  std::string tenant, account, snapshot, target;
  std::uint64_t after = 0, limit = 1000;
};

Result<store::KeyRing> read_keys(const std::vector<std::string>& words) {
  store::KeyRing ring;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      return cms::fail(ErrorCode::usage, fmt::format("--key {}: give TENANT=FILE", word));
    }
    CMS_TRY(key, store::read_key(word.substr(equals + 1)));
    ring.insert_or_assign(word.substr(0, equals), key);
  }
  return ring;
}

// Opens a store that is there already: a mistyped folder must not become a new one.
Result<store::Store> open_store(const Words& words) {
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::path(words.path) / "CURRENT", error)) {
    return cms::fail(ErrorCode::bad_input, fmt::format("{} holds no store", words.path));
  }
  CMS_TRY(keys, read_keys(words.keys));
  store::Options options;
  options.path = words.path;
  auto opened = store::Store::open(options, std::move(keys));
  if (!opened && opened.error().message.find("another program") != std::string::npos) {
    return cms::fail(ErrorCode::failed, opened.error().message + "; stop it, or ask it through its API");
  }
  return opened;
}

Result<void> verify(const Words& words) {
  CMS_TRY(opened, open_store(words));
  CMS_TRY(records, opened.verify());
  CMS_TRY(entries, opened.verify_audit());
  const auto tenants = words.keys.size();
  fmt::print("{}: {} record{} of {} tenant{}, {} entr{} of the audit log, all as they were written\n", words.path,
             records, records == 1 ? "" : "s", tenants, tenants == 1 ? "" : "s", entries, entries == 1 ? "y" : "ies");
  return {};
}

Result<void> snapshot(const Words& words) {
  CMS_TRY(opened, open_store(words));
  CMS_CHECK(opened.snapshot(words.target));
  fmt::print("{}\n", words.target);
  return {};
}

Result<void> restore(const Words& words) {
  CMS_CHECK(store::restore(words.snapshot, words.path));
  fmt::print("{}\n", words.path);
  return {};
}

// One JSON object a line.
Result<void> audit(const Words& words) {
  CMS_TRY(opened, open_store(words));
  CMS_CHECK(opened.verify_audit());
  CMS_TRY(entries, opened.audit(words.tenant, words.after, words.limit));
  for (const auto& entry : entries) {
    nlohmann::ordered_json line = {{"number", entry.number}, {"time", entry.time},     {"tenant", entry.tenant},
                                   {"actor", entry.actor},   {"action", entry.action}, {"hash", entry.hash}};
    // A detail is JSON; what is not stands as text.
    auto detail = cms::tap::parse_json<nlohmann::ordered_json>(entry.detail);
    line["detail"] = detail ? std::move(*detail) : nlohmann::ordered_json(entry.detail);
    fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  return {};
}

Result<void> erase(const Words& words) {
  CMS_TRY(opened, open_store(words));
  const store::AccountName account{words.tenant, words.account};
  CMS_TRY(name, opened.pseudonym(account));
  // The store has no clock of its own; an entry by hand is told from the daemon's by its actor.
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  const auto tell = [&] {
    return opened.append_audit({.number = 0, .time = now, .tenant = words.tenant, .actor = "cms erase",
                                .action = "erase", .detail = fmt::format("{{\"account\":\"{}\"}}", name),
                                .hash = ""});
  };
  // Before the erasure: whatever happens after it, none is without its entry. Rows that lost their key are nobody's
  // records any more, and only erasing them says that they were there.
  const auto records = opened.load(account);
  const bool known = !records || !records->empty();
  if (known) CMS_CHECK(tell());
  CMS_TRY(there, opened.erase(account));
  if (!there) {
    return cms::fail(ErrorCode::bad_input, fmt::format("tenant {} has no account {}", words.tenant, words.account));
  }
  if (!known) CMS_CHECK(tell());
  CMS_CHECK(opened.compact_erased());
  fmt::print("erased {}\n", name);
  return {};
}

using Verb = Result<void> (*)(const Words&);

// Registers one verb that works on a store's folder.
CLI::App* add_verb(CLI::App& parent, Run& chosen, std::shared_ptr<Words> words, const char* name, const char* does,
                   Verb verb) {
  auto* command = parent.add_subcommand(name, does);
  command->add_option("--path", words->path, "The store's folder")->required();
  command->callback([words, verb, &chosen] { chosen = [words, verb] { return verb(*words); }; });
  return command;
}

void add_keys(CLI::App& command, Words& words) {
  command.add_option("--key", words.keys, "TENANT=FILE, once a tenant")->required()->allow_extra_args(false);
}

}  // namespace

void add_store(CLI::App& app, Run& chosen) {
  auto* key = app.add_subcommand("key", "Make a tenant's key: 64 hex digits in a file for its owner alone");
  auto file = std::make_shared<std::string>();
  key->add_option("FILE", *file, "A file that is not there yet")->required();
  key->callback([file, &chosen] { chosen = [file] { return store::make_key(*file); }; });

  auto words = std::make_shared<Words>();
  auto* group = app.add_subcommand("store", "Verify and copy the store of a daemon that is stopped");
  group->require_subcommand(1);
  add_keys(*add_verb(*group, chosen, words, "verify", "Read and check every block and record", verify), *words);
  auto* copy = add_verb(*group, chosen, words, "snapshot", "Copy the store to a new folder", snapshot);
  add_keys(*copy, *words);
  copy->add_option("FOLDER", words->target, "A folder that is not there yet")->required();
  add_verb(*group, chosen, words, "restore", "Put a snapshot where a store is to be", restore)
      ->add_option("SNAPSHOT", words->snapshot, "The snapshot's folder")
      ->required();
  auto* log = add_verb(*group, chosen, words, "audit", "The audit log, checked, as JSON lines", audit);
  add_keys(*log, *words);
  log->add_option("--tenant", words->tenant, "Of this tenant alone");
  log->add_option("--after", words->after, "Entries after this number");
  log->add_option("--limit", words->limit, "At most so many")->capture_default_str();

  auto* gone = add_verb(app, chosen, words, "erase", "Erase an account from a stopped daemon's store", erase);
  add_keys(*gone, *words);
  gone->add_option("TENANT", words->tenant)->required();
  gone->add_option("ACCOUNT", words->account)->required();
}
