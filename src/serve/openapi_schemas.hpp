// The shapes of the API's JSON, as openapi.json gives them. Tests hold real answers against them.
#pragma once

#include <nlohmann/json.hpp>

namespace cms::serve {

nlohmann::ordered_json openapi_schemas();

}  // namespace cms::serve
