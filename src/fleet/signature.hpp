// The signature of an account: what its requests look like together, small enough to compare a million accounts.
//
// Three parts, none of which knows a text: the sum of its points (their mean: where it lives), that of its offsets from
// the charts' centres (its style, but for what style_direction() takes away), and the charts it has seen. Two accounts
// of one stream have equal means whatever they drew, so the unbiased squared distance of their means is 0 on average:
// the squared MMD of a linear kernel (Gretton et al., A kernel two-sample test, JMLR 13, 2012).
//
// Invariants
//  1. Sums are whole numbers (docs/decisions/0016-sums-are-integers.md): add() and merge() give the same bytes in any
//     order while weights together stay within kWeightMax. In decay() order counts: it is the age of a request that
//     counts there.
//  2. The sum of points is at most weight x 2^16 units long, that of residuals twice that; weight <= kWeightMax.
//  3. Bits of charts lie below the atlas' number of charts; a chart seen in neither epoch has no bit.
// Threads: pure functions. Cost: add() 128 additions, decay() 128 multiplications, a distance 64 multiply-adds.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "fleet/chart_set.hpp"
#include "types/projected.hpp"

namespace cms::fleet {

inline constexpr std::size_t kSignatureDimensions = 64;  // leading directions of the atlas, or all of fewer
inline constexpr std::size_t kChartsMax = 1024;
inline constexpr std::size_t kChartWords = kChartsMax / 64;

// The greatest weight (requests that count) before a 32-bit sum could overflow.
inline constexpr std::uint32_t kWeightMax = 16'383;

// The most requests an epoch counts, so that two epochs fit 32 bits, and a signature: exact as a double.
inline constexpr std::uint32_t kEpochRequestsMax = std::uint32_t{1} << 30;
inline constexpr std::uint64_t kSignatureRequestsMax = std::uint64_t{1} << 53;

struct SignatureOptions {
  // Requests in which a request's weight halves, 1 to kWeightMax / 2; evidence version 4 has its own.
  double half_life_requests = 64;
  // Charts are remembered for at least so many requests, and forgotten within twice as many.
  std::uint32_t epoch_requests = 128;
};

struct Signature {
  std::array<std::int32_t, kSignatureDimensions> points{};     // weighted sum of unit points, units of 2^-16
  std::array<std::int32_t, kSignatureDimensions> residuals{};  // of point - centre of its chart, the same units
  std::int64_t weight = 0;            // sum of weights, units of 2^-20; a request enters with weight 1
  std::int64_t weight_squares = 0;    // of squared weights, the same units
  std::int64_t residual_squares = 0;  // of squared weight x squared length of the residual, the same units
  ChartSet charts;         // seen in this epoch
  ChartSet charts_before;  // in the epoch before
  std::uint32_t epoch_requests = 0;         // requests of this epoch
  std::uint32_t epoch_requests_before = 0;  // of the epoch before
  std::uint64_t requests = 0;               // ever

  bool operator==(const Signature&) const = default;
};

// Room for an atlas of so many charts: add(), decay() and take() ask for no memory then. More than kChartsMax have no
// signature, and need none.
void reserve_charts(Signature& signature, std::size_t charts);
// Bytes that it holds beside itself; none under an atlas of up to ChartSet::kInPlace charts.
std::size_t bytes_apart(const Signature& signature);

// Takes one request in with weight 1, without decay. `centre` is the centroid of its chart, as long as the point. Of
// more than kSignatureDimensions coordinates the leading ones count, brought to length 1 by themselves.
// Beyond a weight of kWeightMax nothing is added to the sums; only decay() makes room. A point without a direction adds
// its weight alone, and draws the mean to 0.
void add(Signature& signature, const Projected& projected, std::span<const float> centre);

// Ages everything by one request: sums by 2^(-1 / half life), charts by epochs.
void decay(Signature& signature, const SignatureOptions& options);

// decay(), then add(): one request in the life of an account.
void take(Signature& signature, const Projected& projected, std::span<const float> centre,
          const SignatureOptions& options);

// Adds `other` as if its requests had been this account's, each with the weight it has. Where the weights together
// exceed kWeightMax, the sums of both are halved first.
void merge(Signature& signature, const Signature& other);

// Requests that count, and how many equally weighted ones would make means as sure: W^2 / sum of squares. 0 of none.
double weight_of(const Signature& signature);
double effective_requests(const Signature& signature);

// Mean point and mean residual; 0 of none.
std::array<float, kSignatureDimensions> mean_point(const Signature& signature);

// Unbiased squared distance of the means of what two accounts draw from: own terms removed, so it may be below 0.
// 0 when either has no more than one effective request.
double distance_squared(const Signature& a, const Signature& b);

// The same of residuals: style, and something of topic, since residuals lean back along the mean centre.
double style_distance_squared(const Signature& a, const Signature& b);

// Where an account's requests lie off their charts' centres whatever these are, of length 1; all 0 where nowhere.
// Centres have length 1 and points spread about them, so a mean residual leans back along the mean centre: by topic. So
// what lies along that is taken away.
std::array<float, kSignatureDimensions> style_direction(const Signature& signature);

// Charts seen in this epoch or the one before, of how many requests.
std::array<std::uint64_t, kChartWords> charts_of(const Signature& signature);
std::uint32_t chart_count(const std::array<std::uint64_t, kChartWords>& charts);
std::uint32_t chart_requests(const Signature& signature);

// Layout: docs/fleet.md. At most kSignatureBytes.
inline constexpr std::size_t kSignatureBytes = 808;
void encode(const Signature& signature, ByteWriter& out);
// Errors: `bad_input` when the bytes end early or an invariant that one signature can show fails.
Result<Signature> decode_signature(ByteReader& in);

}  // namespace cms::fleet
