// Hugging Face's .safetensors files: one matrix of them, F32, F16 or BF16.
//
// Offsets are checked against the file before anything is allocated. Threads: pure. Cost: one pass over the tensor.
// Reference: the safetensors format description (8-byte header length, JSON header, data).
#pragma once

#include <span>
#include <string>

#include "base/result.hpp"
#include "tap/matrix.hpp"

namespace cms::tap {

// The tensor called `name`; with an empty name the only one of the file. Errors: `bad_input`: truncated, malformed
// header, no such tensor, several and none named, another dtype, not two dimensions, offsets that do not fit. The
// message does not name the file.
Result<Matrix> parse_safetensors(std::span<const std::uint8_t> content, const std::string& name);

}  // namespace cms::tap
