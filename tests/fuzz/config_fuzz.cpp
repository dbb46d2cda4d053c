// Bytes as a configuration: refused as bad input in one line, or a configuration that keeps what its headers promise.
#include <string_view>

#include "serve/config.hpp"
#include "serve/settings.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace cms {
namespace {

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

}  // namespace

std::vector<Bytes> fuzz::seeds() {
  const std::string more =
      "[[policy.allow]]\ntenant = \"main\"\naccount = \"a\"\nuntil = 2027-01-02T03:04:05Z\nwhy = \"x\"\n"
      "[[webhooks]]\nurl = \"http://h\"\nsecret_file = \"s\"\nactions = [\"review\"]\n";
  return {bytes_of(serve::default_config()), bytes_of(serve::default_config() + more),
          bytes_of("[atlas]\nfile=\"a\"\n[store]\npath=\"s\"\n[tenants.main]\nkey_file=\"k\"\n" + more)};
}

}  // namespace cms

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cms;
  // A folder that is not there, so that no input reads a file.
  const auto config = serve::parse_config({reinterpret_cast<const char*>(data), size}, "/nowhere/at/all/cms.toml");
  if (!config) {
    fuzz::expect(config.error().code == ErrorCode::bad_input, "what cannot be read is bad input");
    fuzz::expect(config.error().message.starts_with("/nowhere/at/all/cms.toml"), "an error names the file");
    return 0;
  }
  const auto& policy = config->policy;
  const auto& ladder = policy.ladder;
  fuzz::expect(ladder.observe <= 1 && ladder.observe >= ladder.price && ladder.price >= ladder.limit &&
                   ladder.limit >= ladder.review && ladder.review > 0,
               "a ladder descends within (0, 1]");
  fuzz::expect(!policy.jitter_key, "no key where no file can be read");
  fuzz::expect(!config->tenants.empty(), "there is a tenant");
  for (const auto& tenant : config->tenants) {
    fuzz::expect(tenant.key_file.empty() != tenant.key_environment.empty(), "a tenant has one key");
  }
  for (const auto& one : policy.allowances) fuzz::expect(!one.why.empty(), "an allowance has a reason");
  ++fuzz::accepted;
  return 0;
}
