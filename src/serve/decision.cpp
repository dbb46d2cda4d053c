#include "serve/decision.hpp"

namespace cms::serve {

std::optional<policy::Override> override_of(const store::Store& store, const store::AccountName& name) {
  const auto document = store.document(name, std::string(policy::kOverrideKind));
  if (!document || !*document) return std::nullopt;
  const auto found = policy::parse_override(**document);
  return found ? std::optional(*found) : std::nullopt;
}

policy::Decision decide(const policy::Policy& policy, const store::Store& store, const store::AccountName& name,
                        const Score& score, double now) {
  const auto found = override_of(store, name);
  return policy::decide(policy, name.tenant, name.account, score, now, found ? &*found : nullptr);
}

}  // namespace cms::serve
