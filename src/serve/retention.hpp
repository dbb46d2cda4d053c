// Accounts that were idle for longer than their tenant keeps them.
//
// Threads: one at a time; requests go on, but while some tens of accounts are erased (Engine::erase_idle()). Cost: some
// reads for each account of the tenant, all rows of those that are erased twice; memory for the names of 511.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>

#include "base/result.hpp"
#include "pipeline/engine.hpp"
#include "serve/config.hpp"
#include "store/store.hpp"

namespace cms::serve {

struct Retention {
  store::Store& store;
  pipeline::Engine& engine;
  double now = 0;                                   // seconds since 1970
  std::size_t accounts_max = std::size_t{1} << 18;  // erased in one call; up to 256 more
  std::stop_token stop{};                           // no more accounts are looked for after this
};

struct Retained {
  std::uint64_t erased = 0;
  std::uint64_t damaged = 0;  // stay, due or not: their rows cannot be read
  std::string first_damaged;  // pseudonym of one of them
  std::uint64_t passed_over = 0;  // stretches of rows of which nobody knows whose they are
};

// Erases those of a tenant's accounts whose last request is more than its retention_days before now, at most so many:
// who is left over is due at the next call. They are entered into the audit log first, some hundreds at a time, by
// pseudonym, and how many they are; who came back since is not erased, and whose rows cannot be read is not entered.
// Errors: `failed`, after which an entry may stand for accounts that are there still; `bad_input` where the list of
// accounts is damaged: who lies before that place is erased.
Result<Retained> erase_idle(const Retention& retention, const TenantConfig& tenant);

}  // namespace cms::serve
