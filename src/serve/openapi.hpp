// The OpenAPI document, made of the route table, so that it says what dispatch does.
#pragma once

#include <nlohmann/json.hpp>

namespace cms::serve {

// OpenAPI 3.1. The same for every caller. Cost: some hundred microseconds the first time.
const nlohmann::ordered_json& openapi();

}  // namespace cms::serve
