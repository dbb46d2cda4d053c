// cms_service_load: what the proofs of the daemon are driven with. See usage below and docs/reliability.md.
//
//   make             writes an atlas of noise, of the dimension asked for, and a fleet's calibration that flags nobody
//   send             streams batches to a daemon, from the first that was not acknowledged, over as many connections as
//                    it takes, and writes how far it got into --acked after every acknowledgement
//   canary           sends one batch of --account, whose activations have the bytes of --text over and over; digits are
//                    finite numbers
//   look             looks decisions up at a steady rate and prints the percentiles
//   check            does all acknowledged batches again with the pure step and compares every account in the store
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/files.hpp"
#include "cms.grpc.pb.h"
#include "fleet/calibration_file.hpp"
#include "pipeline/model_example.hpp"
#include "pipeline/record.hpp"
#include "tests/service/traffic.hpp"

namespace {

using cms::Result;
namespace v1 = cms::v1;
using Clock = std::chrono::steady_clock;

constexpr const char* kNoise = "noise/final/mean";  // what `make` calls its model

struct Words {
  std::string atlas, fleet, address, token, tenant = "t", producer = "tap", acked, store, key;
  std::string account, text, model = kNoise;
  std::string names;        // what accounts of a ring begin with, the producer where it is empty
  std::uint64_t first = 0;  // number of the first of them
  cms::service::TrafficOptions traffic;
  double seconds = 10, rate = 0;
  double offered = 0;             // items a second that come about, sent or not
  std::uint64_t kept = 256;       // batches that wait to be sent, at most; what comes beyond is dropped
  std::uint64_t batches = 0;
  std::uint64_t epoch = 1;
  std::uint64_t ring = 256;      // batches made before, for rates
  std::uint32_t in_flight = 32;  // batches
};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

Result<void> make_atlas(const Words& words) {
  auto model = cms::pipeline::example_model({.dimension = words.traffic.dimension}, 64, 150);
  model.atlas.manifest.model_name = "noise";
  model.atlas.manifest.layer = "final";
  model.atlas.manifest.pooling = "mean";
  model.atlas.manifest.normalisation = "output_norm";
  model.atlas.manifest.template_name = "none";
  CMS_CHECK(write_model(words.atlas, model));
  if (words.fleet.empty()) return {};
  cms::fleet::CampaignCalibration calibration;
  calibration.rankings[""].assign(199, 1e6);
  return cms::write_file(words.fleet, cms::fleet::encode({model.name, 1'000'000, calibration}));
}

void authorise(grpc::ClientContext& context, const Words& words) {
  context.AddMetadata("authorization", "Bearer " + words.token);
}

v1::ActivationBatch wire(const cms::pipeline::Batch& batch) {
  v1::ActivationBatch message;
  message.set_tenant(batch.tenant);
  message.set_producer(batch.position.producer);
  message.set_epoch(batch.position.epoch);
  message.set_sequence(batch.position.sequence);
  message.set_model(kNoise);
  for (const auto& item : batch.items) {
    auto* activation = message.add_activations();
    activation->set_account(item.account);
    activation->set_time(item.time);
    activation->set_float32(item.activation.data(), item.activation.size() * sizeof(float));
  }
  return message;
}

// The account `rounds` further on, among those that are asked for: "tap-account-7" becomes "tap-account-8".
std::string moved(const Words& words, const std::string& account, std::uint64_t rounds) {
  const auto number = std::stoull(account.substr(account.rfind('-') + 1));
  return fmt::format("{}-account-{}", words.names.empty() ? words.producer : words.names,
                     words.first + (number + rounds) % words.traffic.accounts);
}

// How far a producer got: batches that were acknowledged, and what came of their items.
struct Progress {
  std::uint64_t acked = 0;  // sequence
  std::uint64_t scored = 0, refused = 0, duplicates = 0, overloads = 0;
  std::uint64_t sent = 0, dropped = 0;  // batches: written into a stream; never sent, for nobody took them
  bool wrong = false;       // an acknowledgement that no order of events explains
};

// What the two threads of a connection share.
struct Window {
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t first = 0, sent = 0, acked = 0;  // sequences
  bool broken = false;

