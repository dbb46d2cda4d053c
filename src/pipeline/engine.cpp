#include "pipeline/engine.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "base/hash.hpp"
#include "pipeline/admission.hpp"
#include "pipeline/shard.hpp"
#include "pipeline/tariff.hpp"
#include "pipeline/ticket.hpp"

namespace cms::pipeline {
namespace {

constexpr std::size_t kCommitWrites = 4096;  // records in one commit, as far as whole batches allow
constexpr std::size_t kErasedTogether = 64;  // accounts, while batches wait
constexpr std::size_t kSteppedTogether = 128;  // requests that a shard takes at a time, as far as whole parts allow

// Tells how long it lived.
class Timed {
 public:
  explicit Timed(const std::function<void(double)>& tell) : tell_(tell) {}
  ~Timed() {
    if (tell_) tell_(std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count());
  }
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  const std::function<void(double)>& tell_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace

struct Engine::State {
  State(const Model& served, store::Store& kept, const EngineOptions& chosen, Clock now, Watcher watching,
        Hooks told)
      : model(served), store(kept), options(chosen), clock(std::move(now)), watcher(std::move(watching)),
        hooks(std::move(told)), prices(tariff(served)) {}

  const Model& model;
  store::Store& store;
  EngineOptions options;
  Clock clock;
  Watcher watcher;
  Hooks hooks;
  policy::Tariff prices;

  struct Lane {
    explicit Lane(std::unique_ptr<Shard> made) : shard(std::move(made)) {}
    std::unique_ptr<Shard> shard;
    std::mutex mutex;
    std::condition_variable_any ready;
    std::deque<Job> jobs;
  };
  std::vector<std::unique_ptr<Lane>> lanes;

  std::mutex admission;  // of what follows, to counters
  std::condition_variable_any changed;  // a ticket is finished or answered
  std::condition_variable room;         // in the queue, or a pause ended: who submits may go on
  std::deque<std::unique_ptr<Ticket>> tickets;
  std::uint64_t next_ticket = 1;
  Producers producers;
  std::uint32_t pauses = 0;  // nothing is admitted while there is one
  bool healing = false;      // after a failed commit: producers' positions have to be read before any batch is placed
  Counters counters;

  std::atomic<std::uint64_t> queued{0}, look_ups_failed{0};
  std::atomic<bool> durable{true};

  // Threads last: they end before what they use.
  std::vector<std::jthread> workers;
  std::jthread committer;

