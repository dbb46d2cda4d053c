// What files hold, as JSON for machines and as words for people: one description, printed two ways.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.hpp"
#include "fleet/calibration_file.hpp"
#include "pipeline/model.hpp"
#include "types/activation.hpp"

// `kind` atlas: model, charts, horizon, ranking accounts. Keys: docs/commands.md.
nlohmann::ordered_json describe(const cms::pipeline::Model& model);

// `kind` set: model, rows, accounts, times.
nlohmann::ordered_json describe(const cms::ActivationSet& set);

// `kind` fleet: what `cms fleet fit` wrote.
nlohmann::ordered_json describe(const cms::fleet::NamedCalibration& named);

// `kind` state: what pipeline::encode wrote, read without its atlas. Errors: `bad_input` when damaged.
cms::Result<nlohmann::ordered_json> describe_state(std::span<const std::uint8_t> bytes);

// The same in words, a line a fact.
std::string in_words(const nlohmann::ordered_json& description);
