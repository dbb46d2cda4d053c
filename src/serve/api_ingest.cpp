// Ingest: bodies to batches, batches to the engine, outcomes to answers. The engine answers from its own thread.
#include <fmt/format.h>

#include <algorithm>

#include "serve/api_handlers.hpp"

namespace cms::serve {
namespace {

using pipeline::BatchPosition;
using pipeline::Outcome;
using pipeline::Refusal;

// Cms-Producer, Cms-Epoch and Cms-Sequence: all three or none.
Result<BatchPosition> position_of(const Request& request) {
  BatchPosition position;
  const auto producer = percent_decoded(request.header("Cms-Producer"));
  const auto epoch = request.header("Cms-Epoch"), sequence = request.header("Cms-Sequence");
  if (producer && producer->empty() && epoch.empty() && sequence.empty()) return position;
  const auto epoch_number = parse_count(epoch), sequence_number = parse_count(sequence);
  if (!producer || producer->empty() || producer->size() > 256 || !epoch_number || sequence_number.value_or(0) == 0) {
    return fail(ErrorCode::bad_input, "Cms-Producer (1 to 256 bytes, percent-encoded), Cms-Epoch (a whole number) and "
                                      "Cms-Sequence (from 1) go together");
  }
  position = {*producer, *epoch_number, *sequence_number};
  return position;
}

// Most likely a file that was not there to be sent. A producer's batch has its place in the sequence without items too.
Result<void> check_count(std::size_t items, const BatchPosition& position) {
  if (items > 0 || !position.producer.empty()) return {};
  return fail(ErrorCode::bad_input, "no items: the body holds no line and no row");
}

Response whole_refusal(const Outcome& outcome) {
  const auto why = outcome.refusals.empty() ? Refusal::overload : outcome.refusals[0];
  if (why == Refusal::store) {
    return problem(Problem::store_unavailable, "Nothing was taken; send the batch again later.");
  }
  return problem(Problem::overloaded, "The queue is full and nothing was taken; send the batch again later.");
}

// For who sent it, where what read the item had nothing nearer to say.
std::string_view meaning(Refusal refusal) {
  switch (refusal) {
    case Refusal::none: return "it was scored";
    case Refusal::shed: return "sampled out under load";
    case Refusal::overload: return "the queue is full";
    case Refusal::model: return "it is of another model, layer or pooling than the atlas";
    case Refusal::dimension: return "it has not as many numbers as the atlas' model gives";
    case Refusal::not_finite: return "a number is NaN or infinite";
    case Refusal::account: return "the account's name is empty, too long or not UTF-8";
    case Refusal::clock: return "its time lies too far from the daemon's clock ([pipeline] says how far)";
    case Refusal::tenant: return "there is no such tenant for this caller";
    case Refusal::store: return "its account cannot be read";
    case Refusal::text: return "the model cannot read its text";
  }
  return {};
}

Response answer(const Outcome& outcome, const std::map<std::size_t, std::string>& why, std::size_t items) {
  using Status = Outcome::Status;
  if (outcome.status == Status::refused) return whole_refusal(outcome);
  if (outcome.status == Status::gap) {
    return problem(Problem::out_of_order, fmt::format("Send the batch with sequence {} first.", outcome.expected));
  }
  if (outcome.status == Status::stale) {
    return problem(Problem::stale_epoch, "A later epoch of this producer is there; begin a new one, or stop.");
  }
  // What came of its items was said when it was done.
  if (outcome.status == Status::duplicate) {
    return json_response({{"status", "duplicate"}, {"received", items}, {"expected", outcome.expected}});
  }
  Json refusals = Json::array();
  std::size_t scored = 0, shed = 0;
  for (std::size_t i = 0; i < outcome.refusals.size(); ++i) {
    const auto refusal = outcome.refusals[i];
    scored += refusal == Refusal::none;
    shed += refusal == Refusal::shed;
    if (refusal == Refusal::none) continue;
    const auto words = why.find(i);
    refusals.push_back({{"item", i}, {"refusal", name(refusal)},
                        {"why", words == why.end() ? std::string(meaning(refusal)) : words->second}});
  }
  Json body{{"status", "done"}, {"received", items}, {"scored", scored}, {"shed", shed}};
  body["refused"] = refusals.size() - shed;
  body["refusals"] = std::move(refusals);
  body["expected"] = outcome.expected;
  return json_response(body);
}

std::string optional_text(const Call& call, std::string_view header) {
  return std::string(call.request.header(header));
}

Result<Items> items_of(const ApiContext& context, Call& call) {
  const ItemLimits limits{context.options.items_max, context.parts.clock()};
  const auto type = call.request.header("Content-Type");
  const auto is = [&](std::string_view which) { return same_word(type.substr(0, type.find(';')), which); };
  if (is("application/x-ndjson") || is("application/jsonl")) {
    return parse_activation_lines(std::move(call.request.body), limits);
  }
  RowNames names;
  if (const auto account = call.target.value("account")) names.account = *account;
  if (const auto time = call.target.value("time")) {
    names.time = parse_number(*time);
    if (!names.time) return fail(ErrorCode::bad_input, "\"time\" must be a number of seconds since 1970");
  }
  names.accounts_json = optional_text(call, "Cms-Accounts");
  names.times_json = optional_text(call, "Cms-Times");
  const auto format = is("application/x-npy") ? MatrixFormat::npy : MatrixFormat::safetensors;
  return parse_matrix(call.request.body, format, std::string(call.target.value("tensor").value_or("")), names, limits);
}

}  // namespace

void post_activations(const ApiContext& context, Call&& call, Respond respond) {
  const auto refuse = [&](const Error& error) { respond(problem(Problem::bad_request, error.message + ".")); };
  const auto position = position_of(call.request);
  if (!position) return refuse(position.error());
  const auto model = call.request.header("Cms-Model");
  if (model.empty()) {
    return refuse({ErrorCode::bad_input, "Cms-Model is missing: name the model the vectors come from, as NAME/LAYER/"
                                         "POOLING, or by the hash of its file instead of NAME"});
  }
  const bool known_model = context.parts.model->atlas.manifest.is_named(model);
  auto items = items_of(context, call);
  if (!items) return refuse(items.error());
  if (const auto enough = check_count(items->items.size(), *position); !enough) return refuse(enough.error());
  if (!known_model) {
    for (auto& item : items->items) item.refusal = Refusal::model;
  }
  const auto count = items->items.size();
  context.parts.engine->submit({call.tenant, *position, std::move(items->items)},
                               [respond = std::move(respond), why = std::move(items->why), count](Outcome outcome) {
                                 respond(answer(outcome, why, count));
                               });
}

void post_observations(const ApiContext& context, Call&& call, Respond respond) {
  const auto refuse = [&](const Error& error) { respond(problem(Problem::bad_request, error.message + ".")); };
  if (!context.parts.observe) {
    return respond(problem(Problem::observe_off, "The daemon has no model to read prompts with; see [tap] in its "
                                                 "configuration."));
  }
  const auto position = position_of(call.request);
  if (!position) return refuse(position.error());
  const ItemLimits limits{context.options.items_max, context.parts.clock()};
  auto items = parse_observation_lines(std::move(call.request.body), limits);
  if (!items) return refuse(items.error());
  if (const auto enough = check_count(items->items.size(), *position); !enough) return refuse(enough.error());
  const auto count = items->items.size();
  context.parts.observe(call.tenant, *position, std::move(items->items),
                        [respond = std::move(respond), why = std::move(items->why), count](const Outcome& outcome) {
                          respond(answer(outcome, why, count));
                        });
}

}  // namespace cms::serve
