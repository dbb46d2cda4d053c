#include "pipeline/cold_reader.hpp"

#include <algorithm>
#include <utility>

namespace cms::pipeline {

ColdReader::ColdReader(std::function<Read(const store::AccountName&)> load, std::chrono::milliseconds patience)
    : load_(std::move(load)), patience_(patience), thread_([this](const std::stop_token& stop) { work(stop); }) {}

ColdReader::~ColdReader() = default;

// With the lock. What is asked for already is asked for once; one that is under way may be of before the question.
std::shared_ptr<ColdReader::Asked> ColdReader::ask(const store::AccountName& name) {
  const auto found = std::ranges::find(asked_, name, [](const auto& one) { return one->name; });
  if (found != asked_.end()) return *found;
  asked_more_.notify_one();
  return asked_.emplace_back(std::make_shared<Asked>(name));
}

ColdReader::Read ColdReader::read(const store::AccountName& name) {
  const auto late = [] { return fail(ErrorCode::failed, "the store does not answer in time"); };
  std::unique_lock lock(mutex_);
  if (slow_) {
    if (!reading_ && asked_.empty()) ask(name);
    return late();
  }
  const auto asked = ask(name);
  ++asked->waiting;
  has_read_.wait_for(lock, patience_, [&] { return asked->read.has_value(); });
  --asked->waiting;
  if (asked->read) return *asked->read;
  slow_ = true;
  if (asked->waiting == 0) std::erase(asked_, asked);
  return late();
}

void ColdReader::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (asked_more_.wait(lock, stop, [this] { return !asked_.empty(); }) && !stop.stop_requested()) {
    const auto asked = std::move(asked_.front());
    asked_.pop_front();
    reading_ = true;
    lock.unlock();
    const auto start = std::chrono::steady_clock::now();
    auto read = load_(asked->name);
    const auto took = std::chrono::steady_clock::now() - start;
    lock.lock();
    asked->read = std::move(read);
    reading_ = false;
    if (took < patience_) slow_ = false;
    has_read_.notify_all();
  }
}

}  // namespace cms::pipeline
