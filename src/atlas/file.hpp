// The atlas file: named sections of bytes under one hash, so that a flipped bit anywhere is noticed.
//
// Grammar (docs/formats/atlas.md): "CMSATLAS", u32 version, u32 count, count x (name, bytes), SHA-256 of all before.
// Each stage encodes its own section; this folder knows only "geometry".
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace cms::atlas {

using Sections = std::map<std::string, Bytes>;

inline constexpr std::uint32_t kFileVersion = 1;  // on disk: rises when a reader of the old form would misread

Bytes encode_sections(const Sections& sections);
// Errors: `bad_input` when it is no atlas file, of a later version, cut short or damaged (hash differs).
Result<Sections> decode_sections(std::span<const std::uint8_t> content);

// The name under which an atlas is known in scores and states: first 12 hex digits of its file's hash.
std::string atlas_name(std::span<const std::uint8_t> content);

}  // namespace cms::atlas
