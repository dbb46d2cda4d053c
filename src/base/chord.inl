// The vector form of chord() and gaussian() (base/directions.cpp): the same operations in the same order, so the same
// bits. Included once for each instruction set, therefore without a guard of its own kind.
#if defined(CMS_BASE_CHORD_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef CMS_BASE_CHORD_INL
#undef CMS_BASE_CHORD_INL
#else
#define CMS_BASE_CHORD_INL
#endif

HWY_BEFORE_NAMESPACE();
namespace cms::HWY_NAMESPACE {
namespace {

#if HWY_TARGET != HWY_SCALAR

using Double = hwy::HWY_NAMESPACE::CappedTag<double, 16>;
using HalfInt = hwy::HWY_NAMESPACE::Rebind<std::int32_t, Double>;
using HalfFloat = hwy::HWY_NAMESPACE::Rebind<float, Double>;

// Squared chords of Lanes(Double()) products; `inverse_twice` = 2 / length of the one vector. Doubling a factor
// doubles the product exactly.
HWY_INLINE hwy::HWY_NAMESPACE::Vec<HalfFloat> squared_chord(const std::int32_t* HWY_RESTRICT products,
                                                            const double* HWY_RESTRICT inverse_lengths,
                                                            hwy::HWY_NAMESPACE::Vec<Double> inverse_twice) {
  namespace hn = hwy::HWY_NAMESPACE;
  const Double d;
  const auto factor = hn::Mul(hn::LoadU(d, inverse_lengths), inverse_twice);
  const auto cosine_twice = hn::Mul(hn::PromoteTo(d, hn::LoadU(HalfInt(), products)), factor);
  const auto squared = hn::Sub(hn::Set(d, 2.0), cosine_twice);
  return hn::DemoteTo(HalfFloat(), hn::IfThenZeroElse(hn::Lt(squared, hn::Set(d, kSameDirection)), squared));
}

// count is a multiple of 16.
HWY_INLINE void chord_run(const std::int32_t* HWY_RESTRICT products, const double* HWY_RESTRICT inverse_lengths,
                          double inverse_length, float* HWY_RESTRICT out, std::size_t count) {
  namespace hn = hwy::HWY_NAMESPACE;
  const Double d;
  const auto inverse_twice = hn::Set(d, 2 * inverse_length);
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    hn::StoreU(hn::Sqrt(squared_chord(products + i, inverse_lengths + i, inverse_twice)), HalfFloat(), out + i);
  }
}

#endif

}  // namespace
}  // namespace cms::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
