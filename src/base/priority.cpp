#include "base/priority.hpp"

#include <sched.h>

namespace cms {

void stand_back() {
  const sched_param none{};
  sched_setscheduler(0, SCHED_IDLE, &none);
}

}  // namespace cms
