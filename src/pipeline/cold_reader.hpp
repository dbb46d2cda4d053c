// Reads heads of accounts that are not in memory, for who must not wait long: on a thread of its own, one after the
// other, each once for all who ask for it before it is begun.
//
// Invariant: an account is asked for only while somebody waits for it, or as the one try that tells whether the disk
// answers again. So no more of them wait than callers do, and what nobody waits for any more is not read.
// Threads: any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "pipeline/standing.hpp"
#include "store/store.hpp"

namespace cms::pipeline {

class ColdReader {
 public:
  using Read = Result<std::optional<Head>>;

  // `load` is called by this thread alone.
  ColdReader(std::function<Read(const store::AccountName&)> load, std::chrono::milliseconds patience);
  // Waits for the load that is under way.
  ~ColdReader();

  // What load() gives. Errors: load()'s; `failed` when that takes longer than `patience`, and at once from then until a
  // load has come to an end within it.
  Read read(const store::AccountName& name);

 private:
  struct Asked {
    store::AccountName name;
    std::uint32_t waiting = 0;
    std::optional<Read> read;
  };

  void work(const std::stop_token& stop);
  std::shared_ptr<Asked> ask(const store::AccountName& name);

  std::function<Read(const store::AccountName&)> load_;
  std::chrono::milliseconds patience_;
  std::mutex mutex_;  // of what follows
  std::condition_variable_any asked_more_, has_read_;
  std::deque<std::shared_ptr<Asked>> asked_;
  bool reading_ = false, slow_ = false;
  std::jthread thread_;  // last: it ends before what it uses
};

}  // namespace cms::pipeline
