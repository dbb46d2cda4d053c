#include "tap/capture.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>
#include <unordered_map>

#include "base/bytes.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "tap/activation_set.hpp"
#include "tap/frames.hpp"
#include "tap/json_lines.hpp"
#include "tap/prompts.hpp"

namespace cms::tap {
namespace {

using Json = nlohmann::json;
using Path = std::filesystem::path;

Path with_ending(const Path& name, const char* ending) { return name.string() + ending; }

// Texts that differ, in the order in which they first come.
struct Distinct {
  std::vector<std::string> texts;
  std::vector<std::size_t> prompts;  // the first prompt of each
  std::vector<std::size_t> of;       // each prompt's text
};

Distinct distinct_texts(const std::vector<std::string>& prompts) {
  Distinct distinct;
  std::unordered_map<std::string_view, std::size_t> seen;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const auto [place, is_new] = seen.try_emplace(prompts[i], distinct.texts.size());
    distinct.of.push_back(place->second);
    if (!is_new) continue;
    distinct.texts.push_back(prompts[i]);
    distinct.prompts.push_back(i);
  }
  return distinct;
}

// Everything that the bytes of a row depend on.
Result<Json> describe(const CaptureOptions& options) {
  CMS_TRY(prompts_hash, sha256_file(options.prompts));
  CMS_TRY(model_hash, sha256_file(options.model));
  Json readouts = Json::array();
  for (const auto& readout : options.tap.readouts) readouts.push_back(readout.suffix());
  // "each once", or an earlier build, whose rows are one a prompt, would take these for its own.
  return Json{{"prompts", prompts_hash + ", each once"},
              {"model", model_hash},
              {"readouts", readouts},
              {"words", options.tap.limits.words_max},
              {"max_chars", options.tap.limits.chars_max},
              {"segments", options.segments_max},
              {"template", options.tap.chat_template ? "chat" : "none"},
              {"batch_tokens", options.tap.batch_tokens},
              {"context", options.tap.context_tokens},
              {"version", options.program_version}};
}

// Makes sure that rows already there belong to this capture.
Result<void> agree(const CaptureOptions& options, const Json& description, FrameFile& rows) {
  const Path path = with_ending(options.name, ".partial.json");
  if (options.fresh) CMS_CHECK(rows.clear());
  if (!rows.frames().empty()) {
    const auto text = read_text_file(path);
    const auto earlier = text ? parse_object(*text) : tl::make_unexpected(text.error());
    for (const auto& [key, value] : description.items()) {
      if (earlier && earlier->value(key, Json()) == value) continue;
      return fail(ErrorCode::refused,
                  fmt::format("{} holds an unfinished capture with another {}: run it with the same options to finish "
                              "it, or with --fresh to throw it away",
                              with_ending(options.name, ".partial.rows").string(), key));
    }
    return {};
  }
  return write_file(path, description.dump(2) + "\n");
}

// One frame: count of the batch's texts, tokens seen and total of each, then the vectors readout by readout.
Bytes encode(const TapBatch& batch) {
  ByteWriter writer;
  writer.put<std::uint64_t>(batch.count);
  writer.put_array(std::span(batch.tokens_seen));
  writer.put_array(std::span(batch.tokens_total));
  for (const auto& values : batch.values) writer.put_array(std::span(values));
  return writer.take();
}

Result<TapBatch> decode(const Bytes& frame, std::size_t readouts, std::uint32_t dimension) {
  ByteReader reader(frame);
  TapBatch batch;
  batch.count = reader.get<std::uint64_t>();
  batch.tokens_seen = reader.get_array<std::uint32_t>();
  batch.tokens_total = reader.get_array<std::uint32_t>();
  bool whole = batch.tokens_seen.size() == batch.count && batch.tokens_total.size() == batch.count;
  for (std::size_t r = 0; r < readouts; ++r) {
    batch.values.push_back(reader.get_array<float>());
    whole = whole && batch.values.back().size() == batch.count * dimension;
  }
  if (whole && reader.finished()) return batch;
  return fail(ErrorCode::bad_input, "the rows of the unfinished capture are damaged: run with --fresh");
}

// The sets, empty but for manifests and what is known of the rows.
std::vector<ActivationSet> begin_sets(const LlamaTap& tap, const CaptureOptions& options, const Json& description) {
  std::vector<ActivationSet> sets;
  for (auto& manifest : tap.manifests()) {
    manifest.model_hash = description["model"].get<std::string>();
    manifest.words_max = options.tap.limits.words_max;  // segments come to the tap as they are
    manifest.chars_max = options.tap.limits.chars_max;
    manifest.segments_max = options.segments_max;
    manifest.program_version = options.program_version;
    sets.push_back({.manifest = std::move(manifest), .values = {}, .rows = {}});
  }
  return sets;
}

Result<void> add(const TapBatch& batch, std::size_t texts, std::vector<ActivationSet>& sets) {
  for (std::size_t r = 0; r < sets.size(); ++r) {
    auto& set = sets[r];
    if (batch.count > texts - set.rows.size()) {
      return fail(ErrorCode::bad_input, "the unfinished capture has more rows than prompts: run with --fresh");
    }
    set.values.insert(set.values.end(), batch.values[r].begin(), batch.values[r].end());
    for (std::size_t i = 0; i < batch.count; ++i) {
      RowInfo info;
      info.tokens_seen = batch.tokens_seen[i];
      info.tokens_total = batch.tokens_total[i];
      set.rows.push_back(std::move(info));
    }
  }
  return {};
}

// Reads the texts that are not in `sets` yet, batch by batch.
Result<void> read_rest(LlamaTap& tap, const CaptureOptions& options, const Prompts& prompts, const Distinct& distinct,
                       FrameFile& rows, std::vector<ActivationSet>& sets, const CaptureProgress& progress) {
  const std::size_t total = distinct.texts.size();
  const std::size_t found = sets.front().count();
  if (progress) progress(found, total, found);
  while (sets.front().count() < total) {
    const std::size_t done = sets.front().count();
    auto batch = tap.read(std::span(distinct.texts).subspan(done));
    if (!batch) {
      const std::size_t first = distinct.prompts[done];
      const std::size_t line =
          options.segments_max > 1 ? prompts.infos[first].more["request"].get<std::size_t>() : first;
      return fail_in(fmt::format("{}, from line {} on", options.prompts.string(), line + 1), batch.error());
    }
    CMS_CHECK(rows.append(encode(*batch)));
    CMS_CHECK(add(*batch, total, sets));
    if (progress) progress(sets.front().count(), total, found);
  }
  return {};
}

// A row for each prompt, from the rows of the texts.
ActivationSet for_prompts(ActivationSet texts, const Distinct& distinct, const std::vector<RowInfo>& infos) {
  const bool as_they_are = texts.rows.size() == infos.size();
  ActivationSet set{.manifest = std::move(texts.manifest), .values = {}, .rows = infos};
  const std::size_t dimension = set.manifest.dimension;
  if (as_they_are) set.values = std::move(texts.values);
  set.values.reserve(infos.size() * dimension);
  for (std::size_t i = 0; i < infos.size(); ++i) {
    const std::size_t text = distinct.of[i];
    set.rows[i].tokens_seen = texts.rows[text].tokens_seen;
    set.rows[i].tokens_total = texts.rows[text].tokens_total;
    if (as_they_are) continue;
    const auto row = texts.values.begin() + static_cast<std::ptrdiff_t>(text * dimension);
    set.values.insert(set.values.end(), row, row + static_cast<std::ptrdiff_t>(dimension));
  }
  return set;
}

}  // namespace

