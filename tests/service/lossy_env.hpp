// A file system whose process dies like a machine: what was not synced is gone.
//
// kill -9 alone loses nothing that the kernel has been given, so it cannot tell a store that syncs from one that does
// not. Here appended bytes stay in this process until Sync(); the store reads them back as if they were there.
// Threads: as RocksDB's Env. Cost: a copy.
#pragma once

#include <rocksdb/env.h>

#include <memory>

namespace cms::service {

// Wraps the machine's; the caller owns it, and it outlives the store.
std::unique_ptr<rocksdb::Env> lossy_env();

}  // namespace cms::service
