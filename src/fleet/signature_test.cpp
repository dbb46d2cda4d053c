#include "fleet/signature.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "fleet/signature_example.hpp"
#include "types/fixed_point.hpp"

namespace cms::fleet {
namespace {

Bytes bytes_of(const Signature& signature) {
  ByteWriter out;
  encode(signature, out);
  return out.take();
}

TEST(Signature, merged_in_any_order_is_the_same_bytes_as_the_requests_one_by_one) {
  const ExampleWorld world(1);
  Random random(2);
  std::vector<Projected> requests;
  for (int i = 0; i < 300; ++i) requests.push_back(world.near(random.below(kExampleCharts), random));
  const auto of = [&](std::span<const Projected> some) {
    Signature made;
    for (const auto& one : some) add(made, one, world.centres[one.chart]);
    return made;
  };
  const auto whole = of(requests);
  for (int round = 0; round < 20; ++round) {
    random.shuffle(requests);
    const std::size_t cut = random.below(requests.size());
    auto merged = of(std::span(requests).first(cut));
    merge(merged, of(std::span(requests).subspan(cut)));
    EXPECT_EQ(bytes_of(merged), bytes_of(whole));
  }
}

TEST(Signature, distance_equals_the_slow_mean_over_pairs_of_requests) {
  const ExampleWorld world(3);
  Random random(4);
  for (const std::uint32_t count : {2U, 17U, 90U}) {
    std::vector<std::vector<double>> points[2];
    Signature made[2];
    for (int side = 0; side < 2; ++side) {
      for (std::uint32_t i = 0; i < count; ++i) {
        const auto one = world.near(random.below(side == 0 ? 20 : 60), random);
        add(made[side], one, world.centres[one.chart]);
        double squares = 0;
        for (const auto value : one.point) squares += value * value;
        std::vector<double> unit;
        for (const auto value : one.point) unit.push_back(value / std::sqrt(squares));
        points[side].push_back(unit);
      }
    }
    const auto mean = [&](const auto& a, const auto& b, bool same) {
      double sum = 0, pairs = 0;
      for (std::size_t i = 0; i < a.size(); ++i) {
        for (std::size_t j = 0; j < b.size(); ++j) {
          if (same && i == j) continue;
          for (std::size_t d = 0; d < a[i].size(); ++d) sum += a[i][d] * b[j][d];
          pairs += 1;
        }
      }
      return sum / pairs;
    };
    const double slow = mean(points[0], points[0], true) + mean(points[1], points[1], true) -
                        2 * mean(points[0], points[1], false);
    EXPECT_NEAR(distance_squared(made[0], made[1]), slow, 2e-4);
  }
}

TEST(Signature, distance_is_0_on_average_between_accounts_of_one_stream) {
  const ExampleWorld world(5);
  Random random(6);
  const auto charts = ExampleWorld::some(30, random);
  double same = 0, style = 0, other = 0;
  constexpr int kPairs = 400;
  for (int i = 0; i < kPairs; ++i) {
    const auto a = world.account(charts, 30, random), b = world.account(charts, 60, random);
    same += distance_squared(a, b) / kPairs;
    style += style_distance_squared(a, b) / kPairs;
    other += distance_squared(a, world.account(ExampleWorld::some(30, random), 60, random)) / kPairs;
  }
  EXPECT_NEAR(same, 0, .003);
  EXPECT_NEAR(style, 0, .003);
  EXPECT_GT(other, .02);
}

double cosine_of_styles(const Signature& a, const Signature& b) {
  const auto one = style_direction(a), other = style_direction(b);
  double sum = 0;
  for (std::size_t d = 0; d < one.size(); ++d) sum += static_cast<double>(one[d]) * other[d];
  return sum;
}

// Two who ask in one chart have mean residuals that lean back from its centre alike, and no style.
TEST(Signature, style_is_alike_of_those_who_ask_alike_and_not_of_those_who_ask_of_one_topic) {
  const ExampleWorld world(21);
  Random random(22);
  const auto style = ExampleWorld::direction(random);
  double shared = 0, topic = 0, chance = 0;
  constexpr int kPairs = 50;
  for (int i = 0; i < kPairs; ++i) {
    const auto charts = ExampleWorld::some(2, random);
    const auto one = world.account({charts[0]}, 60, random), other = world.account({charts[1]}, 60, random);
    topic += cosine_of_styles(one, world.account({charts[0]}, 60, random)) / kPairs;
    chance += cosine_of_styles(one, other) / kPairs;
    shared += cosine_of_styles(world.account({charts[0]}, 60, random, style),
                               world.account({charts[1]}, 60, random, style)) / kPairs;
    EXPECT_NEAR(cosine_of_styles(one, one), 1, 1e-5);
  }
  EXPECT_GT(shared, .8);
  EXPECT_NEAR(topic, 0, .1);
  EXPECT_NEAR(chance, 0, .1);
  EXPECT_EQ(cosine_of_styles({}, world.account({1}, 60, random)), 0);
}

// Atlases may have more directions than a signature keeps: what is left out must not pass for distance.
TEST(Signature, distance_is_0_on_average_between_accounts_of_one_stream_of_any_rank) {
  Random random(17);
  for (const std::size_t rank : {48U, 96U, 128U}) {
    const std::vector<float> centre(rank);
    const auto account = [&](std::uint32_t requests) {
      Signature made;
      Projected one;
      one.point.resize(rank);
      for (std::uint32_t i = 0; i < requests; ++i) {
        for (auto& value : one.point) value = static_cast<std::int8_t>(20 + static_cast<int>(random.below(121)) - 60);
        add(made, one, centre);
      }
      return made;
    };
    double same = 0, style = 0;
    constexpr int kPairs = 400;
    for (int i = 0; i < kPairs; ++i) {
      const auto a = account(20), b = account(40);
      same += distance_squared(a, b) / kPairs;
      style += style_distance_squared(a, b) / kPairs;
    }
    EXPECT_NEAR(same, 0, .003) << rank;
    EXPECT_NEAR(style, 0, .003) << rank;
  }
}

TEST(Signature, halves_in_half_a_life_and_forgets_charts_within_two_epochs) {
  const ExampleWorld world(7);
  Random random(8);
  const SignatureOptions options{16, 40};
  Signature account = world.account({1}, 1, random);
  for (int i = 0; i < 16; ++i) decay(account, options);
  EXPECT_NEAR(weight_of(account), .5, 1e-4);
  for (int i = 0; i < 40; ++i) take(account, world.near(2, random), world.centres[2], options);
  EXPECT_EQ(chart_count(charts_of(account)), 2U);
  for (int i = 0; i < 80; ++i) take(account, world.near(2, random), world.centres[2], options);
  EXPECT_EQ(chart_count(charts_of(account)), 1U);
  EXPECT_EQ(account.requests, 121U);
}

TEST(Signature, follows_the_real_weights_of_its_requests_for_ever) {
  const ExampleWorld world(9);
  Random random(10);
  const SignatureOptions options;
  Signature account;
  std::array<double, kSignatureDimensions> sums{};
  double weight = 0, squares = 0;
  const double factor = std::exp2(-1 / options.half_life_requests);
  for (int i = 0; i < 5'000; ++i) {
    const auto one = world.near(random.below(10), random);
    take(account, one, world.centres[one.chart], options);
    double length = 0;
    for (const auto value : one.point) length += value * value;
    for (std::size_t d = 0; d < sums.size(); ++d) sums[d] = sums[d] * factor + one.point[d] / std::sqrt(length);
    weight = weight * factor + 1;
    squares = squares * factor * factor + 1;
  }
  EXPECT_NEAR(weight_of(account), weight, 1e-3);
  EXPECT_NEAR(effective_requests(account), weight * weight / squares, .01);
  const auto mean = mean_point(account);
  for (std::size_t d = 0; d < sums.size(); ++d) EXPECT_NEAR(mean[d], sums[d] / weight, 1e-4);
}

TEST(Signature, stops_where_a_sum_could_overflow) {
  const ExampleWorld world(11);
  Random random(12);
  const auto one = world.near(3, random);
  Signature account;
  for (std::uint32_t i = 0; i < 2 * kWeightMax; ++i) add(account, one, world.centres[3]);
  EXPECT_LE(weight_of(account), kWeightMax);
  EXPECT_EQ(account.requests, 2 * kWeightMax);
  auto merged = account;
  for (int i = 0; i < 40; ++i) merge(merged, account);
  EXPECT_LE(weight_of(merged), kWeightMax);
  const auto mean = mean_point(merged), expected = mean_point(account);
  for (std::size_t d = 0; d < mean.size(); ++d) EXPECT_NEAR(mean[d], expected[d], 1e-4);
}

TEST(Signature, comes_back_from_at_most_a_kibibyte_and_damage_is_told) {
  const ExampleWorld world(13);
  Random random(14);
  Signature account;
  for (int i = 0; i < 700; ++i) {
    const auto one = world.near(random.below(kExampleCharts), random);
    take(account, one, world.centres[one.chart], {});
  }
  const auto bytes = bytes_of(account);
  EXPECT_EQ(bytes.size(), kSignatureBytes);
  EXPECT_LE(bytes.size(), 1024U);
  ByteReader in(bytes);
  const auto back = decode_signature(in);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, account);
  for (std::size_t cut = 0; cut < bytes.size(); cut += 37) {
    ByteReader shorter({bytes.data(), cut});
    EXPECT_FALSE(decode_signature(shorter));
  }
  auto damaged = account;
  damaged.points[5] = INT32_MAX;
  const auto wrong = bytes_of(damaged);
  ByteReader reader(wrong);
  EXPECT_FALSE(decode_signature(reader));
}

TEST(Signature, remembers_as_many_charts_as_it_has_bits_for) {
  constexpr SignatureOptions options{.half_life_requests = 64, .epoch_requests = 700};
  Signature account, half;
  reserve_charts(account, kChartsMax);
  EXPECT_GT(bytes_apart(account), 2 * kChartsMax / 8 - 1);
  EXPECT_EQ(bytes_apart(half), 0U);
  const std::vector<float> centre(4);
  Projected one;
  one.point = {127, 0, 0, 0};
  for (std::uint32_t n = 0; n < kChartsMax; ++n) {
    one.chart = static_cast<std::uint16_t>(n * 7 % kChartsMax);
    take(account, one, centre, options);
    if (n % 2 == 0) take(half, one, centre, options);
  }
  EXPECT_EQ(chart_count(charts_of(account)), kChartsMax);
  EXPECT_EQ(chart_count(charts_of(half)), kChartsMax / 2);
  const auto bytes = bytes_of(account);
  EXPECT_EQ(bytes.size(), kSignatureBytes);
  ByteReader in(bytes);
  const auto back = decode_signature(in);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, account);
  merge(half, account);
  EXPECT_EQ(chart_count(charts_of(half)), kChartsMax);
  for (int n = 0; n < 1400; ++n) take(account, one, centre, options);  // two epochs of one chart
  EXPECT_EQ(chart_count(charts_of(account)), 1U);
}