std::vector<Path> set_names(const CaptureOptions& options) {
  const auto& readouts = options.tap.readouts;
  if (readouts.size() == 1 && readouts.front() == Readout{}) return {options.name};
  std::vector<Path> names;
  for (const auto& readout : readouts) names.emplace_back(options.name.string() + "." + readout.suffix());
  return names;
}

Result<void> capture(const CaptureOptions& options, const CaptureProgress& progress) {
  CMS_TRY(prompts, read_prompts(options.prompts, options.segments_max > 1));
  CMS_TRY(description, describe(options));
  auto tap_options = options.tap;
  if (options.segments_max > 1) {
    if (options.tap.limits.words_max == 0) return fail(ErrorCode::usage, "segments need a number of words");
    prompts = in_segments(prompts, options.tap.limits, options.segments_max);
    tap_options.limits = {};
  }
  CMS_TRY(tap, LlamaTap::open(options.model, tap_options));
  CMS_TRY(rows, FrameFile::open(with_ending(options.name, ".partial.rows")));
  CMS_CHECK(agree(options, description, rows));
  const auto distinct = distinct_texts(prompts.texts);
  auto sets = begin_sets(tap, options, description);
  for (const auto& frame : rows.frames()) {
    CMS_TRY(batch, decode(frame, sets.size(), tap.dimension()));
    CMS_CHECK(add(batch, distinct.texts.size(), sets));
  }
  CMS_CHECK(read_rest(tap, options, prompts, distinct, rows, sets, progress));
  const auto names = set_names(options);
  for (std::size_t r = 0; r < sets.size(); ++r) {
    CMS_CHECK(write_set(names[r], for_prompts(std::move(sets[r]), distinct, prompts.infos), options.dtype));
  }
  std::error_code ignored;
  for (const char* ending : {".partial.json", ".partial.rows"}) {
    std::filesystem::remove(with_ending(options.name, ending), ignored);
  }
  return {};
}

}  // namespace cms::tap
