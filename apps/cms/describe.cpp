#include "describe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "pipeline/score_line.hpp"
#include "pipeline/step.hpp"
#include "tap/json_lines.hpp"

namespace {

using cms::Result;
using Json = nlohmann::ordered_json;

// Middle value, the lower of two; null of none.
template <typename T>
Json median(std::vector<T> values) {
  if (values.empty()) return nullptr;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// The median over the charts in which it was computed, and in how many it was.
Json chart_summary(const std::vector<cms::atlas::Chart>& charts, std::optional<float> cms::atlas::Chart::* member) {
  std::vector<float> known;
  for (const auto& chart : charts) {
    if (chart.*member) known.push_back(*(chart.*member));
  }
  return {{"median", median(known)}, {"computed_in", known.size()}};
}

Json model_of(const cms::Manifest& manifest) {
  return {{"name", manifest.model_name},
          {"layer", manifest.layer},
          {"normalisation", manifest.normalisation},
          {"pooling", manifest.pooling},
          {"template", manifest.template_name},
          {"words_max", manifest.words_max},
          {"chars_max", manifest.chars_max},
          {"segments_max", manifest.segments_max},
          {"dimension", manifest.dimension},
          {"sha256", manifest.model_hash.empty() ? Json(nullptr) : Json(manifest.model_hash)},
          {"program_version", manifest.program_version}};
}

}  // namespace

Json describe(const cms::pipeline::Model& model) {
  const auto& atlas = model.atlas;
  Json ranking = Json::object();
  for (const auto& [group, one] : model.calibration.rankings) ranking[group] = one.greatest.size();
  const auto fitted_on = cms::tap::parse_json<Json>(atlas.provenance);
  return {{"kind", "atlas"},
          {"atlas", model.name},
          {"model", model_of(atlas.manifest)},
          {"rank", atlas.rank},
          {"charts", atlas.chart_count()},
          {"dimension", chart_summary(atlas.charts, &cms::atlas::Chart::dimension)},
          {"curvature", chart_summary(atlas.charts, &cms::atlas::Chart::scalar_curvature)},
          {"reference", atlas.reference_weights.size()},
          {"window", model.window_length},
          {"stride", model.calibration.options.stride},
          {"min_requests", model.calibration.options.min_requests},
          {"half_life_requests", model.calibration.options.h_requests},
          {"half_life_hours", model.calibration.options.h_hours},
          {"horizon", model.calibration.horizon},
          {"ranking", ranking},
          {"fitted_on", fitted_on ? *fitted_on : Json(nullptr)}};
}

Json describe(const cms::ActivationSet& set) {
  std::map<std::string_view, std::size_t> requests;
  std::size_t without_account = 0, cut = 0;
  double first = set.rows.front().time, last = first;
  bool timed = false;  // a row without time has its number for one, and files that CMS writes say so
  for (std::size_t i = 0; i < set.rows.size(); ++i) {
    const auto& row = set.rows[i];
    timed = timed || row.time != static_cast<double>(i);
    if (row.account.empty()) {
      ++without_account;
    } else {
      ++requests[row.account];
    }
    cut += row.tokens_total > row.tokens_seen ? 1 : 0;
    first = std::min(first, row.time);
    last = std::max(last, row.time);
  }
  std::vector<std::size_t> counts;
  for (const auto& [account, count] : requests) counts.push_back(count);
  const auto most = counts.empty() ? Json(nullptr) : Json(*std::max_element(counts.begin(), counts.end()));
  return {{"kind", "set"},
          {"model", model_of(set.manifest)},
          {"rows", set.count()},
          {"accounts", counts.size()},
          {"requests_median", median(counts)},
          {"requests_most", most},
          {"rows_without_account", without_account},
          {"rows_cut_short", cut},
          {"time_first", timed ? Json(first) : Json(nullptr)},
          {"time_last", timed ? Json(last) : Json(nullptr)}};
}

Json describe(const cms::fleet::NamedCalibration& named) {
  const auto& calibration = named.calibration;
  Json ranking = Json::object();
  std::size_t communities = 0;
  for (const auto& [kind, evidence] : calibration.rankings) {
    ranking[kind] = evidence.size();
    communities += evidence.size();
  }
  return {{"kind", "fleet"},
          {"atlas", named.atlas},
          {"fleet_accounts", named.accounts},
          {"accounts_max", cms::fleet::accounts_max(named)},
          {"looks", calibration.looks},
          {"ranking_communities", communities},
          {"kinds", ranking},
          {"poh_min", cms::fleet::campaign_poh_min(calibration)},
          {"suspects", calibration.suspects < 0 ? Json(nullptr) : Json(calibration.suspects)},
          {"neighbours", calibration.options.links.neighbours},
          {"resolution", calibration.options.communities.resolution},
          {"members_min", calibration.options.members_min}};
}

Result<Json> describe_state(std::span<const std::uint8_t> bytes) {
  CMS_TRY(named, cms::pipeline::decode(bytes));
  const auto& [window, score, time, reading, signature, kept] = named.state;
  const auto& options = window.options;
  Json sums = Json::object();
  for (std::size_t c = 0; c < cms::kChannelCount; ++c) {
    sums[std::string(name(static_cast<cms::Channel>(c)))] = score.sums[c];
  }
  return Json{{"kind", "state"},
              {"atlas", named.atlas},
              {"window", options.length},
              {"horizon", options.horizon},
              {"rank", options.rank},
              {"charts", options.chart_count},
              {"requests", window.requests},
              {"distinct", window.distinct},
              {"charts_visited", window.visited_count()},
              {"signature_charts", cms::fleet::chart_count(cms::fleet::charts_of(signature))},
              {"time", time},
              {"evaluations", score.evaluations},
              {"poh_min", score.evaluations > 0 ? Json(score.poh_min) : Json(nullptr)},
              {"requests_at_min", score.evaluations > 0 ? Json(score.requests_at_min) : Json(nullptr)},
              {"sums", sums},
              {"readings", cms::pipeline::readings(reading)}};
}

namespace {

std::string spaced(std::string key) {
  std::replace(key.begin(), key.end(), '_', ' ');
  return key;
}

// One value in words: text bare, numbers short, objects as "key value" pairs.
std::string words_of(const Json& value) {
  if (value.is_null()) return "not known";
  if (value.is_string()) return value.get<std::string>().empty() ? "-" : value.get<std::string>();
  if (value.is_number_float()) return fmt::format("{:.6g}", value.get<double>());
  if (!value.is_object()) return value.dump();
  std::string text;
  for (const auto& [key, inner] : value.items()) {
    const auto named = !key.empty() ? spaced(key) : value.size() > 1 ? "all others" : "all";
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", named, words_of(inner));
  }
  return text.empty() ? "-" : text;
}

std::string model_words(const Json& model) {
  const auto text = [&](const char* key) { return model.at(key).get<std::string>(); };
  const auto file = model.at("sha256").is_string() ? "SHA-256 " + text("sha256").substr(0, 12) : "file not known";
  return fmt::format("{}/{}/{}, dimension {}, {}, template {}", text("name"), text("layer"), text("pooling"),
                     model.at("dimension").get<std::uint32_t>(), file, text("template"));
}

// What a key means to a reader; the key itself where it says enough.
std::string label_of(const std::string& kind, const std::string& key) {
  static const std::map<std::string, std::string> kLabels = {
      {"atlas.dimension", "intrinsic dimension"},
      {"atlas.curvature", "scalar curvature"},
      {"atlas.reference", "benign reference points"},
      {"atlas.window", "window, distinct requests"},
      {"atlas.stride", "requests between evaluations"},
      {"atlas.min_requests", "first evaluation at request"},
      {"atlas.half_life_requests", "weight of an evaluation halves in requests"},
      {"atlas.half_life_hours", "what was seen halves in idle hours"},
      {"atlas.horizon", "horizon H, requests"},
      {"atlas.ranking", "ranking accounts (B)"},
      {"atlas.fitted_on", "fitted on"},
      {"fleet.fleet_accounts", "accounts of its honest fleets"},
      {"fleet.accounts_max", "accounts it is for, at most"},
      {"fleet.looks", "looks at each fleet"},
      {"fleet.kinds", "of them by kind"},
      {"fleet.poh_min", "least Campaign PoH"},
      {"fleet.suspects", "share of suspects in honest communities"},
      {"fleet.neighbours", "neighbours of an account"},
      {"fleet.members_min", "members of a community, at least"},
      {"set.requests_median", "requests of an account, median"},
      {"set.requests_most", "requests of an account, most"},
      {"set.rows_without_account", "rows without account"},
      {"set.rows_cut_short", "texts read in part"},
      {"set.time_first", "first time, seconds"},
      {"set.time_last", "last time, seconds"},
      {"state.window", "window, distinct requests"},
      {"state.horizon", "horizon H, requests"},
      {"state.charts", "charts of the atlas"},
      {"state.distinct", "distinct requests"},
      {"state.charts_visited", "charts visited"},
      {"state.time", "time of the last request, seconds"},
      {"state.poh_min", "lowest PoH"},
      {"state.requests_at_min", "lowest PoH at request"},
      {"state.sums", "leaking sums by channel"},
  };
  const auto found = kLabels.find(kind + "." + key);
  return found == kLabels.end() ? spaced(key) : found->second;
}

}  // namespace

std::string in_words(const Json& description) {
  const auto kind = description.at("kind").get<std::string>();
  std::string text;
  for (const auto& [key, value] : description.items()) {
    text += fmt::format("{:<33}  {}\n", label_of(kind, key), key == "model" ? model_words(value) : words_of(value));
  }
  return text;
}
