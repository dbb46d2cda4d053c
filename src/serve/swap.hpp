// Whether the kernel may swap this process' memory out, mostly to a disk, where nobody encrypts it.
//
// Threads: any. Cost: a few small files.
#pragma once

#include <filesystem>
#include <string_view>

namespace cms::serve {

// `proc` and `cgroups` are /proc and /sys/fs/cgroup, elsewhere in tests. True when there is swap and neither this
// process' control group nor one above it forbids it (memory.swap.max of control groups 2, as MemorySwapMax=0 sets it).
// Where /proc says nothing: false.
bool may_swap(const std::filesystem::path& proc = "/proc", const std::filesystem::path& cgroups = "/sys/fs/cgroup");

}  // namespace cms::serve
