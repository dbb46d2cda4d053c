#include "atlas/file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.hpp"

namespace cms::atlas {
namespace {
constexpr std::string_view kMagic = "CMSATLAS";
constexpr std::uint32_t kSectionsMax = 64;
}  // namespace

Bytes encode_sections(const Sections& sections) {
  ByteWriter out;
  out.put_letters(kMagic);
  out.put(kFileVersion);
  out.put(static_cast<std::uint32_t>(sections.size()));
  for (const auto& [name, content] : sections) {
    out.put_string(name);
    out.put_array<std::uint8_t>(content);
  }
  for (const auto byte : sha256(out.bytes())) out.put(byte);
  return out.take();
}

Result<Sections> decode_sections(std::span<const std::uint8_t> content) {
  constexpr std::size_t kHash = sizeof(Digest);
  if (content.size() < kMagic.size() + 8 + kHash || !std::equal(kMagic.begin(), kMagic.end(), content.begin())) {
    return fail(ErrorCode::bad_input, "not an atlas file (it must begin with CMSATLAS)");
  }
  const auto body = content.first(content.size() - kHash);
  const auto stored = content.last(kHash);
  const auto computed = sha256(body);
  ByteReader in(body.subspan(kMagic.size()));
  const auto version = in.get<std::uint32_t>();
  if (!std::equal(stored.begin(), stored.end(), computed.begin())) {
    return fail(ErrorCode::bad_input,
                "the atlas file is damaged or cut short (its SHA-256 differs); restore it or fit again");
  }
  if (version != kFileVersion) {
    return fail(ErrorCode::bad_input,
                fmt::format("atlas file version {} (this program reads {})", version, kFileVersion));
  }
  const auto count = in.get<std::uint32_t>();
  Sections sections;
  for (std::uint32_t i = 0; i < std::min(count, kSectionsMax); ++i) {
    auto name = in.get_string();
    sections[std::move(name)] = in.get_array<std::uint8_t>();
  }
  if (!in.finished() || sections.size() != count) return fail(ErrorCode::bad_input, "the atlas file is malformed");
  return sections;
}

std::string atlas_name(std::span<const std::uint8_t> content) {
  return to_hex(sha256(content)).substr(0, 12);
}

}  // namespace cms::atlas
