// For tests: the campaigns of a world as a daemon that starts has them, and a world that is read from its disk.
//
// Threads: one owner. Cost: those of a ServeWorld.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "serve/serve_example.hpp"
#include "store/injecting_env.hpp"
#include "store/rows.hpp"

namespace cms::serve {

inline const std::vector<std::string> kRestartedTenants{"acme", "other"};

class Restarted {
 public:
  explicit Restarted(ServeWorld& world)
      : kept_(Campaigns::recall({}, ServeWorld::suspicious(), world.store(), kRestartedTenants,
                                [&world] { return world.now.load(); }, hooks())
                  .value()) {}

  std::vector<std::string> told, said;

 private:
  Campaigns::Hooks hooks() {
    return {[this](const auto&, const auto& event) { told.emplace_back(fleet::name(event.change)); },
            [this](const auto& words) { said.push_back(words); }, [](const auto&, auto) {}};
  }

  std::unique_ptr<Campaigns> kept_;  // after what its hooks write to

 public:
  Campaigns& made = *kept_;
};

// A world whose rows lie in table files, so that blocks of them can be spoilt, and an engine that has read none yet.
class ColdWorld {
 public:
  explicit ColdWorld(std::string_view name) : world(name, {}, {}, {}, environment_.get()) {}

  void ingest_members() {
    for (int i = 0; i < kMembers; ++i) world.ingest(member(i), 27, 3);
  }
  static std::string member(int i) { return "member" + std::to_string(i); }
  // What was written so far goes to a table file, for an erasure rewrites it. In memory is what looking at one of
  // another tenant takes, the index among it.
  void settle() {
    const auto elsewhere = world.as(Role::tap, "other") + "Cms-Model: example/l1/mean\r\n" +
                           "Content-Type: application/x-ndjson\r\n";
    world.ask("POST", "/v1/tenants/other/activations", elsewhere, world.lines("someone", 3));
    world.ingest("gone", 3);
    EXPECT_EQ(world.ask("DELETE", "/v1/tenants/acme/accounts/gone", world.as(Role::admin)).status, 204U);
    EXPECT_EQ(world.store().list("other", "", 1)->accounts.size(), 1U);
    engine.emplace(pipeline::Engine::start(world.model(), world.store(), {.shards = 1},
                                           [this] { return world.now.load(); })
                       .value());
  }
  // Spoils the block that a member begins in, which it may share with another. Returns who cannot be read.
  std::set<std::string> spoil_a_member() {
    const auto acme = store::make_tenant("acme", store::parse_key(std::string(64, '1')).value());
    std::set<std::string> unread;
    for (int bad = 0; bad < kMembers && unread.empty(); ++bad) {  // the first block may be in memory
      const auto row = store::part_row(store::account_prefix(acme, member(bad)), store::Part::key);
      files->spoil(row.substr(store::kAccountPrefixBytes - 8));
      for (int i = 0; i < kMembers; ++i) {
        const auto trace = engine->trace({"acme", member(i)});
        if (trace) continue;
        EXPECT_EQ(trace.error().code, ErrorCode::failed) << trace.error().message;
        unread.insert(member(i));
      }
    }
    EXPECT_TRUE(!unread.empty() && unread.size() <= 3) << unread.size();
    return unread;
  }

  static constexpr int kMembers = 12;
  std::shared_ptr<store::InjectingFiles> files = std::make_shared<store::InjectingFiles>();  // so RocksDB wants it

 private:
  std::unique_ptr<rocksdb::Env> environment_ = rocksdb::NewCompositeEnv(files);

 public:
  ServeWorld world;
  std::optional<pipeline::Engine> engine;
};

}  // namespace cms::serve
