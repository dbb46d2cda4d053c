#include "lab/reread.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "base/hash.hpp"
#include "lab/ground.hpp"
#include "tap/activation_set.hpp"

namespace cms::lab {
namespace {

constexpr std::array<const char*, 2> kKinds = {"human", "distill"};

// Two kinds of three texts each, and a folder in which a model's reading of them lies already.
class Reread : public testing::Test {
 protected:
  Reread() : folder_(std::filesystem::path(testing::TempDir()) / "cms_reread") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ / "data" / "activations");
    std::filesystem::create_directories(folder_ / "kept");
    std::ofstream(folder_ / "model.gguf") << "stands for a model: nothing here reads with it";
    for (const std::string kind : kKinds) {
      write(folder_ / "data" / "activations" / kind, of(kind, 4));
      std::filesystem::remove(folder_ / "data" / "activations" / (kind + ".manifest.json"));
      keep(kind, of(kind, 2));
    }
  }
  ~Reread() override { std::filesystem::remove_all(folder_); }

  ActivationSet of(const std::string& kind, std::uint32_t dimension) const {
    ActivationSet set;
    set.manifest.model_hash = *sha256_file(folder_ / "model.gguf");
    set.manifest.model_name = "a-model";
    set.manifest.layer = "final";
    set.manifest.normalisation = "output_norm";
    set.manifest.pooling = "mean";
    set.manifest.template_name = "none";
    set.manifest.dimension = dimension;
    for (int i = 0; i < 3; ++i) {
      set.rows.emplace_back();
      set.rows.back().more["text"] = kind + " asks " + std::to_string(i);
      for (std::uint32_t d = 0; d < dimension; ++d) set.values.push_back(static_cast<float>(i + 1));
    }
    return set;
  }
  static void write(const std::filesystem::path& name, const ActivationSet& set) {
    const auto written = tap::write_set(name, set, tap::Dtype::float32);
    ASSERT_TRUE(written) << written.error().message;
  }
  void keep(const std::string& kind, const ActivationSet& set) const { write(folder_ / "kept" / kind, set); }
  Result<std::vector<ActivationSet>> read(tap::Pooling pooling = tap::Pooling::mean) const {
    return reread(folder_ / "data", {folder_ / "model.gguf", folder_ / "kept", pooling, 1});
  }

  std::filesystem::path folder_;
};

TEST_F(Reread, gives_what_was_kept_in_the_order_of_the_kinds) {
  const auto sets = read();
  ASSERT_TRUE(sets) << sets.error().message;
  ASSERT_EQ(sets->size(), kKinds.size());
  for (std::size_t k = 0; k < sets->size(); ++k) {
    EXPECT_EQ((*sets)[k].manifest.dimension, 2U);
    EXPECT_EQ((*sets)[k].rows[2].more.value("text", ""), std::string(kKinds[k]) + " asks 2");
  }
}

TEST_F(Reread, refuses_what_another_model_or_pooling_or_other_texts_left) {
  const auto refused = [&](const auto& sets) { return !sets && sets.error().code == ErrorCode::refused; };
  EXPECT_FALSE(read(tap::Pooling::last));  // nothing of that kind is kept, and the model is none
  auto set = of("distill", 2);
  set.manifest.pooling = "last";
  keep("distill", set);
  EXPECT_TRUE(refused(read()));
  set = of("distill", 2);
  set.manifest.model_hash = std::string(64, '0');
  keep("distill", set);
  EXPECT_TRUE(refused(read()));
  set = of("distill", 2);
  set.rows[1].more["text"] = "asks something else";
  keep("distill", set);
  const auto other = read();
  ASSERT_TRUE(refused(other));
  EXPECT_NE(other.error().message.find("distill"), std::string::npos) << other.error().message;
  keep("distill", of("distill", 2));
  EXPECT_TRUE(read());
}

}  // namespace
}  // namespace cms::lab
