// What another policy would do to the accounts as they stand.
#include <fmt/format.h>

#include "serve/api_handlers.hpp"
#include "serve/config.hpp"
#include "serve/decision.hpp"
#include "tap/json_lines.hpp"

namespace cms::serve {
namespace {

constexpr std::size_t kAccountsMax = 100'000, kChangedMax = 1000;

// The TOML of {"policy": TOML}.
Result<std::string> policy_text(const Call& call) {
  CMS_TRY(object, tap::parse_object(call.request.body));
  const auto policy = object.find("policy");
  if (object.size() != 1 || policy == object.end() || !policy->is_string()) {
    return fail(ErrorCode::bad_input, "send {\"policy\": TEXT}, the text as TOML with a section [policy]");
  }
  return policy->get<std::string>();
}

struct Tried {
  pipeline::ByAction before{}, after{};
  Json changed = Json::array();
  std::size_t changes = 0;
};

void try_one(const ApiContext& context, const store::AccountName& name, double poh, double now,
             const policy::Policy& in_force, const policy::Policy& candidate, Tried& tried) {
  Score score;
  score.computed = true;
  score.poh = poh;
  const auto found = context.parts.overrides->of(name);
  const auto would_be = [&](const policy::Policy& policy) {
    return policy::decide(policy, name.tenant, name.account, score, now, found ? &*found : nullptr).would_be;
  };
  const auto before = would_be(in_force);
  const auto after = would_be(candidate);
  ++tried.before[static_cast<std::size_t>(before)];
  ++tried.after[static_cast<std::size_t>(after)];
  if (before == after || ++tried.changes > kChangedMax) return;
  tried.changed.push_back({{"account", name.account}, {"poh", poh}, {"from", cms::name(before)},
                           {"to", cms::name(after)}});
}

}  // namespace

Response post_backtest(const ApiContext& context, const Call& call) {
  const auto in_force = context.parts.policy();
  const auto text = policy_text(call);
  if (!text) return problem(Problem::bad_request, text.error().message + ".");
  const auto candidate = parse_policy(*text, *in_force);
  if (!candidate) return problem(Problem::bad_request, candidate.error().message + ".");
  const double now = context.parts.clock();
  const auto view = context.parts.overview->view(call.tenant, now);
  const auto lowest = context.parts.overview->lowest(call.tenant, 1, kAccountsMax);
  Tried tried;
  for (const auto& low : lowest.accounts) {
    try_one(context, {call.tenant, low.account}, low.poh, now, *in_force, *candidate, tried);
  }
  return json_response({{"accounts", lowest.accounts.size()},
                        {"left_out", lowest.total - lowest.accounts.size()},
                        {"filled", view.filled},
                        {"before", by_action_json(tried.before)},
                        {"after", by_action_json(tried.after)},
                        {"changed", std::move(tried.changed)},
                        {"truncated", tried.changes > kChangedMax}});
}

}  // namespace cms::serve
