#include "serve/swap.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace cms::serve {
namespace {

class Swap : public testing::Test {
 protected:
  Swap() : folder_(std::filesystem::temp_directory_path() / ("cms_swap_" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(folder_);
    write("proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n");
    write("proc/self/cgroup", "1:name=systemd:/x\n0::/system.slice/cms.service\n");
    write("groups/system.slice/memory.swap.max", "max\n");
    write("groups/system.slice/cms.service/memory.swap.max", "max\n");
  }
  ~Swap() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text;
  }
  void turn_on() const {
    write("proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n/swapfile file 1 0 -2\n");
  }
  [[nodiscard]] bool may() const { return may_swap(folder_ / "proc", folder_ / "groups"); }

 private:
  std::filesystem::path folder_;
};

TEST_F(Swap, may_be_written_to_where_there_is_one) {
  EXPECT_FALSE(may());
  turn_on();
  EXPECT_TRUE(may());
}

TEST_F(Swap, is_forbidden_by_the_units_group_and_by_one_above_it) {
  turn_on();
  write("groups/system.slice/cms.service/memory.swap.max", "0\n");
  EXPECT_FALSE(may());
  write("groups/system.slice/cms.service/memory.swap.max", "1048576\n");
  EXPECT_TRUE(may());
  write("groups/system.slice/memory.swap.max", "0\n");
  EXPECT_FALSE(may());
}

TEST_F(Swap, is_forbidden_to_a_container_that_sees_its_own_group_alone) {
  turn_on();
  write("proc/self/cgroup", "0::/\n");
  EXPECT_TRUE(may());
  write("groups/memory.swap.max", "0\n");
  EXPECT_FALSE(may());
}

TEST_F(Swap, is_forbidden_by_nobody_where_groups_are_of_another_kind) {
  turn_on();
  write("proc/self/cgroup", "4:memory:/system.slice/cms.service\n");
  EXPECT_TRUE(may());
}

}  // namespace
}  // namespace cms::serve
