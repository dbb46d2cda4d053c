// Bytes as a fleet's calibration, under a hash that is made to fit, and as campaigns that were kept: refused, or what
// comes back through its bytes.
#include <algorithm>

#include "base/hash.hpp"
#include "fleet/calibration_file.hpp"
#include "fleet/tracking.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace cms {

// The first byte says which of the two it is; a calibration comes without its hash, which each input gets anew.
std::vector<Bytes> fuzz::seeds() {
  fleet::NamedCalibration named{"0123456789ab", 600, {}};
  named.calibration.rankings["team"].assign(20, .5);
  named.calibration.rankings[""].assign(21, -1);
  auto file = fleet::encode(named);
  file.resize(file.size() - sizeof(Digest));
  file.insert(file.begin(), 0);
  const std::vector<fleet::TrackedCampaign> campaigns{{7, 1000, .01, .005, 3, {1, 5, 9}}, {8, 1001, .2, .01, 1, {2}}};
  auto kept = fleet::encode(campaigns);
  kept.insert(kept.begin(), 1);
  return {std::move(file), std::move(kept)};
}

namespace {

void try_calibration(std::span<const std::uint8_t> body) {
  Bytes file(body.begin(), body.end());
  fuzz::expect(!fleet::decode_calibration(file), "a file without a fitting hash is refused");
  const auto hash = sha256(file);
  file.insert(file.end(), hash.begin(), hash.end());
  const auto named = fleet::decode_calibration(file);
  if (!named) return;
  ++fuzz::accepted;
  fuzz::expect(fleet::encode(*named) == file, "a calibration comes back as its bytes");
  const double least = fleet::campaign_poh_min(named->calibration);
  fuzz::expect(least > 0 && least <= 1, "the least Campaign PoH is one");
}

void try_campaigns(std::span<const std::uint8_t> bytes) {
  auto kept = fleet::decode_campaigns(bytes);
  if (!kept) return;
  ++fuzz::accepted;
  const auto again = fleet::encode(kept->campaigns);
  const auto version = sizeof(std::uint32_t);
  fuzz::expect(std::ranges::equal(std::span(again).subspan(version), bytes.subspan(version)),
               "campaigns come back as their bytes");
  fuzz::expect(kept->by_pseudonym || again[0] == bytes[0], "and so does the version, unless it is the first");
  const std::vector<fleet::Sighting> seen{{{1, 5, 9}, .004}};
  fleet::track(kept->campaigns, seen, 2000, {}, [](std::uint64_t) { return true; });
}

}  // namespace
}  // namespace cms

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::span<const std::uint8_t> rest(data + 1, size - 1);
  if (data[0] % 2 == 0) {
    cms::try_calibration(rest);
  } else {
    cms::try_campaigns(rest);
  }
  return 0;
}