  // Whose an account is.
  [[nodiscard]] std::size_t lane_index(const store::AccountName& name) const {
    return stable_hash(key_of(name)) % lanes.size();
  }
  Lane& lane_of(const store::AccountName& name) { return *lanes[lane_index(name)]; }
  void check_items(Ticket& ticket) const;
  void hand_out(Ticket& ticket);
  void work(const std::stop_token& stop, Lane& lane);
  void commit_all(const std::stop_token& stop);
  std::vector<std::unique_ptr<Ticket>> take_finished(std::unique_lock<std::mutex>& lock, const std::stop_token& stop);
  Result<bool> commit(std::span<const std::unique_ptr<Ticket>> finished);
  void answer(std::vector<std::unique_ptr<Ticket>> finished, bool wrote);
  void fail_everything(std::vector<std::unique_ptr<Ticket>> finished, const std::string& why);
  void set_durable(bool now, const std::string& why = {});
  bool heal();
  Result<void> read_positions();
  void pause();
  void resume();
};

// Finds what cannot be taken, and sorts the rest by shard. Without a lock.
void Engine::State::check_items(Ticket& ticket) const {
  const std::size_t dimension = model.atlas.manifest.dimension;
  const double now = clock();
  auto& items = ticket.batch.items;
  ticket.outcome.refusals.resize(items.size());
  ticket.names.resize(items.size());
  std::vector<std::pair<std::size_t, std::size_t>> by_lane;
  for (std::size_t i = 0; i < items.size(); ++i) {
    ticket.outcome.refusals[i] = check(items[i], dimension, now, options);
    if (ticket.outcome.refusals[i] != Refusal::none) {
      items[i].activation = {};  // it waits for the rest of its batch, but not with its numbers
      continue;
    }
    ticket.names[i] = {ticket.batch.tenant, items[i].account};
    by_lane.emplace_back(lane_index(ticket.names[i]), i);
  }
  std::ranges::sort(by_lane);  // by shard, in each by place: what came first stays first
  for (const auto& [lane, place] : by_lane) {
    ShardItem item;
    item.name = &ticket.names[place];
    item.activation = items[place].activation;
    item.time = items[place].time;
    if (ticket.parts.empty() || ticket.parts.back().lane != lane) {
      ticket.parts.push_back({lane, ticket.items.size(), 0});
    }
    ++ticket.parts.back().count;
    ticket.items.push_back(item);
    ticket.places.push_back(place);
  }
}

// Gives a ticket's items to their shards, at the rung that the queue is at. With the admission lock, so that every
// shard gets tickets in their order.
void Engine::State::hand_out(Ticket& ticket) {
  const auto rung = rung_of(queued.load(std::memory_order_relaxed), options.queue_items);
  counters.rung = rung;
  counters.at_rung[rung] += ticket.items.size();
  ticket.rung = rung;
  for (std::size_t i = 0; i < ticket.items.size(); ++i) {
    ticket.items[i].clean_only = rung == 3 && is_left_out(ticket.number, ticket.places[i]);
  }
  // Once its last part is queued, the ticket may be finished; answered only when the admission lock is free again.
  ticket.parts_left = static_cast<std::uint32_t>(ticket.parts.size());
  for (const auto& part : ticket.parts) {
    auto& lane = *lanes[part.lane];
    {
      const std::lock_guard lock(lane.mutex);
      lane.jobs.push_back({&ticket, &part});
    }
    lane.ready.notify_one();
  }
}

// A shard takes what waits for it, so that groups reach over batches: there the small ones, and those of which some is
// shed, cost as whole ones do.
void Engine::State::work(const std::stop_token& stop, Lane& lane) {
  for (;;) {
    std::vector<Job> jobs;
    std::vector<ShardPart> parts;
    {
      std::unique_lock lock(lane.mutex);
      if (!lane.ready.wait(lock, stop, [&] { return !lane.jobs.empty(); })) return;
      for (std::size_t items = 0; !lane.jobs.empty() && items < kSteppedTogether; lane.jobs.pop_front()) {
        const auto& job = jobs.emplace_back(lane.jobs.front());
        parts.push_back(job.items());
        items += job.part->count;
      }
    }
    lane.shard->step(parts);
    bool finished = false;
    for (const auto& job : jobs) finished |= job.ticket->parts_left.fetch_sub(1) == 1;
    if (!finished) continue;
    const std::lock_guard lock(admission);  // so that who waits has looked before, or waits
    changed.notify_all();
  }
}

// The tickets at the front that are finished; none when it is time to stop.
std::vector<std::unique_ptr<Ticket>> Engine::State::take_finished(std::unique_lock<std::mutex>& lock,
                                                                  const std::stop_token& stop) {
  const auto first_finished = [&] { return !tickets.empty() && tickets.front()->parts_left == 0; };
  std::vector<std::unique_ptr<Ticket>> finished;
  if (!changed.wait(lock, stop, first_finished) && tickets.empty()) return finished;
  // Stopping, but not before everything admitted is answered.
  changed.wait(lock, first_finished);
  std::size_t writes = 0;
  while (first_finished() && writes < kCommitWrites) {
    writes += tickets.front()->items.size();
    finished.push_back(std::move(tickets.front()));
    tickets.pop_front();
  }
  return finished;
}

// True when something was written. Errors: those of the store; `failed` too when it could not be read for an account,
// the first time in a row: its requests are not done then.
Result<bool> Engine::State::commit(std::span<const std::unique_ptr<Ticket>> finished) {
  std::vector<store::Write> writes;
  std::vector<store::Position> positions;
  for (const auto& ticket : finished) {
    for (auto& item : ticket->items) {
      if (item.result == ShardItem::Result::unavailable) {
        return fail(ErrorCode::failed, "an account could not be read from the store");
      }
      if (item.result != ShardItem::Result::advanced) continue;
      writes.push_back({*item.name, std::move(item.advanced.record)});
    }
    const auto& position = ticket->batch.position;
    if (position.producer.empty() || ticket->outcome.status != Outcome::Status::done) continue;
    std::ranges::move(ticket->forgotten, std::back_inserter(positions));
    positions.push_back({ticket->batch.tenant, position.producer, position.epoch, position.sequence});
  }
  if (writes.empty() && positions.empty()) return false;
  const Timed timed(hooks.commit_s);
  CMS_CHECK(store.commit(writes, positions));
  return true;
}

void Engine::State::set_durable(bool now, const std::string& why) {
  if (durable.exchange(now) != now && hooks.durable) hooks.durable(now, why);
}

// Writes nothing, durably, which opens the store again where it was closed, and begins at the positions it has. With
// the admission lock. False while the disk goes on saying no.
bool Engine::State::heal() {
  if (!store.commit({}, {}) || !read_positions()) return false;
  healing = false;
  for (const auto& lane : lanes) lane->shard->forget_heads();  // requests that were refused are in them
  set_durable(true);
  return true;
}

// After a commit, or where there was nothing to write: tells who watches and who waits.
void Engine::State::answer(std::vector<std::unique_ptr<Ticket>> finished, bool wrote) {
  std::vector<Change> changes;
  std::uint64_t items = 0;
  for (const auto& ticket : finished) {
    std::uint64_t shed = 0;
    for (std::size_t i = 0; i < ticket->items.size(); ++i) {
      auto& item = ticket->items[i];
      auto& refusal = ticket->outcome.refusals[ticket->places[i]];
      if (item.result == ShardItem::Result::left_out) {
        refusal = Refusal::shed;
        ++shed;
      }
      if (item.result == ShardItem::Result::unreadable) refusal = Refusal::store;
      if (item.result != ShardItem::Result::advanced) continue;
      changes.push_back({std::move(ticket->names[ticket->places[i]]), item.time, item.advanced.score});
    }
    items += ticket->items.size();
    if (shed > 0 && hooks.shed) hooks.shed(ticket->batch.tenant, shed);
  }
  for (const auto& lane : lanes) lane->shard->durable(finished.back()->number);
  // Before an erasure that waits may go on: it must not hear of the account after that.
  if (watcher && !changes.empty()) watcher(changes);
  queued -= items;
  {
    const std::lock_guard lock(admission);
    counters.commits += wrote ? 1 : 0;
    for (const auto& ticket : finished) count(counters, ticket->batch, ticket->outcome);
  }
  changed.notify_all();
  // Where nothing is left in the queue no later commit would wake who was passed over.
  queued == 0 ? room.notify_all() : room.notify_one();
  for (const auto& ticket : finished) ticket->done(std::move(ticket->outcome));
}

Result<void> Engine::State::read_positions() {
  CMS_TRY(kept, store.positions());
  producers.start(kept);
  return {};
}

// After a commit that failed: what the disk does not have goes out of memory, and with it everything admitted.
void Engine::State::fail_everything(std::vector<std::unique_ptr<Ticket>> finished, const std::string& why) {
  set_durable(false, why);
  std::unique_lock lock(admission);
  ++pauses;
  ++counters.commit_failures;
  changed.wait(lock, [&] { return std::ranges::all_of(tickets, [](const auto& t) { return t->parts_left == 0; }); });
  for (auto& ticket : tickets) finished.push_back(std::move(ticket));
  tickets.clear();
  for (const auto& lane : lanes) {
    lane->shard->forget_undurable();
    lane->shard->durable(next_ticket - 1);
  }
  healing = true;  // the next batch has to
  for (auto& ticket : finished) {
    queued -= ticket->items.size();
    ticket->outcome.status = Outcome::Status::refused;
    ticket->outcome.refusals.assign(1, Refusal::store);
    count(counters, ticket->batch, ticket->outcome);
  }
  --pauses;
  lock.unlock();
  changed.notify_all();
  room.notify_all();
  for (const auto& ticket : finished) ticket->done(std::move(ticket->outcome));
}

void Engine::State::commit_all(const std::stop_token& stop) {
  for (;;) {
    std::unique_lock lock(admission);
    auto finished = take_finished(lock, stop);
    if (finished.empty()) return;
    lock.unlock();
    const auto committed = commit(finished);
    if (!committed) {
      fail_everything(std::move(finished), committed.error().message);
      continue;
    }
    if (*committed) set_durable(true);
    answer(std::move(finished), *committed);
  }
}

Result<Engine> Engine::start(const Model& model, store::Store& store, const EngineOptions& options, Clock clock,
                             Watcher watcher, Hooks hooks) {
  auto state = std::make_unique<State>(model, store, options, std::move(clock), std::move(watcher),
                                       std::move(hooks));
  CMS_CHECK(state->read_positions());
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const unsigned shards = options.shards > 0 ? options.shards : std::max(1U, cores - 1);
  const ShardOptions each{options.memory_bytes / shards, options.steps_max, options.look_up_patience,
                          state->hooks.load_failed};
  for (unsigned i = 0; i < shards; ++i) {
    state->lanes.push_back(std::make_unique<State::Lane>(std::make_unique<Shard>(model, store, each)));
  }
  auto* self = state.get();
  for (auto& lane : state->lanes) {
    state->workers.emplace_back([self, lane = lane.get()](const std::stop_token& stop) { self->work(stop, *lane); });
  }
  state->committer = std::jthread([self](const std::stop_token& stop) { self->commit_all(stop); });
  return Engine(std::move(state));
}

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Engine::Engine(Engine&&) noexcept = default;

// The committer goes first and answers everything; only then may the shards stop.
Engine::~Engine() {
  if (!state_) return;
  state_->committer.request_stop();
  state_->committer.join();
}

void Engine::submit(Batch batch, std::function<void(Outcome)> done) {
  auto ticket = std::make_unique<Ticket>();
  ticket->batch = std::move(batch);
  ticket->done = std::move(done);
  state_->check_items(*ticket);
  std::unique_lock lock(state_->admission);
  const std::uint64_t items = ticket->items.size();
  const auto is_full = [&] {
    const auto queued = state_->queued.load();
    return items > 0 && queued > 0 && queued + items > state_->options.queue_items;
  };
  state_->room.wait(lock, [&] { return state_->pauses == 0 && !(ticket->batch.patient && is_full()); });
  state_->room.notify_one();  // one that waits goes on at a time, and wakes the next: most would find no room left
  const bool full = is_full();
  const bool nameless = ticket->batch.position.producer.size() > kProducerBytesMax;
  if (nameless || full || (state_->healing && !state_->heal())) {
    ticket->outcome.status = Outcome::Status::refused;
    ticket->outcome.refusals.assign(1, nameless ? Refusal::account : full ? Refusal::overload : Refusal::store);
  } else if (!state_->producers.place(ticket->batch.tenant, ticket->batch.position, ticket->outcome,
                                       ticket->forgotten)) {
    ticket->items.clear();
    ticket->places.clear();
    ticket->parts.clear();
  }
  // A duplicate waits with the rest: what it repeats may not be durable yet.
  const auto status = ticket->outcome.status;
  if (status != Outcome::Status::done && status != Outcome::Status::duplicate) {
    count(state_->counters, ticket->batch, ticket->outcome);
    lock.unlock();
    return ticket->done(std::move(ticket->outcome));
  }
  ticket->number = state_->next_ticket++;
  state_->queued += ticket->items.size();
  const bool nothing = ticket->items.empty();
  auto* admitted = ticket.get();
  state_->tickets.push_back(std::move(ticket));
  state_->hand_out(*admitted);
  lock.unlock();  // from here on the ticket may be answered and gone
  if (nothing) state_->changed.notify_all();
}

Outcome Engine::ingest(Batch batch) {
  std::mutex mutex;
  std::condition_variable ready;
  std::optional<Outcome> result;
  submit(std::move(batch), [&](Outcome outcome) {
    const std::lock_guard lock(mutex);
    result = std::move(outcome);
    ready.notify_one();
  });
  std::unique_lock lock(mutex);
  ready.wait(lock, [&] { return result.has_value(); });
  return std::move(*result);
}

void Engine::count_refused(std::uint64_t items, Refusal why) {
  const std::lock_guard lock(state_->admission);
  state_->counters.received += items;
  state_->counters.refused += items;
  state_->counters.by_refusal[static_cast<std::size_t>(why)] += items;
}

Result<std::optional<Standing>> Engine::look_up(const store::AccountName& name, double time) {
  const Timed timed(state_->hooks.look_up_s);
  auto head = state_->lane_of(name).shard->head(name);
  if (!head) {
    state_->look_ups_failed.fetch_add(1, std::memory_order_relaxed);
    return tl::make_unexpected(std::move(head).error());
  }
  if (!*head) return std::nullopt;
  return standing_of(state_->model, state_->prices, **head, time);
}

Result<std::optional<Account>> Engine::account(const store::AccountName& name) {
  std::optional<Account> copy;
  CMS_CHECK(state_->lane_of(name).shard->look(name, [&](const Account& found) { copy = found; }, false));
  return copy;
}

Result<std::optional<Engine::Trace>> Engine::trace(const store::AccountName& name) {
  std::optional<Trace> seen;
  const auto look = [&](const Account& found) {
    const auto score = score_at(state_->model, found.state, found.state.time);
    seen = {found.state.signature, found.state.time, static_cast<float>(score.poh)};
  };
  CMS_CHECK(state_->lane_of(name).shard->look(name, look, false));
  return seen;
}

// Nothing is under way between these two, and nothing comes in.
void Engine::State::pause() {
  std::unique_lock lock(admission);
  ++pauses;
  changed.wait(lock, [&] { return tickets.empty() && queued == 0; });
}

void Engine::State::resume() {
  const std::lock_guard lock(admission);
  --pauses;
  room.notify_all();
}

Result<bool> Engine::erase(const store::AccountName& name) {
  auto& state = *state_;
  state.pause();
  auto erased = state.store.erase(name);
  state.lane_of(name).shard->forget(name);
  // Also where it failed half-way: rows that may be gone must not be remembered.
  if (state.hooks.erased && (!erased || *erased)) state.hooks.erased(name, erased.has_value());
  state.resume();
  return erased;
}

Result<std::uint64_t> Engine::erase_idle(const std::string& tenant, std::span<const std::string> names, double time) {
  auto& state = *state_;
  std::uint64_t all = 0;
  for (std::size_t first = 0; first < names.size(); first += kErasedTogether) {
    const auto began = std::chrono::steady_clock::now();
    std::vector<std::string> erased;
    state.pause();
    const auto part = names.subspan(first, std::min(kErasedTogether, names.size() - first));
    const auto done = state.store.erase_idle(tenant, part, time, erased);
    for (const auto& account : erased) {
      state.lane_of({tenant, account}).shard->forget({tenant, account});
      if (state.hooks.erased) state.hooks.erased({tenant, account}, done.has_value());
    }
    state.resume();
    CMS_CHECK(done);
    all += erased.size();
    std::this_thread::sleep_for(std::chrono::steady_clock::now() - began);  // who waited comes in before the next pause
  }
  return all;
}

bool Engine::durable() const { return state_->durable; }

Counters Engine::counters() const {
  const std::lock_guard lock(state_->admission);
  auto counters = state_->counters;
  counters.queue_items = state_->queued;
  counters.look_ups_failed = state_->look_ups_failed.load(std::memory_order_relaxed);
  for (const auto& lane : state_->lanes) {
    counters.accounts += lane->shard->accounts();
    counters.loads += lane->shard->loads();
    counters.evictions += lane->shard->evictions();
  }
  return counters;
}

}  // namespace cms::pipeline