  void set_acked(std::uint64_t sequence) {
    const std::lock_guard lock(mutex);
    acked = sequence;
    changed.notify_one();
  }
  void end() {
    const std::lock_guard lock(mutex);
    broken = true;
    changed.notify_one();
  }
};

struct Sender {
  const Words& words;
  const std::vector<v1::ActivationBatch>& ring;
  const cms::service::Traffic& traffic;
  Clock::time_point end;
};

v1::ActivationBatch message_of(const Sender& sender, std::uint64_t sequence) {
  const auto& words = sender.words;
  const bool made = !sender.ring.empty();
  auto message = made ? sender.ring[sequence % sender.ring.size()]
                      : wire(sender.traffic.batch(words.tenant, words.producer, sequence));
  message.set_epoch(words.epoch);
  message.set_sequence(sequence);
  if (!made) return message;
  // Each time round the requests go to other accounts: the same ones again would be repeats, which cost nothing.
  for (auto& activation : *message.mutable_activations()) {
    activation.set_account(moved(words, activation.account(), sequence / sender.ring.size()));
  }
  return message;
}

// Of the batches that came about since `began`, those that found the tap's own queue full. Requests come whether or not
// a daemon keeps up, and a tap never waits: this is what an inference server's does.
std::uint64_t dropped_by(const Words& words, Clock::time_point began, std::uint64_t sent, std::uint64_t dropped) {
  const auto came = static_cast<std::uint64_t>(seconds_since(began) * words.offered / words.traffic.batch);
  const std::uint64_t gone = sent + dropped + words.kept;
  return came > gone ? came - gone : 0;
}

// Sends what is not sent yet, no more ahead of the answers than in_flight, no faster than the rate.
void write_all(const Sender& sender, Window& window, Progress& progress,
               grpc::ClientReaderWriter<v1::ActivationBatch, v1::Acknowledgement>& stream) {
  const auto& words = sender.words;
  const auto began = Clock::now();
  const auto dropped_before = progress.dropped;
  for (;;) {
    std::uint64_t sequence = 0;
    {
      std::unique_lock lock(window.mutex);
      window.changed.wait(lock, [&] { return window.broken || window.sent - window.acked < words.in_flight; });
      const bool all = words.batches > 0 && window.sent >= words.batches;
      if (window.broken || all || Clock::now() >= sender.end) break;
      sequence = ++window.sent;
    }
    if (const double rate = words.offered > 0 ? words.offered : words.rate; rate > 0) {
      const auto came = sequence - window.first + progress.dropped - dropped_before;
      const double due_s = static_cast<double>(came * words.traffic.batch) / rate;
      std::this_thread::sleep_until(began + std::chrono::microseconds(static_cast<std::int64_t>(1e6 * due_s)));
    }
    if (!stream.Write(message_of(sender, sequence))) break;
    ++progress.sent;
    progress.dropped += dropped_by(words, began, sequence - window.first, progress.dropped - dropped_before);
  }
  stream.WritesDone();
}

// False when the stream has to begin again: overload, or the store said no. Batches behind such a one are gaps.
bool take_answer(const Words& words, const v1::Acknowledgement& answer, Progress& progress) {
  const bool good = answer.status() == v1::STATUS_DONE || answer.status() == v1::STATUS_DUPLICATE;
  if (!good || answer.sequence() != progress.acked + 1) {
    progress.overloads += answer.status() == v1::STATUS_REFUSED ? 1 : 0;
    progress.wrong = progress.wrong || (answer.status() == v1::STATUS_GAP && answer.expected() <= progress.acked);
    return false;
  }
  progress.acked = answer.sequence();
  progress.scored += answer.scored();
  progress.refused += static_cast<std::uint64_t>(answer.refused_size());
  progress.duplicates += answer.status() == v1::STATUS_DUPLICATE ? 1 : 0;
  if (!words.acked.empty()) (void)cms::write_file(words.acked, std::to_string(progress.acked));
  return true;
}

// One connection, until it breaks or all is sent. The reader of answers is the calling thread.
void stream_once(const Sender& sender, Progress& progress) {
  grpc::ChannelArguments impatient;  // daemons that are killed live for less than gRPC would wait between two attempts
  for (const char* wait : {GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,
                           GRPC_ARG_MAX_RECONNECT_BACKOFF_MS}) {
    impatient.SetInt(wait, 100);
  }
  auto channel = grpc::CreateCustomChannel(sender.words.address, grpc::InsecureChannelCredentials(), impatient);
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(2))) return;
  const auto stub = v1::Ingest::NewStub(channel);
  grpc::ClientContext context;
  authorise(context, sender.words);
  const auto stream = stub->Activations(&context);
  Window window;
  window.first = window.sent = window.acked = progress.acked;
  std::jthread writer([&] { write_all(sender, window, progress, *stream); });
  v1::Acknowledgement answer;
  while (stream->Read(&answer) && take_answer(sender.words, answer, progress)) window.set_acked(progress.acked);
  window.end();
  context.TryCancel();
  writer.join();
  stream->Finish();
}

