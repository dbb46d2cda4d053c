#include "serve/decision.hpp"

namespace cms::serve {

policy::Decision decide(const policy::Policy& policy, const store::Store& store, const store::AccountName& name,
                        const Score& score, double now) {
  if (const auto document = store.document(name, std::string(policy::kOverrideKind)); document && *document) {
    if (const auto found = policy::parse_override(**document)) {
      return policy::decide(policy, name.tenant, name.account, score, now, &*found);
    }
  }
  return policy::decide(policy, name.tenant, name.account, score, now);
}

}  // namespace cms::serve
