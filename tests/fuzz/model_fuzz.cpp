// Bytes as an atlas file, under a hash that is made to fit: refused, or sections whose parts come back through their
// bytes. The parts are tried whether or not the file as a whole is accepted.
#include <algorithm>

#include "atlas/file.hpp"
#include "base/hash.hpp"
#include "pipeline/model_example.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace cms {
namespace {

template <typename Part>
Bytes bytes_of(const Part& part) {
  ByteWriter out;
  encode(part, out);
  return out.take();
}

// `decode` reads a part; what it accepts has one encoding, which it reads back.
template <typename Decode>
bool comes_back(const Bytes& bytes, const Decode& decode) {
  ByteReader in(bytes);
  const auto part = decode(in);
  if (!part) return false;
  const Bytes once = bytes_of(*part);
  ByteReader again(once);
  const auto other = decode(again);
  fuzz::expect(other.has_value(), "what was accepted and encoded is accepted");
  fuzz::expect(bytes_of(*other) == once, "a part encodes to the same bytes after its bytes");
  return true;
}

Bytes example_file() {
  const auto model = pipeline::example_model(
      {.dimension = 4, .rank = 3, .sketch_dimension = 2, .charts = 3, .reference = 5, .knn_k = 2}, 16, 16);
  ByteWriter window;
  window.put(model.window_length);
  return atlas::encode_sections(
      {{"geometry", bytes_of(model.atlas)}, {"calibration", bytes_of(model.calibration)}, {"window", window.take()}});
}

// libFuzzer sees the two hashes compared, and writes the right one.
bool hash_fits(const Bytes& file) {
  if (file.size() < sizeof(Digest)) return false;
  const auto content = std::span(file).first(file.size() - sizeof(Digest));
  return std::ranges::equal(sha256(content), std::span(file).last(sizeof(Digest)));
}

}  // namespace

// Without the hash, which each input gets anew.
std::vector<Bytes> fuzz::seeds() {
  Bytes file = example_file();
  file.resize(file.size() - sizeof(Digest));
  return {std::move(file)};
}

}  // namespace cms

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cms;
  Bytes file(data, data + size);
  fuzz::expect(!atlas::decode_sections(file) || hash_fits(file), "a file without a fitting hash is refused");
  const auto hash = sha256(file);
  file.insert(file.end(), hash.begin(), hash.end());
  const auto sections = atlas::decode_sections(file);
  if (!sections) return 0;
  const auto again = atlas::decode_sections(atlas::encode_sections(*sections));
  fuzz::expect(again && *again == *sections, "sections come back through their bytes");
  bool any = false;
  for (const auto& [name, content] : *sections) {
    any |= comes_back(content, [](ByteReader& in) { return atlas::decode(in); });
    any |= comes_back(content, [](ByteReader& in) { return score::decode(in); });
  }
  fuzz::accepted += any ? 1 : 0;
  return 0;
}