std::uint64_t acked_before(const Words& words) {
  const auto text = words.acked.empty() ? Result<std::string>("") : cms::read_text_file(words.acked);
  return text && !text->empty() ? std::stoull(*text) : 0;
}

Result<void> send(const Words& words) {
  const cms::service::Traffic traffic(words.traffic);
  // For rates, batches made before: making them costs as much as sending.
  std::vector<v1::ActivationBatch> ring;
  if (words.acked.empty()) {
    for (std::uint64_t b = 1; b <= words.ring; ++b) {
      ring.push_back(wire(traffic.batch(words.tenant, words.producer, b)));
    }
  }
  Progress progress;
  progress.acked = acked_before(words);
  const auto first = progress.acked;
  const auto start = Clock::now();
  const auto end = start + std::chrono::microseconds(static_cast<std::int64_t>(words.seconds * 1e6));
  std::uint32_t connections = 0;
  while (Clock::now() < end && (words.batches == 0 || progress.acked < words.batches) && !progress.wrong) {
    stream_once({words, ring, traffic, end}, progress);
    ++connections;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const double took = seconds_since(start);
  nlohmann::ordered_json line;
  line["acked_batches"] = progress.acked;
  line["acked_items"] = (progress.acked - first) * words.traffic.batch;
  line["scored"] = progress.scored;
  line["refused"] = progress.refused;
  line["duplicates"] = progress.duplicates;
  line["overloads"] = progress.overloads;
  line["sent_items"] = progress.sent * words.traffic.batch;
  line["dropped_items"] = progress.dropped * words.traffic.batch;
  line["connections"] = connections;
  line["seconds"] = took;
  line["items_per_s"] = static_cast<double>((progress.acked - first) * words.traffic.batch) / took;
  line["wrong"] = progress.wrong;
  fmt::print("{}\n", line.dump());
  if (progress.wrong) return cms::fail(cms::ErrorCode::failed, "the daemon has less than it acknowledged");
  return {};
}

Result<void> send_canary(const Words& words) {
  cms::pipeline::Batch batch{words.tenant, {words.producer, words.epoch, 1}, {}};
  for (std::uint32_t i = 0; i < words.traffic.batch; ++i) {
    cms::pipeline::Item item{words.account, words.traffic.start_time + i, {}};
    item.activation.resize(words.traffic.dimension);
    auto* bytes = reinterpret_cast<char*>(item.activation.data());
    for (std::size_t j = 0; j < item.activation.size() * sizeof(float); ++j) {
      bytes[j] = words.text[(i + j) % words.text.size()];
    }
    batch.items.push_back(std::move(item));
  }
  const auto stub = v1::Ingest::NewStub(grpc::CreateChannel(words.address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  authorise(context, words);
  const auto stream = stub->Activations(&context);
  v1::Acknowledgement answer;
  auto message = wire(batch);
  message.set_model(words.model);
  const bool answered = stream->Write(message) && stream->WritesDone() && stream->Read(&answer);
  stream->Finish();
  fmt::print("{{\"scored\": {}}}\n", answered ? answer.scored() : 0);
  return {};
}

Result<void> look(const Words& words) {
  const auto stub =
      v1::Scores::NewStub(grpc::CreateChannel(words.address, grpc::InsecureChannelCredentials()));
  std::vector<double> latencies_ms;
  const auto start = Clock::now();
  std::uint64_t failures = 0;
  for (std::uint64_t i = 0; i == 0 || seconds_since(start) < words.seconds; ++i) {
    std::this_thread::sleep_until(start + std::chrono::microseconds(static_cast<std::int64_t>(1e6 * double(i) /
                                                                                              words.rate)));
    grpc::ClientContext context;
    authorise(context, words);
    v1::LookUpRequest request;
    request.set_tenant(words.tenant);
    request.set_account(fmt::format("{}-account-{}", words.producer, i % words.traffic.accounts));
    v1::LookUpResponse response;
    const auto before = Clock::now();
    failures += stub->LookUp(&context, request, &response).ok() ? 0 : 1;
    latencies_ms.push_back(1e3 * seconds_since(before));
  }
  std::ranges::sort(latencies_ms);
  const auto at = [&](double share) {
    return latencies_ms.empty() ? 0 : latencies_ms[static_cast<std::size_t>(share * double(latencies_ms.size() - 1))];
  };
  nlohmann::ordered_json line;
  line["look_ups"] = latencies_ms.size();
  line["failures"] = failures;
  line["median_ms"] = at(.5);
  line["p99_ms"] = at(.99);
  line["max_ms"] = at(1);
  fmt::print("{}\n", line.dump());
  return {};
}

// Every account of the acknowledged batches, as the pure step has it, against the store.
Result<void> check(const Words& words) {
  CMS_TRY(model, cms::pipeline::read_model(words.atlas));
  cms::store::Options options;
  options.path = words.store;
  CMS_TRY(key, cms::store::read_key(words.key));
  std::filesystem::remove(options.path / "anchor");  // it would tell of a loss; here the check itself is to
  CMS_TRY(store, cms::store::Store::open(options, {{words.tenant, key}}));
  CMS_TRY(positions, store.positions());
  std::uint64_t durable = 0;
  for (const auto& position : positions) {
    if (position.producer == words.producer && position.tenant == words.tenant) durable = position.sequence;
  }
  const auto acked = acked_before(words);
  const cms::service::Traffic traffic(words.traffic);
  std::map<std::string, cms::pipeline::AccountState> states;
  cms::pipeline::Scratch scratch;
  for (std::uint64_t b = 1; b <= durable; ++b) {
    for (const auto& item : traffic.batch(words.tenant, words.producer, b).items) {
      auto& state = states.try_emplace(item.account, cms::pipeline::make_account(model)).first->second;
      step(model, state, item.activation, item.time, scratch);
    }
  }
  std::uint64_t different = 0;
  for (const auto& [account, state] : states) {
    const auto records = store.load({words.tenant, account});
    const auto replayed = records ? replay(model, *records, 64, scratch)
                                  : Result<cms::pipeline::Account>(cms::fail(records.error().code, ""));
    different += replayed && encode(model, replayed->state) == encode(model, state) ? 0 : 1;
  }
  nlohmann::ordered_json line;
  line["acked_batches"] = acked;
  line["durable_batches"] = durable;
  line["lost_batches"] = acked > durable ? acked - durable : 0;
  line["accounts"] = states.size();
  line["different_accounts"] = different;
  fmt::print("{}\n", line.dump());
  if (acked > durable || different > 0) return cms::fail(cms::ErrorCode::failed, "acknowledged events are missing");
  return {};
}

using Verb = Result<void> (*)(const Words&);

void add(CLI::App& app, Words& words, Verb& chosen, const char* name, const char* about, Verb verb) {
  auto* command = app.add_subcommand(name, about);
  command->add_option("--atlas", words.atlas);
  command->add_option("--fleet", words.fleet);
  command->add_option("--address", words.address);
  command->add_option("--token", words.token);
  command->add_option("--tenant", words.tenant);
  command->add_option("--producer", words.producer);
  command->add_option("--names", words.names);
  command->add_option("--first", words.first);
  command->add_option("--acked", words.acked);
  command->add_option("--store", words.store);
  command->add_option("--key", words.key);
  command->add_option("--account", words.account);
  command->add_option("--text", words.text);
  command->add_option("--model", words.model);
  command->add_option("--seed", words.traffic.seed);
  command->add_option("--dimension", words.traffic.dimension);
  command->add_option("--accounts", words.traffic.accounts);
  command->add_option("--batch", words.traffic.batch);
  command->add_option("--start-time", words.traffic.start_time);
  command->add_option("--seconds", words.seconds);
  command->add_option("--rate", words.rate);
  command->add_option("--offered", words.offered);
  command->add_option("--kept", words.kept);
  command->add_option("--batches", words.batches);
  command->add_option("--epoch", words.epoch);
  command->add_option("--ring", words.ring)->check(CLI::PositiveNumber);
  command->add_option("--in-flight", words.in_flight);
  command->callback([&chosen, verb] { chosen = verb; });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Drives and checks a daemon");
  app.require_subcommand(1);
  Words words;
  Verb chosen = nullptr;
  add(app, words, chosen, "make", "writes an atlas of noise to --atlas", make_atlas);
  add(app, words, chosen, "send", "streams batches", send);
  add(app, words, chosen, "canary", "sends activations that can be recognised", send_canary);
  add(app, words, chosen, "look", "looks decisions up", look);
  add(app, words, chosen, "check", "compares the store with the pure step", check);
  CLI11_PARSE(app, argc, argv);
  const auto result = chosen(words);
  if (result) return 0;
  fmt::print(stderr, "cms_service_load: {}\n", result.error().message);
  return static_cast<int>(result.error().code);
}
