// Accounts that were idle for longer than their tenant keeps them.
//
// Threads: one at a time; requests go on, but while accounts are erased (Engine::erase_before()). Cost: some reads for
// each account of the tenant, twice; memory for the names of `accounts_max`.
#pragma once

#include <cstddef>
#include <cstdint>

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
};

// Erases those of a tenant's accounts whose last request is more than its retention_days before now, at most so many:
// who is left over is due at the next call. They are entered into the audit log first, by pseudonym, and how many they
// are; who came back since is not erased. Returns how many were. Errors: `failed`, `bad_input`; then an entry may
// stand for accounts that are there still.
Result<std::uint64_t> erase_idle(const Retention& retention, const TenantConfig& tenant);

}  // namespace cms::serve
