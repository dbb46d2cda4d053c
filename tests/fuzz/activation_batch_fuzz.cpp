// Bytes as the message of a tap: as many items as it has activations, each with its vector whole or with none.
#include <google/protobuf/stubs/logging.h>

#include <cmath>

#include "pipeline/admission.hpp"
#include "serve/grpc_message.hpp"
#include "serve/grpc_stream.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace cms {
namespace {

using pipeline::Refusal;

constexpr std::size_t kDimension = 3;
constexpr double kNow = 1000;

// One activation of either width.
Bytes seed(const std::string& wide, const std::string& narrow, double time) {
  v1::ActivationBatch batch;
  batch.set_tenant("t");
  batch.set_producer("tap");
  batch.set_epoch(1);
  batch.set_sequence(2);
  batch.set_model("m/final/mean");
  for (const auto& [account, bytes] : {std::pair{"a", wide}, {"b", narrow}}) {
    auto* activation = batch.add_activations();
    activation->set_account(account);
    activation->set_time(time);
    (account[0] == 'a' ? activation->mutable_float32() : activation->mutable_float16())->assign(bytes);
  }
  const auto text = batch.SerializeAsString();
  return {text.begin(), text.end()};
}

// Whether the engine would take it.
bool check(const v1::Activation& activation, const pipeline::Item& item) {
  const std::size_t bytes = activation.float32().size() + activation.float16().size();
  const bool wide = !activation.float32().empty();
  const bool whole = item.refusal == Refusal::none;
  fuzz::expect(whole || item.activation.empty(), "an item that is refused has no numbers");
  fuzz::expect(!whole || item.activation.size() * (wide ? 4 : 2) == bytes, "a vector is all of its bytes");
  pipeline::EngineOptions options;
  const bool taken = pipeline::check(item, kDimension, kNow, options) == Refusal::none;
  fuzz::expect(!taken || (whole && item.activation.size() == kDimension), "what is taken has the atlas' dimension");
  for (const float value : item.activation) fuzz::expect(!taken || std::isfinite(value), "its numbers are finite");
  return taken;
}

}  // namespace

std::vector<Bytes> fuzz::seeds() {
  const std::string wide("\0\0\200\77\0\0\0\300\0\0\0\0", 12), narrow("\0\74\0\300\0\0", 6);
  // Of each at least the first item is taken.
  return {seed(wide, narrow, kNow), seed(wide, wide, kNow - 10), seed(wide, "\1", kNow), seed(wide, "", kNow)};
}

}  // namespace cms

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cms;
  const google::protobuf::LogSilencer quiet;  // it writes a line for each text that is no UTF-8
  v1::ActivationBatch message;
  const bool whole = message.ParseFromArray(data, static_cast<int>(size));
  const grpc::Slice slice(data, size);
  grpc::ByteBuffer bytes(&slice, 1);
  v1::ActivationBatch read_now;
  const auto read = serve::read_message_into(read_now, bytes, 40);
  if (!whole && !read) return 0;
  if (!whole) message = read_now;  // accounts that are no text are not there
  fuzz::expect(!read || read_now.activations_size() <= 40, "and has no more activations than fields were allowed");
  const auto batch = serve::batch_of(message, Refusal::none);
  fuzz::expect(batch.items.size() == static_cast<std::size_t>(message.activations_size()), "no item is lost");
  bool any = false;
  for (std::size_t i = 0; i < batch.items.size(); ++i) {
    any |= check(message.activations(static_cast<int>(i)), batch.items[i]);
  }
  fuzz::accepted += any ? 1 : 0;
  for (const auto& item : serve::batch_of(message, Refusal::model).items) {
    fuzz::expect(item.refusal == Refusal::model && item.activation.empty(), "another model's numbers are not copied");
  }
  return 0;
}
