#include "policy/ledger.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "base/random.hpp"

namespace cms::policy {
namespace {

struct Entry {
  std::uint32_t chart = 0;
  bool repeat = false;
  double price = 1;
};

std::vector<Entry> random_entries(std::uint32_t charts, std::size_t count, Random& random) {
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < count; ++i) {
    entries.push_back({static_cast<std::uint32_t>(random.below(charts)), random.below(4) == 0,
                       1 + static_cast<double>(random.below(5'000)) / 1'000});
  }
  return entries;
}

Ledger ledger_of(std::uint32_t charts, const std::vector<Entry>& entries) {
  auto ledger = *make_ledger(charts);
  for (const auto& entry : entries) enter(ledger, entry.chart, entry.repeat, entry.price);
  return ledger;
}

Bytes bytes_of(const Ledger& ledger) {
  ByteWriter out;
  encode(ledger, out);
  return out.take();
}

TEST(Ledger, keeps_1_to_1024_charts) {
  EXPECT_FALSE(make_ledger(0));
  EXPECT_FALSE(make_ledger(1025));
  EXPECT_TRUE(make_ledger(1));
  EXPECT_TRUE(make_ledger(1024));
}

TEST(Ledger, says_what_a_plain_set_of_charts_says) {
  Random random(1);
  for (const std::uint32_t charts : {1U, 63U, 64U, 65U, 256U, 1024U}) {
    std::vector<double> masses;
    for (std::uint32_t c = 0; c < charts; ++c) masses.push_back(random.uniform() + .01);
    const auto entries = random_entries(charts, 300, random);
    std::set<std::uint32_t> seen;
    std::uint64_t distinct = 0;
    double paid = 0, mass = 0, all = 0;
    for (const auto& entry : entries) {
      if (!entry.repeat) seen.insert(entry.chart), ++distinct;
      paid += entry.price;
    }
    for (std::uint32_t c = 0; c < charts; ++c) all += masses[c], mass += seen.contains(c) ? masses[c] : 0;
    const auto ledger = ledger_of(charts, entries);
    EXPECT_EQ(ledger.covered(), seen.size());
    EXPECT_EQ(ledger.requests, entries.size());
    EXPECT_EQ(ledger.distinct, distinct);
    EXPECT_NEAR(ledger.paid(), paid, 1e-6);
    EXPECT_NEAR(covered_mass(ledger, masses), mass / all, 1e-12);
    for (std::uint32_t c = 0; c < charts; ++c) EXPECT_EQ(ledger.covers(c), seen.contains(c));
  }
}

TEST(Ledger, of_two_accounts_as_one_is_that_of_all_their_requests_in_any_order) {
  Random random(2);
  auto first = random_entries(200, 100, random), second = random_entries(200, 150, random);
  const auto a = ledger_of(200, first), b = ledger_of(200, second);
  auto both = first;
  both.insert(both.end(), second.begin(), second.end());
  random.shuffle(both);
  EXPECT_EQ(merged(a, b), ledger_of(200, both));
  EXPECT_EQ(merged(a, b), merged(b, a));
  EXPECT_EQ(merged(a, *make_ledger(200)), a);
}

TEST(Ledger, stops_counting_where_numbers_would_overflow) {
  auto ledger = *make_ledger(8);
  ledger.requests = ledger.distinct = kLedgerRequestsMax;
  ledger.paid_thousandths = 1'000 * kLedgerRequestsMax;
  const auto before = ledger;
  enter(ledger, 3, false, 1);
  EXPECT_EQ(ledger, before);
  ledger = *make_ledger(8);
  enter(ledger, 3, false, 1e300);
  EXPECT_EQ(ledger, *make_ledger(8));
  const auto twice = merged(before, before);
  EXPECT_LE(twice.requests, kLedgerRequestsMax);
  EXPECT_LE(twice.paid_thousandths, kLedgerPaidMax);
}

TEST(Ledger, that_was_decoded_is_the_original) {
  Random random(3);
  for (const std::uint32_t charts : {1U, 64U, 100U, 1024U}) {
    const auto ledger = ledger_of(charts, random_entries(charts, 200, random));
    const auto bytes = bytes_of(ledger);
    ByteReader in(bytes);
    const auto decoded = decode_ledger(in);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, ledger);
    EXPECT_TRUE(in.finished());
  }
}

TEST(Ledger, cut_short_is_refused) {
  Random random(4);
  const auto bytes = bytes_of(ledger_of(100, random_entries(100, 50, random)));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ByteReader in(std::span<const std::uint8_t>(bytes.data(), size));
    EXPECT_FALSE(decode_ledger(in)) << size;
  }
}

TEST(Ledger, with_any_bit_flipped_is_refused_or_is_another_ledger_that_keeps_the_invariants) {
  Random random(5);
  const auto bytes = bytes_of(ledger_of(100, random_entries(100, 50, random)));
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    auto damaged = bytes;
    damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ 1U << bit % 8);
    ByteReader in(damaged);
    const auto decoded = decode_ledger(in);
    if (!decoded) {
      ++refused;
      continue;
    }
    EXPECT_LE(decoded->covered(), decoded->distinct);
    EXPECT_LE(decoded->distinct, decoded->requests);
    EXPECT_GE(decoded->paid_thousandths, 1'000 * decoded->requests);
    EXPECT_EQ(bytes_of(*decoded), Bytes(damaged.begin(), damaged.begin() + static_cast<std::ptrdiff_t>(
                                                                               bytes_of(*decoded).size())));
  }
  EXPECT_GT(refused, 100U);
}

TEST(Ledger, with_a_chart_beyond_its_charts_is_refused) {
  auto ledger = *make_ledger(100);
  enter(ledger, 99, false, 1);
  ledger.charts[1] <<= 1;
  const auto bytes = bytes_of(ledger);
  ByteReader in(bytes);
  EXPECT_FALSE(decode_ledger(in));
}

}  // namespace
}  // namespace cms::policy
