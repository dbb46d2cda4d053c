// An event as a Detection Finding of the Open Cybersecurity Schema Framework, for SIEMs.
//
// OCSF 1.4.0, class 2004. Which field comes from where: docs/formats/ocsf.md. Threads: pure. Cost: 10 us.
// Reference: schema.ocsf.io/1.4.0/classes/detection_finding.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "serve/event.hpp"

namespace cms::serve {

// The finding of a change of action; nothing for events of other kinds. `version` is that of CMS. The finding of an
// account keeps its uid (finding_info.uid): it is created when the action leaves `allow`, updated, and closed when it
// is `allow` again.
std::optional<nlohmann::ordered_json> ocsf_finding(const Event& event, std::string_view version);

}  // namespace cms::serve
