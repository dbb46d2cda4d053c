// Who the members of kept campaigns are: documents hold numbers, decisions need names.
//
// Threads: pure but for reading the store. `warn` is told in words of what cannot be read.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "fleet/tracking.hpp"
#include "serve/tenant_fleet.hpp"
#include "store/store.hpp"

namespace cms::serve {

// Members by pseudonym, as documents of the first version have them, become members by number. Nothing leads from a
// pseudonym to its account, so all of the tenant's are looked at. False where some could not be read: then members are
// missing.
bool renumber(const store::Store& store, const std::string& tenant, std::vector<fleet::TrackedCampaign>& campaigns,
              const std::function<void(const std::string&)>& warn);

// The names of members by number. Who has been erased while nobody looked is taken out; who cannot be read stays, and
// has no name. Cost: a read a member.
TenantFleet::Names name_members(const store::Store& store, const std::string& tenant,
                                std::vector<fleet::TrackedCampaign>& campaigns,
                                const std::function<void(const std::string&)>& warn);

}  // namespace cms::serve
