// Bytes as the body of an ingest request, the first of them choosing its type: refused, or items that say what is wrong
// with each that cannot be scored.
#include "serve/ingest_body.hpp"

#include <cmath>

#include "tap/npy.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace cms {
namespace {

using pipeline::Refusal;

Bytes seed(char kind, std::string_view body) {
  Bytes bytes{static_cast<std::uint8_t>(kind)};
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

std::string text_of(const Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

std::string safetensors() {
  std::string header = R"({"x":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}})";
  std::string text;
  for (int i = 0; i < 8; ++i) text += static_cast<char>(header.size() >> (8 * i) & 255);
  return text + header + std::string(24, '\x3f');
}

template <typename Parsed>
void check(const Parsed& parsed, std::string_view body) {
  const auto lines = static_cast<std::size_t>(std::ranges::count(body, '\n')) + 1;
  fuzz::expect(parsed.items.size() <= lines, "there is at most an item a line");
  bool any = false;
  for (std::size_t i = 0; i < parsed.items.size(); ++i) {
    const bool refused = parsed.items[i].refusal != Refusal::none;
    fuzz::expect(refused == parsed.why.contains(i), "an item that is refused has its reason, and no other has one");
    any |= !refused;
  }
  fuzz::accepted += any;
}

}  // namespace

std::vector<Bytes> fuzz::seeds() {
  const std::vector<float> values{1, 2, 3, 4, 5, 6};
  const auto lines = R"({"account":"a","time":1.5,"vector":[1,-2e3,0.25]})" "\n" R"({"account":"b","vector":[]})" "\n";
  const auto texts = R"({"account":"a","text":"what is \u00e4?"})" "\n" R"({"account":"b","text":""})";
  return {seed(0, lines), seed(1, texts),
          seed(2, text_of(tap::format_npy(values, 3, tap::Dtype::float32))),
          seed(2, text_of(tap::format_npy(values, 2, tap::Dtype::float16))), seed(3, safetensors())};
}

}  // namespace cms

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cms;
  if (size == 0) return 0;
  const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const serve::ItemLimits limits{100, 1e9};
  if (data[0] % 4 == 0) {
    if (const auto parsed = serve::parse_activation_lines(std::string(body), limits)) {
      check(*parsed, body);
      for (const auto& item : parsed->items) {
        for (const float value : item.activation) fuzz::expect(std::isfinite(value), "numbers are finite");
      }
    }
    return 0;
  }
  if (data[0] % 4 == 1) {
    if (const auto parsed = serve::parse_observation_lines(std::string(body), limits)) check(*parsed, body);
    return 0;
  }
  const auto format = data[0] % 4 == 2 ? serve::MatrixFormat::npy : serve::MatrixFormat::safetensors;
  const auto parsed = serve::parse_matrix(body, format, "", {.account = "a"}, limits);
  if (!parsed) return 0;
  ++fuzz::accepted;
  for (const auto& item : parsed->items) {
    fuzz::expect(item.activation.size() == parsed->items[0].activation.size(), "rows have one length");
    fuzz::expect(item.activation.size() * 2 <= body.size(), "no number comes out of nothing");
  }
  return 0;
}
