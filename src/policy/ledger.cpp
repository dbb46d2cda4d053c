#include "policy/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace cms::policy {
namespace {

std::uint32_t words_of(std::uint32_t chart_count) {
  return (chart_count + 63) / 64;
}

bool valid(const Ledger& ledger) {
  const auto last = ledger.chart_count % 64;
  const bool clean = last == 0 || ledger.charts[ledger.chart_count / 64] >> last == 0;
  return clean && ledger.requests <= kLedgerRequestsMax && ledger.paid_thousandths <= kLedgerPaidMax &&
         ledger.covered() <= ledger.distinct && ledger.distinct <= ledger.requests &&
         ledger.paid_thousandths >= 1'000 * ledger.requests;
}

}  // namespace

std::uint32_t Ledger::covered() const {
  std::uint32_t sum = 0;
  for (const auto word : charts) sum += static_cast<std::uint32_t>(std::popcount(word));
  return sum;
}

Result<Ledger> make_ledger(std::uint32_t chart_count) {
  if (chart_count == 0 || chart_count > kLedgerChartsMax) {
    return fail(ErrorCode::usage, fmt::format("a ledger keeps 1 to {} charts, not {}", kLedgerChartsMax, chart_count));
  }
  Ledger ledger;
  ledger.chart_count = chart_count;
  return ledger;
}

double covered_mass(const Ledger& ledger, std::span<const double> masses) {
  double covered = 0, all = 0;
  for (std::uint32_t c = 0; c < ledger.chart_count; ++c) {
    all += masses[c];
    if (ledger.covers(c)) covered += masses[c];
  }
  return covered / all;
}

void enter(Ledger& ledger, std::uint32_t chart, bool repeat, double price) {
  const double most = static_cast<double>(kLedgerPaidMax - ledger.paid_thousandths);
  const double thousandths = std::round(std::max(1.0, price) * 1'000);
  if (ledger.requests >= kLedgerRequestsMax || !(thousandths <= most)) return;
  ledger.requests += 1;
  ledger.distinct += repeat ? 0 : 1;
  ledger.paid_thousandths += static_cast<std::uint64_t>(thousandths);
  if (!repeat) ledger.charts[chart / 64] |= std::uint64_t{1} << chart % 64;
}

Ledger merged(const Ledger& a, const Ledger& b) {
  Ledger sum = a;
  for (std::size_t w = 0; w < sum.charts.size(); ++w) sum.charts[w] |= b.charts[w];
  sum.requests = std::min(a.requests + b.requests, kLedgerRequestsMax);
  sum.distinct = std::min(a.distinct + b.distinct, kLedgerRequestsMax);
  sum.paid_thousandths = std::min(a.paid_thousandths + b.paid_thousandths, kLedgerPaidMax);
  return sum;
}

void encode(const Ledger& ledger, ByteWriter& out) {
  out.put(ledger.chart_count);
  out.put(ledger.requests);
  out.put(ledger.distinct);
  out.put(ledger.paid_thousandths);
  for (std::uint32_t w = 0; w < words_of(ledger.chart_count); ++w) out.put(ledger.charts[w]);
}

Result<Ledger> decode_ledger(ByteReader& in) {
  Ledger ledger;
  ledger.chart_count = in.get<std::uint32_t>();
  ledger.requests = in.get<std::uint64_t>();
  ledger.distinct = in.get<std::uint64_t>();
  ledger.paid_thousandths = in.get<std::uint64_t>();
  if (in.failed()) return fail(ErrorCode::bad_input, "ledger: ends early");
  if (ledger.chart_count == 0 || ledger.chart_count > kLedgerChartsMax) {
    return fail(ErrorCode::bad_input, "ledger: damaged in its number of charts");
  }
  for (std::uint32_t w = 0; w < words_of(ledger.chart_count); ++w) ledger.charts[w] = in.get<std::uint64_t>();
  if (in.failed()) return fail(ErrorCode::bad_input, "ledger: ends early");
  if (!valid(ledger)) return fail(ErrorCode::bad_input, "ledger: damaged");
  return ledger;
}

}  // namespace cms::policy
