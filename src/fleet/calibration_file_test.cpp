#include "fleet/calibration_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/hash.hpp"
#include "base/random.hpp"

namespace cms::fleet {
namespace {

NamedCalibration example() {
  NamedCalibration named{"0123456789ab", 600, {}};
  auto& calibration = named.calibration;
  calibration.options.links.neighbours = 8;
  calibration.options.communities.resolution = 1.5;
  calibration.options.communities.null = {40, 80};
  calibration.options.members_min = 6;
  calibration.breadth = {{.1, .9, -.05}, .3};
  calibration.coefficients = {2.5, 1.25};
  calibration.scale = .2;
  calibration.distance = .4;
  calibration.looks = 4;
  for (int i = 0; i < 30; ++i) calibration.rankings["team"].push_back(i / 10.0 - 1);
  for (int i = 0; i < 20; ++i) calibration.rankings[""].push_back(i / 5.0 - 2);
  calibration.suspects = .02;
  calibration.suspects_spread = .1;
  calibration.breadth_tail = {.7, {.3, .1}};
  calibration.suspicion_tail = {-.1, {.8, .4}};
  calibration.options.links.poh_decade = 1.5;
  calibration.breadth_rankings = calibration.rankings;
  return named;
}

Bytes under_a_fitting_hash(Bytes content) {
  content.resize(content.size() - sizeof(Digest));
  const auto hash = sha256(content);
  content.insert(content.end(), hash.begin(), hash.end());
  return content;
}

std::string refusal(const Bytes& content) {
  const auto decoded = decode_calibration(content);
  return decoded ? "" : decoded.error().message;
}

TEST(CalibrationFile, comes_back_as_it_was_and_judges_alike) {
  const auto content = encode(example());
  const auto decoded = decode_calibration(content);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->atlas, "0123456789ab");
  EXPECT_EQ(decoded->accounts, 600U);
  EXPECT_EQ(decoded->calibration.looks, 4U);
  EXPECT_EQ(accounts_max(*decoded), 900U);
  EXPECT_EQ(encode(*decoded), content);
  EXPECT_EQ(decoded->calibration.rankings, example().calibration.rankings);
  EXPECT_EQ(decoded->calibration.breadth_rankings, example().calibration.breadth_rankings);
  EXPECT_EQ(decoded->calibration.suspects, .02);
  EXPECT_EQ(decoded->calibration.options.links.poh_decade, 1.5);
  EXPECT_EQ(decoded->calibration.breadth_tail.law.scale, .3);
  EXPECT_EQ(decoded->calibration.suspicion_tail.law.shape, .4);
  EXPECT_EQ(decoded->calibration.suspicion_tail.from, -.1);
  EXPECT_EQ(decoded->calibration.options.links.neighbours, 8U);
  EXPECT_EQ(decoded->calibration.options.communities.null, (NullModel{40, 80}));
  EXPECT_EQ(decoded->calibration.options.members_min, 6U);
  EXPECT_DOUBLE_EQ(campaign_poh(decoded->calibration, 1.45), campaign_poh(example().calibration, 1.45));
  EXPECT_TRUE(is_calibration(content));
}

TEST(CalibrationFile, every_flipped_bit_and_every_cut_is_refused) {
  const auto content = encode(example());
  for (std::size_t bit = 0; bit < 8 * content.size(); ++bit) {
    auto changed = content;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_NE(refusal(changed), "") << "bit " << bit;
  }
  for (std::size_t size = 0; size < content.size(); ++size) {
    EXPECT_NE(refusal({content.begin(), content.begin() + static_cast<std::ptrdiff_t>(size)}), "") << size;
  }
  auto longer = content;
  longer.push_back(0);
  EXPECT_NE(refusal(longer), "");
}

TEST(CalibrationFile, another_version_and_another_file_are_refused_in_words) {
  auto content = encode(example());
  content[8] = 1;
  EXPECT_NE(refusal(under_a_fitting_hash(content)).find("version 1"), std::string::npos);
  content[0] = 'X';
  EXPECT_NE(refusal(content).find("cms fleet fit"), std::string::npos);
  EXPECT_FALSE(is_calibration(content));
}

TEST(CalibrationFile, what_calibration_never_gives_is_refused_under_a_fitting_hash) {
  const auto with = [](auto&& change) {
    auto named = example();
    change(named);
    return refusal(encode(named));
  };
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(with([](auto&) {}), "");
  EXPECT_NE(with([](auto& named) { named.calibration.scale = 0; }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.breadth.scale = -1; }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.coefficients[1] = kNan; }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.rankings["team"].back() = kNan; }), "");
  EXPECT_NE(with([](auto& named) { std::ranges::reverse(named.calibration.rankings["team"]); }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.rankings["few"] = {1, 2}; }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.rankings.clear(); }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.breadth_rankings.clear(); }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.breadth_rankings["team"].pop_back(); }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.suspects = -1; }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.suspects = 1.5; }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.suspects_spread = 0; }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.options.links.neighbours = 1; }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.options.communities.resolution = 0; }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.options.links.poh_decade = -1; }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.options.links.poh_decade = kNan; }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.options.links.outlying_coordinate = -1; }), "");
  for (const double absurd : {1e-300, 1e308}) {
    EXPECT_NE(with([&](auto& named) { named.calibration.options.links.distance_scale = absurd; }), "");
  }
  EXPECT_NE(with([](auto& named) { named.calibration.options.links.outlying_coordinate = 1e308; }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.options.links.poh_decade = 1e308; }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.options.communities.resolution = 1e308; }), "");
  for (const auto& [mean, strength] : {std::pair{0., 1.}, {1., 0.}, {-1., 1.}, {1., -1.}, {kNan, 1.}, {1., kNan},
                                            {1e308, 1.}, {1., 1e308}, {1e-310, 1.}, {1., 1e-310}}) {
    const NullModel null{mean, strength};
    EXPECT_NE(with([&](auto& named) { named.calibration.options.communities.null = null; }), "");
  }
  EXPECT_EQ(with([](auto& named) { named.calibration.options.communities.null = {}; }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.breadth_tail.from = kNan; }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.breadth_tail.law.scale = 0; }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.suspicion_tail.law.scale = kNan; }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.suspicion_tail.law.shape = -.1; }), "");
  EXPECT_NE(with([](auto& named) { named.calibration.breadth_tail.law.shape = .95; }), "");
  EXPECT_NE(with([](auto& named) { named.accounts = 0; }), "");
  EXPECT_NE(with([](auto& named) { named.atlas = std::string(65, 'a'); }), "");
}

TEST(CalibrationFile, random_bytes_under_a_fitting_hash_are_refused_or_come_back) {
  const auto content = encode(example());
  Random random(1);
  for (int round = 0; round < 3000; ++round) {
    auto changed = content;
    for (int i = 0; i < 3; ++i) {
      changed[12 + random.below(changed.size() - 12)] = static_cast<std::uint8_t>(random.below(256));
    }
    changed = under_a_fitting_hash(changed);
    if (const auto decoded = decode_calibration(changed)) {
      EXPECT_EQ(encode(*decoded), changed);
    }
  }
}

}  // namespace
}  // namespace cms::fleet
