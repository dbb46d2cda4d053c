#include "serve/grpc_stream.hpp"

#include <algorithm>
#include <cstring>

#include "tap/half.hpp"

namespace cms::serve {
namespace {

using pipeline::Outcome;
using pipeline::Refusal;

constexpr std::size_t kSlotsMax = 1024;  // batches whose answers have not left
constexpr std::size_t kBytesMax = std::size_t{64} << 20;  // of batches that are not yet durable

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

}  // namespace

pipeline::Batch batch_of(const v1::ActivationBatch& message, Refusal refusal) {
  pipeline::Batch batch{message.tenant(), {message.producer(), message.epoch(), message.sequence()}, {}, true};
  batch.items.reserve(static_cast<std::size_t>(message.activations_size()));
  for (const auto& activation : message.activations()) batch.items.push_back(item_of(activation, refusal));
  return batch;
}

namespace {

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

void add_refused(v1::Acknowledgement& acknowledgement, std::size_t index, Refusal why) {
  auto* refused = acknowledgement.add_refused();
  refused->set_index(static_cast<std::uint32_t>(index));
  refused->set_reason(std::string(name(why)));
}

void refuse_tenant(std::size_t items, v1::Acknowledgement& acknowledgement) {
  acknowledgement.set_status(v1::STATUS_REFUSED);
  acknowledgement.set_reason(std::string(name(Refusal::tenant)));
  for (std::size_t i = 0; i < items; ++i) add_refused(acknowledgement, i, Refusal::tenant);
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
    if (outcome.refusals[i] != Refusal::none) add_refused(acknowledgement, i, outcome.refusals[i]);
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
    changed_.wait(lock, [&] { return waiting_ == 0; });
    ending_ = true;
  }
  changed_.notify_all();
}

bool ActivationStream::take(const v1::ActivationBatch& batch) {
  auto made = std::make_unique<Slot>();
  Slot& slot = *made;
  slot.items = static_cast<std::size_t>(batch.activations_size());
  slot.bytes = batch.ByteSizeLong();
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      const bool room = items_ + slot.items <= options_.in_flight_max &&
                        bytes_ + slot.bytes <= kBytesMax && slots_.size() < kSlotsMax &&
                        held_ + slot.items <= options_.items_max;
      return gone_ || slots_.empty() || room;
    });
    if (gone_) return false;
    ++waiting_;
    items_ += slot.items;
    bytes_ += slot.bytes;
    held_ += slot.items;
    slots_.push_back(std::move(made));
  }
  slot.acknowledgement.set_epoch(batch.epoch());
  slot.acknowledgement.set_sequence(batch.sequence());
  const bool known = std::ranges::find(options_.tenants, batch.tenant()) != options_.tenants.end();
  if (!known || !caller_.sees(batch.tenant())) {
    parts_.engine->count_refused(slot.items, Refusal::tenant);
    refuse_tenant(slot.items, slot.acknowledgement);
    answer(slot);
    return true;
  }
  const bool of_model = parts_.model->atlas.manifest.is_named(batch.model());
  auto taken = batch_of(batch, of_model ? Refusal::none : Refusal::model);
  parts_.engine->submit(std::move(taken), [this, &slot](const Outcome& outcome) {
    fill(outcome, slot.acknowledgement);
    answer(slot);
  });
  return true;
}

// The slot belongs to the sender from here on.
void ActivationStream::answer(Slot& slot) {
  const std::lock_guard lock(mutex_);
  --waiting_;
  items_ -= slot.items;
  bytes_ -= slot.bytes;
  slot.answered = true;
  // With the lock: once it is free, the destructor may go on.
  changed_.notify_all();
}

void ActivationStream::send_all() {
  for (;;) {
    std::unique_ptr<Slot> next;
    bool gone = false;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return (!slots_.empty() && slots_.front()->answered) || (slots_.empty() && ending_); });
      if (slots_.empty()) return;
      next = std::move(slots_.front());
      slots_.pop_front();
      held_ -= next->items;
      gone = gone_;
    }
    changed_.notify_all();
    if (gone || send_(next->acknowledgement)) continue;
    const std::lock_guard lock(mutex_);
    gone_ = true;
    changed_.notify_all();
  }
}

}  // namespace cms::serve
