// The ledger of one account: which charts of the atlas it has covered, and what it has paid.
//
// What an extractor buys is coverage, so a chart counts once: the first request in it pays for it, every later one adds
// nothing. Everything is a whole number, so the order of the requests and of merges does not matter.
// Invariants: bits at and beyond chart_count are 0; covered charts <= distinct <= requests; paid >= 1,000 x requests.
// Threads: plain values. Cost: 160 bytes; enter() is a few operations, the rest one pass over the bits.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace cms::policy {

inline constexpr std::uint32_t kLedgerChartsMax = 1024;
// More requests than this no account sends; sums stay far from where they would overflow.
inline constexpr std::uint64_t kLedgerRequestsMax = std::uint64_t{1} << 40;
inline constexpr std::uint64_t kLedgerPaidMax = std::uint64_t{1} << 60;

struct Ledger {
  std::uint32_t chart_count = 0;  // of the atlas
  std::array<std::uint64_t, kLedgerChartsMax / 64> charts{};  // bit c of word c / 64: chart c was asked for
  std::uint64_t requests = 0;
  std::uint64_t distinct = 0;         // without repeats: the account's age, as the score counts it
  std::uint64_t paid_thousandths = 0;  // of the price of an ordinary request

  [[nodiscard]] bool covers(std::uint32_t chart) const { return (charts[chart / 64] >> chart % 64 & 1) != 0; }
  [[nodiscard]] std::uint32_t covered() const;  // charts
  [[nodiscard]] double paid() const { return static_cast<double>(paid_thousandths) / 1'000; }

  bool operator==(const Ledger&) const = default;
};

// An account that has sent nothing. Errors: `usage` when there are no charts or more than kLedgerChartsMax.
Result<Ledger> make_ledger(std::uint32_t chart_count);

// Share of the mass of `masses` (chart_count values, >= 0, not all 0) that lies in covered charts.
double covered_mass(const Ledger& ledger, std::span<const double> masses);

// Takes one request in: its chart (< chart_count), whether it repeats one before, and what was charged for it, in
// ordinary requests, at least 1. Beyond kLedgerRequestsMax or kLedgerPaidMax nothing is counted any more.
void enter(Ledger& ledger, std::uint32_t chart, bool repeat, double price);

// The ledger of two accounts seen as one: charts of either, sums of what was sent and paid. Requires equal chart_count.
Ledger merged(const Ledger& a, const Ledger& b);

// Layout: docs/policy.md, "Bytes of a ledger".
void encode(const Ledger& ledger, ByteWriter& out);
// Errors: `bad_input` when the bytes end early or hold what enter() and merged() never write.
Result<Ledger> decode_ledger(ByteReader& in);

}  // namespace cms::policy
