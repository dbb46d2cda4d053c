#include "pipeline/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>

#include "base/hash.hpp"

namespace cms::pipeline {
namespace {

constexpr std::uint8_t kRecordVersion = 1;

// What a step came to, in 64 bits.
std::uint64_t check_of(const AccountState& state) {
  ByteWriter out;
  score::encode(state.score, out);
  std::uint64_t hash = fnv1a(fnv1a(kFnvBasis, state.window.requests), state.window.distinct);
  for (const auto byte : out.bytes()) hash = fnv1a(hash, byte);
  return hash;
}

// Whose atlas a step was seen by.
std::uint64_t atlas_of(const Model& model) {
  std::uint64_t hash = kFnvBasis;
  for (const char letter : model.name) hash = fnv1a(hash, static_cast<std::uint8_t>(letter));
  return hash;
}

Bytes step_content(const Model& model, const Projected& projected, Effort effort, std::uint64_t check) {
  ByteWriter out;
  out.put(kRecordVersion);
  out.put(effort);
  out.put(atlas_of(model));
  out.put(projected.chart);
  out.put(projected.tangent_residual);
  out.put(projected.benign_knn);
  out.put(projected.benign_kernel);
  for (const auto value : projected.point) out.put(value);
  for (const auto value : projected.sketch) out.put(value);
  out.put(check);
  return out.take();
}

Bytes whole_content(const Model& model, const Account& account) {
  const auto state = encode(model, account.state);
  ByteWriter out;
  out.put(kRecordVersion);
  out.put_array(std::span<const std::uint8_t>(state));
  encode(account.history, out);
  return out.take();
}

struct StepRecord {
  Projected projected;
  Effort effort = Effort::full;
  std::uint64_t check = 0;
};

tl::unexpected<Error> damaged(const store::Record& record, const char* what) {
  return fail(ErrorCode::bad_input, fmt::format("account record {}: {}", record.number, what));
}

// A rounded direction: greatest magnitude 127, or the zero vector.
bool is_direction(std::span<const std::int8_t> vector) {
  int largest = 0;
  for (const int value : vector) largest = std::max(largest, std::abs(value));
  return largest == 0 || largest == 127;
}

// What project() can have given: the check says what a step came to, not all that it leaves in the window.
bool is_projected(const Model& model, const Projected& projected) {
  constexpr float kRounding = 1e-5F;
  const auto within = [](float value, float most) { return value >= 0 && value <= most + kRounding; };
  return projected.chart < model.atlas.chart_count() && within(projected.tangent_residual, 1) &&
         within(projected.benign_knn, 2) && within(projected.benign_kernel, 1) && is_direction(projected.point) &&
         is_direction(projected.sketch);
}

Result<StepRecord> decode_step(const Model& model, const store::Record& record) {
  ByteReader in(record.content);
  StepRecord step;
  if (in.get<std::uint8_t>() != kRecordVersion) return damaged(record, "not of a version that this program reads");
  step.effort = in.get<Effort>();
  if (in.get<std::uint64_t>() != atlas_of(model) && !in.failed()) {
    return fail(ErrorCode::refused, fmt::format("account record {} belongs to another atlas", record.number));
  }
  auto& projected = step.projected;
  projected.chart = in.get<std::uint16_t>();
  projected.tangent_residual = in.get<float>();
  projected.benign_knn = in.get<float>();
  projected.benign_kernel = in.get<float>();
  projected.point.resize(model.atlas.rank);
  projected.sketch.resize(model.atlas.sketch_dimension);
  for (auto& value : projected.point) value = in.get<std::int8_t>();
  for (auto& value : projected.sketch) value = in.get<std::int8_t>();
  step.check = in.get<std::uint64_t>();
  const bool valid = in.finished() && step.effort <= Effort::without_h1 && is_projected(model, projected);
  if (!valid) return damaged(record, "damaged");
  return step;
}

Result<Account> decode_whole(const Model& model, const store::Record& record) {
  ByteReader in(record.content);
  if (in.get<std::uint8_t>() != kRecordVersion) return damaged(record, "not of a version that this program reads");
  const auto bytes = in.get_array<std::uint8_t>();
  if (in.failed()) return damaged(record, "ends early");
  Account account;
  CMS_TRY(state, decode(model, bytes));
  account.state = std::move(state);
  CMS_TRY(history, decode_history(in));
  account.history = std::move(history);
  if (!in.finished()) return damaged(record, "bytes follow its end");
  return account;
}

Score take_in(const Model& model, Account& account, const Projected& projected, double time, Effort effort,
              Scratch& scratch) {
  advance(model, account.state, projected, time, scratch, effort);
  const auto score = score_at(model, account.state, time);
  take(account.history, score, time);
  ++account.records;
  ++account.steps_since_whole;
  return score;
}

}  // namespace

Advanced advance(const Model& model, Account& account, const Projected& projected, double time, Effort effort,
                 std::uint32_t steps_max, Scratch& scratch) {
  Advanced advanced;
  advanced.score = take_in(model, account, projected, time, effort, scratch);
  auto& record = advanced.record;
  record.number = account.records;
  record.time = time;
  record.whole = account.steps_since_whole >= steps_max;
  if (record.whole) {
    account.steps_since_whole = 0;
    record.content = whole_content(model, account);
  } else {
    record.content = step_content(model, projected, effort, check_of(account.state));
  }
  return advanced;
}

namespace {

Result<Account> replay_all(const Model& model, std::span<const store::Record> records, Scratch& scratch) {
  Account account;
  account.state = make_account(model);
  for (const auto& record : records) {
    if (record.whole) {
      if (&record != records.data()) return damaged(record, "a whole one after steps");
      CMS_TRY(whole, decode_whole(model, record));
      account = std::move(whole);
      account.records = record.number;
      continue;
    }
    if (record.number != account.records + 1) return damaged(record, "those before it are missing");
    CMS_TRY(step, decode_step(model, record));
    take_in(model, account, step.projected, record.time, step.effort, scratch);
    if (check_of(account.state) != step.check) {
      return damaged(record, "replays to something else than it says; was the program's arithmetic changed?");
    }
  }
  return account;
}

}  // namespace

Result<Account> replay(const Model& model, std::span<const store::Record> records, std::uint32_t steps_max,
                       Scratch& scratch) {
  auto account = replay_all(model, records, scratch);
  if (account || account.error().code != ErrorCode::refused) return account;
  Account anew;
  anew.state = make_account(model);
  anew.records = records.back().number;
  anew.steps_since_whole = steps_max;
  return anew;
}

}  // namespace cms::pipeline
