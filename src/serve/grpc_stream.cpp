#include "serve/grpc_stream.hpp"

#include <algorithm>
#include <cstring>

#include "tap/half.hpp"

namespace cms::serve {
namespace {

using pipeline::Outcome;
using pipeline::Refusal;

pipeline::Item item_of(const v1::Activation& activation, Refusal refusal) {
  pipeline::Item item{activation.account(), activation.time(), {}, refusal};
  if (refusal != Refusal::none) return item;
  const auto& wide = activation.float32();
  const auto& narrow = activation.float16();
  if (wide.empty() == narrow.empty() || wide.size() % sizeof(float) != 0 || narrow.size() % 2 != 0) {
    item.refusal = Refusal::dimension;
  } else if (!wide.empty()) {
    item.activation.resize(wide.size() / sizeof(float));
    std::memcpy(item.activation.data(), wide.data(), wide.size());
  } else {
    item.activation.reserve(narrow.size() / 2);
    for (std::size_t i = 0; i < narrow.size(); i += 2) {
      std::uint16_t bits = 0;
      std::memcpy(&bits, narrow.data() + i, 2);
      item.activation.push_back(tap::from_half(bits));
    }
  }
  return item;
}

v1::Status status_of(Outcome::Status status) {
  switch (status) {
    case Outcome::Status::done: return v1::STATUS_DONE;
    case Outcome::Status::duplicate: return v1::STATUS_DUPLICATE;
    case Outcome::Status::gap: return v1::STATUS_GAP;
    case Outcome::Status::stale: return v1::STATUS_STALE;
    case Outcome::Status::refused: return v1::STATUS_REFUSED;
  }
  return v1::STATUS_REFUSED;
}

void fill(const Outcome& outcome, v1::Acknowledgement& acknowledgement) {
  acknowledgement.set_status(status_of(outcome.status));
  acknowledgement.set_expected(outcome.expected);
  if (outcome.status == Outcome::Status::refused) {
    acknowledgement.set_reason(std::string(name(outcome.refusals.front())));
    return;
  }
  if (outcome.status != Outcome::Status::done) return;
  for (std::size_t i = 0; i < outcome.refusals.size(); ++i) {
    if (outcome.refusals[i] == Refusal::none) continue;
    auto* refused = acknowledgement.add_refused();
    refused->set_index(static_cast<std::uint32_t>(i));
    refused->set_reason(std::string(name(outcome.refusals[i])));
  }
  acknowledgement.set_scored(static_cast<std::uint32_t>(outcome.refusals.size()) -
                             static_cast<std::uint32_t>(acknowledgement.refused_size()));
}

}  // namespace

ActivationStream::ActivationStream(const GrpcOptions& options, const GrpcParts& parts, Identity caller, Send send)
    : options_(options), parts_(parts), caller_(std::move(caller)), send_(std::move(send)), sender_([this] {
        send_all();
      }) {}

ActivationStream::~ActivationStream() {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return batches_ == 0; });
    ending_ = true;
  }
  changed_.notify_all();
}

bool ActivationStream::take(const v1::ActivationBatch& batch) {
  const auto count = static_cast<std::size_t>(batch.activations_size());
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return gone_ || items_ == 0 || items_ + count <= options_.in_flight_max; });
    if (gone_) return false;
    ++batches_;
    items_ += count;
  }
  v1::Acknowledgement acknowledgement;
  acknowledgement.set_epoch(batch.epoch());
  acknowledgement.set_sequence(batch.sequence());
  const bool known = std::ranges::find(options_.tenants, batch.tenant()) != options_.tenants.end();
  if (!known || !caller_.sees(batch.tenant())) {
    acknowledgement.set_status(v1::STATUS_REFUSED);
    acknowledgement.set_reason(std::string(name(Refusal::tenant)));
    answer(count, std::move(acknowledgement));
    return true;
  }
  const auto& manifest = parts_.model->atlas.manifest;
  const bool of_model = batch.model() == manifest.fingerprint() ||
                        (!manifest.model_hash.empty() && batch.model() == manifest.model_hash);
  pipeline::Batch taken{batch.tenant(), {batch.producer(), batch.epoch(), batch.sequence()}, {}};
  taken.items.reserve(count);
  for (const auto& activation : batch.activations()) {
    taken.items.push_back(item_of(activation, of_model ? Refusal::none : Refusal::model));
  }
  parts_.engine->submit(std::move(taken), [this, count, acknowledgement](const Outcome& outcome) mutable {
    fill(outcome, acknowledgement);
    answer(count, std::move(acknowledgement));
  });
  return true;
}

void ActivationStream::answer(std::size_t items, v1::Acknowledgement acknowledgement) {
  const std::lock_guard lock(mutex_);
  answers_.push_back(std::move(acknowledgement));
  --batches_;
  items_ -= items;
  // With the lock: once it is free, the destructor may go on.
  changed_.notify_all();
}

void ActivationStream::send_all() {
  for (;;) {
    std::deque<v1::Acknowledgement> ready;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !answers_.empty() || ending_; });
      if (answers_.empty()) return;
      ready.swap(answers_);
    }
    for (const auto& acknowledgement : ready) {
      if (send_(acknowledgement)) continue;
      const std::lock_guard lock(mutex_);
      gone_ = true;
      changed_.notify_all();
    }
  }
}

}  // namespace cms::serve