// The greatest sums that are let in, in every sign, and what may be done with them. Undefined behaviour ends this test
// when it is built with -fsanitize=undefined; without, a sum that has wrapped has the wrong sign.
TEST(Signature, of_hostile_bytes_is_refused_or_can_be_added_to_aged_and_merged) {
  const auto one = round_even(0x1p20);
  const ExampleWorld world(18);
  Random random(19);
  std::vector<Signature> hostile;
  for (const double weight : {0.0, 1.0, 100.0, kWeightMax - 1.0, kWeightMax - .5, 1.0 * kWeightMax}) {
    for (const double most : {0x1p16, 0x1p17}) {
      for (const double sign : {-1.0, 1.0}) {
        Signature made;
        made.weight = made.weight_squares = static_cast<std::int64_t>(weight * static_cast<double>(one));
        made.residual_squares = 5 * made.weight_squares;
        const double sum = std::min(weight * most + 0x1p15, 0x1p31 - 1);
        if (most == 0x1p16) made.points[7] = static_cast<std::int32_t>(sign * sum);
        made.residuals[9] = static_cast<std::int32_t>(sign * sum);
        made.requests = std::uint64_t{1} << 53;
        made.epoch_requests = made.epoch_requests_before = std::uint32_t{1} << 30;
        hostile.push_back(made);
      }
    }
  }
  Projected steep;
  steep.point.assign(kSignatureDimensions, 0);
  std::vector<float> centre(kSignatureDimensions);
  for (const auto& sent : hostile) {
    const auto bytes = bytes_of(sent);
    ByteReader in(bytes);
    const auto back = decode_signature(in);
    ASSERT_TRUE(back) << back.error().message;
    const std::int8_t sign = sent.residuals[9] > 0 ? 1 : -1;
    steep.point[9] = static_cast<std::int8_t>(127 * sign);
    centre[9] = static_cast<float>(-sign);
    auto aged = *back, more = *back, merged = *back;
    decay(aged, {});
    EXPECT_LE(aged.weight, back->weight);
    EXPECT_GE(aged.weight, back->weight * 9 / 10);
    for (int i = 0; i < 3; ++i) add(more, steep, centre);
    EXPECT_GE(sign * std::int64_t{more.residuals[9]}, sign * std::int64_t{back->residuals[9]});
    for (int i = 0; i < 5'000; ++i) merge(merged, *back);
    EXPECT_GE(sign * std::int64_t{merged.residuals[9]}, 0);
    EXPECT_GE(chart_requests(merged), chart_requests(*back));
    EXPECT_GE(merged.requests, back->requests);
    for (const auto& other : hostile) {
      EXPECT_TRUE(std::isfinite(distance_squared(merged, other)));
      EXPECT_TRUE(std::isfinite(style_distance_squared(merged, other)));
    }
  }
}

TEST(Signature, of_bytes_beyond_its_bounds_is_refused) {
  const ExampleWorld world(20);
  Random random(21);
  const auto good = world.account({1, 2}, 30, random);
  const auto refused = [](const Signature& signature) {
    const auto bytes = bytes_of(signature);
    ByteReader in(bytes);
    return !decode_signature(in);
  };
  EXPECT_FALSE(refused(good));
  auto full = good;
  full.weight = full.weight_squares = round_even(0x1p20) * (kWeightMax - 1);
  full.residuals[3] = std::numeric_limits<std::int32_t>::max() - (1 << 16);  // no room for one more request
  EXPECT_TRUE(refused(full));
  auto wrapped = good;
  wrapped.epoch_requests = std::numeric_limits<std::uint32_t>::max();
  wrapped.epoch_requests_before = 31;  // together 30 in 32 bits, as many as its requests
  EXPECT_TRUE(refused(wrapped));
  auto many = good;
  many.requests = std::numeric_limits<std::uint64_t>::max();
  EXPECT_TRUE(refused(many));
}

TEST(Signature, of_nothing_or_one_request_has_no_distance) {
  const ExampleWorld world(15);
  Random random(16);
  const auto one = world.account({1}, 1, random), many = world.account({1, 2}, 30, random);
  EXPECT_EQ(distance_squared(Signature{}, many), 0);
  EXPECT_EQ(distance_squared(one, many), 0);
  EXPECT_EQ(effective_requests(Signature{}), 0);
}

}  // namespace
}  // namespace cms::fleet
