#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "pipeline/step.hpp"

namespace cms::pipeline {
namespace {

constexpr std::string_view kMagic = "CMST";
constexpr std::size_t kNameMax = 64;

Result<std::string> decode_header(ByteReader& in) {
  for (const char letter : kMagic) {
    if (in.get<char>() != letter) return fail(ErrorCode::bad_input, "no account state: it must begin with CMST");
  }
  const auto version = in.get<std::uint32_t>();
  if (in.failed()) return fail(ErrorCode::bad_input, "account state: ends early");
  if (version != kStateVersion) {
    // What an earlier program left says nothing to this one, as what another atlas left; a later one's is kept.
    return fail(version < kStateVersion ? ErrorCode::refused : ErrorCode::bad_input,
                fmt::format("account state of version {} (this program reads {})", version, kStateVersion));
  }
  auto name = in.get_string();
  if (in.failed()) return fail(ErrorCode::bad_input, "account state: ends early");
  const bool plain = std::all_of(name.begin(), name.end(), [](char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z');
  });
  if (!plain || name.size() > kNameMax) return fail(ErrorCode::bad_input, "account state: damaged in its atlas' name");
  return name;
}

void encode_reading(const Reading& reading, ByteWriter& out) {
  out.put<std::uint64_t>(reading.made.to_ullong() | reading.held.to_ullong() << 32);
  for (const float value : reading.values) out.put(value);
}

static_assert(kMeasureCount <= 32, "what was made and what was held share 64 bits");

// Values that were not made are 0; what was held was made.
Result<Reading> decode_reading(ByteReader& in) {
  Reading reading;
  const auto made = in.get<std::uint64_t>();
  reading.made = made & 0xffffffffU;
  reading.held = made >> 32;
  for (float& value : reading.values) value = in.get<float>();
  bool valid = (reading.made.to_ullong() | reading.held.to_ullong() << 32) == made &&
               (reading.held & ~reading.made).none();
  for (std::size_t m = 0; m < kMeasureCount; ++m) {
    const float value = reading.values[m];
    valid = valid && (reading.made.test(m) ? std::isfinite(value) : std::bit_cast<std::uint32_t>(value) == 0);
  }
  if (!valid) return fail(ErrorCode::bad_input, "account state: damaged in its reading");
  return reading;
}

// What score and window say of the same requests.
bool agree(const score::State& score, const window::State& window) {
  return score.requests <= window.requests && score.distinct <= window.distinct &&
         score.evaluations <= window.requests && score.requests_at_min <= window.requests;
}

// The same as far as the grid of evaluations tells.
bool on_one_grid(const score::Options& options, const AccountState& state) {
  return state.score.requests == score::last_on_grid(options, state.window.requests) &&
         state.score.distinct == score::last_on_grid(options, state.window.distinct) &&
         (state.score.evaluations == 0) == (state.score.requests == 0);
}

// A signature is of the window's distinct requests, or empty where the atlas has more charts than one remembers.
bool agree(const fleet::Signature& signature, const window::State& window) {
  if (window.options.chart_count > fleet::kChartsMax) return signature == fleet::Signature{};
  const auto charts = fleet::charts_of(signature);
  for (std::size_t c = window.options.chart_count; c < fleet::kChartsMax; ++c) {
    if (charts[c / 64] >> (c % 64) & 1) return false;
  }
  return signature.requests == window.distinct;
}

constexpr const char* kDisagree = "account state: damaged, its parts have counted different requests or charts";

Result<AccountState> decode_rest(ByteReader& in) {
  AccountState state;
  CMS_TRY(window, window::decode(in));
  state.window = std::move(window);
  CMS_TRY(score, score::decode_state(in));
  state.score = score;
  if (!agree(state.score, state.window)) return fail(ErrorCode::bad_input, kDisagree);
  state.time = in.get<double>();
  if (!std::isfinite(state.time)) return fail(ErrorCode::bad_input, "account state: damaged in its time");
  CMS_TRY(reading, decode_reading(in));
  state.reading = reading;
  CMS_TRY(signature, fleet::decode_signature(in));
  state.signature = signature;
  if (!agree(state.signature, state.window)) return fail(ErrorCode::bad_input, kDisagree);
  if (in.failed()) return fail(ErrorCode::bad_input, "account state: ends early");
  if (!in.finished()) return fail(ErrorCode::bad_input, "account state: bytes follow its end");
  return state;
}

}  // namespace

Bytes encode(const Model& model, const AccountState& state) {
  ByteWriter out;
  out.put_letters(kMagic);
  out.put(kStateVersion);
  out.put_string(model.name);
  window::encode(state.window, out);
  score::encode(state.score, out);
  out.put(state.time);
  encode_reading(state.reading, out);
  fleet::encode(state.signature, out);
  return out.take();
}

Result<AccountState> decode(const Model& model, std::span<const std::uint8_t> bytes) {
  ByteReader in(bytes);
  CMS_TRY(name, decode_header(in));
  if (name != model.name) {
    return fail(ErrorCode::refused, fmt::format("account state belongs to atlas {}, not {}", name, model.name));
  }
  CMS_TRY(state, decode_rest(in));
  if (!(state.window.options == window_options(model))) {
    return fail(ErrorCode::bad_input, "account state: damaged, its sizes are not those of its atlas");
  }
  if (!on_one_grid(model.calibration.options, state)) return fail(ErrorCode::bad_input, kDisagree);
  if (!score::possible(model.calibration, state.score)) {
    return fail(ErrorCode::bad_input, "account state: damaged in its score");
  }
  fleet::reserve_charts(state.signature, model.atlas.chart_count());
  return std::move(state);
}

Result<NamedState> decode(std::span<const std::uint8_t> bytes) {
  ByteReader in(bytes);
  CMS_TRY(name, decode_header(in));
  CMS_TRY(state, decode_rest(in));
  return NamedState{std::move(name), std::move(state)};
}

bool is_state(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), bytes.begin());
}

}  // namespace cms::pipeline
