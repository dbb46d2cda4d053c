// Parts that vector kernels share: sums of pairs and fours of int8, chords, Gaussian kernel. The float parts do the
// operations of the scalar functions (base/directions.cpp) in the same order, so they give the same bits.
//
// Included once for each instruction set between HWY_BEFORE_NAMESPACE and HWY_AFTER_NAMESPACE of its own, hence no
// `#pragma once`. No std:: function is called in here: its code would be compiled for one instruction set and could
// then be linked into code for all (docs/kernels.md).
#if defined(CMS_BASE_VECTORS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef CMS_BASE_VECTORS_INL
#undef CMS_BASE_VECTORS_INL
#else
#define CMS_BASE_VECTORS_INL
#endif

HWY_BEFORE_NAMESPACE();
namespace cms::HWY_NAMESPACE {
namespace {

#if HWY_TARGET != HWY_SCALAR

namespace hn = hwy::HWY_NAMESPACE;

// 16 rows: at most this many 32-bit values in a register, kParts registers for the 16.
using Int32 = hn::CappedTag<std::int32_t, 16>;
using Int16 = hn::Repartition<std::int16_t, Int32>;
using Float = hn::Rebind<float, Int32>;
using Double = hn::CappedTag<double, 16>;
using HalfInt = hn::Rebind<std::int32_t, Double>;
using HalfFloat = hn::Rebind<float, Double>;
constexpr std::size_t kParts = 16 / hn::MaxLanes(Int32());

// Sums of products of adjacent pairs, added up lane by lane; exact. x86 adds pairs as they lie; others need a second
// sum and an exchange at the end. Constructors are spelled out: those that compilers make are not for the instruction
// set at hand.
struct PairSum {
  hn::Vec<Int32> even;
#if HWY_ARCH_X86
  HWY_INLINE PairSum() : even(hn::Zero(Int32())) {}

  HWY_INLINE void add(hn::Vec<Int16> a, hn::Vec<Int16> b) {
#if HWY_TARGET == HWY_AVX3_DL
    // Assembly, since the Highway of today enables another instruction of that name for this target.
    asm("vpdpwssd %2, %1, %0" : "+v"(even.raw) : "v"(b.raw), "vm"(a.raw));
#else
    hn::Vec<Int32> unused = even;
    even = hn::ReorderWidenMulAccumulate(Int32(), a, b, even, unused);
#endif
  }
  [[nodiscard]] HWY_INLINE hn::Vec<Int32> total() const { return even; }
#else
  hn::Vec<Int32> odd;
  HWY_INLINE PairSum() : even(hn::Zero(Int32())), odd(hn::Zero(Int32())) {}

  HWY_INLINE void add(hn::Vec<Int16> a, hn::Vec<Int16> b) {
    even = hn::ReorderWidenMulAccumulate(Int32(), a, b, even, odd);
  }
  [[nodiscard]] HWY_INLINE hn::Vec<Int32> total() const { return hn::RearrangeToOddPlusEven(even, odd); }
#endif
};

// The pair or four of int16 at `values` in every pair or four of lanes.
HWY_INLINE hn::Vec<Int16> repeat_pair(const std::int16_t* HWY_RESTRICT values) {
  std::int32_t both;
  __builtin_memcpy(&both, values, sizeof both);
  return hn::BitCast(Int16(), hn::Set(Int32(), both));
}
HWY_INLINE hn::Vec<Int16> repeat_four(const std::int16_t* HWY_RESTRICT values) {
  std::int64_t four;
  __builtin_memcpy(&four, values, sizeof four);
  return hn::BitCast(Int16(), hn::Set(hn::Repartition<std::int64_t, Int32>(), four));
}

// Squared chords of Lanes(Double()) products; `inverse_twice` = 2 / length of the one vector. Doubling a factor
// doubles the product exactly.
HWY_INLINE hn::Vec<HalfFloat> squared_chord(const std::int32_t* HWY_RESTRICT products,
                                            const double* HWY_RESTRICT inverse_lengths, hn::Vec<Double> inverse_twice) {
  const Double d;
  const auto factor = hn::Mul(hn::LoadU(d, inverse_lengths), inverse_twice);
  const auto cosine_twice = hn::Mul(hn::PromoteTo(d, hn::LoadU(HalfInt(), products)), factor);
  const auto squared = hn::Sub(hn::Set(d, 2.0), cosine_twice);
  return hn::DemoteTo(HalfFloat(), hn::IfThenZeroElse(hn::Lt(squared, hn::Set(d, kSameDirection)), squared));
}

// `count` is a multiple of Lanes(Double()).
HWY_INLINE void chord_run(const std::int32_t* HWY_RESTRICT products, const double* HWY_RESTRICT inverse_lengths,
                          double inverse_length, float* HWY_RESTRICT out, std::size_t count) {
  const auto inverse_twice = hn::Set(Double(), 2 * inverse_length);
  for (std::size_t i = 0; i < count; i += hn::Lanes(Double())) {
    hn::StoreU(hn::Sqrt(squared_chord(products + i, inverse_lengths + i, inverse_twice)), HalfFloat(), out + i);
  }
}

// gaussian_of_square() of each lane; `minus_scale` = -scale.
HWY_INLINE hn::Vec<Float> gaussian_of_squares(hn::Vec<Float> squared, hn::Vec<Float> minus_scale) {
  const Float d;
  const Int32 bits;
  const auto power = hn::Mul(minus_scale, squared);
  const auto shifted = hn::Add(hn::Mul(power, hn::Set(d, kExp.log2_e)), hn::Set(d, kExp.round));
  const auto whole = hn::Sub(shifted, hn::Set(d, kExp.round));
  auto rest = hn::Sub(power, hn::Mul(whole, hn::Set(d, kExp.ln2_high)));
  rest = hn::Sub(rest, hn::Mul(whole, hn::Set(d, kExp.ln2_low)));
  auto sum = hn::Set(d, kExp.terms[0]);
  for (std::size_t i = 1; i < sizeof kExp.terms / sizeof kExp.terms[0]; ++i) {
    sum = hn::Add(hn::Mul(sum, rest), hn::Set(d, kExp.terms[i]));
  }
  const auto exponent = hn::ShiftLeft<23>(hn::Add(hn::BitCast(bits, shifted), hn::Set(bits, kExp.exponent)));
  const auto result = hn::Mul(sum, hn::BitCast(d, exponent));
  return hn::IfThenZeroElse(hn::Lt(power, hn::Set(d, kExp.least)), result);
}

#endif

}  // namespace
}  // namespace cms::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
