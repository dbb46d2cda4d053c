#include "serve/grpc_message.hpp"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <grpcpp/support/proto_buffer_reader.h>

namespace cms::serve {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::io::CodedInputStream;

enum class Counted : std::uint8_t { whole, too_many, malformed };

Counted count(CodedInputStream& in, const Descriptor& type, std::size_t& left);

// What follows the size of a text, of bytes or of a message. Our messages do not hold themselves: the depth is theirs.
Counted count_sized(CodedInputStream& in, const Descriptor& type, int number, std::size_t& left) {
  int bytes = 0;
  if (!in.ReadVarintSizeAsInt(&bytes)) return Counted::malformed;
  const auto* field = type.FindFieldByNumber(number);
  const auto* inner = field != nullptr ? field->message_type() : nullptr;
  if (inner == nullptr) return in.Skip(bytes) ? Counted::whole : Counted::malformed;
  const auto outer = in.PushLimit(bytes);
  const auto counted = count(in, *inner, left);
  in.PopLimit(outer);
  return counted;
}

// Takes fields off `left` until the message ends.
Counted count(CodedInputStream& in, const Descriptor& type, std::size_t& left) {
  enum Wire : std::uint32_t { varint = 0, eight_bytes = 1, sized = 2, four_bytes = 5 };  // 3, 4: groups, not in proto3
  for (auto tag = in.ReadTag(); tag != 0; tag = in.ReadTag()) {
    if (left == 0) return Counted::too_many;
    --left;
    std::uint64_t value = 0;
    auto counted = Counted::malformed;
    switch (tag & 7) {
      case varint: counted = in.ReadVarint64(&value) ? Counted::whole : Counted::malformed; break;
      case eight_bytes: counted = in.Skip(8) ? Counted::whole : Counted::malformed; break;
      case four_bytes: counted = in.Skip(4) ? Counted::whole : Counted::malformed; break;
      case sized: counted = count_sized(in, type, static_cast<int>(tag >> 3), left); break;
      default: break;
    }
    if (counted != Counted::whole) return counted;
  }
  return in.ConsumedEntireMessage() ? Counted::whole : Counted::malformed;
}

}  // namespace

Result<void> check_fields(grpc::ByteBuffer& bytes, const Descriptor& type, std::size_t fields_max) {
  grpc::ProtoBufferReader reader(&bytes);
  CodedInputStream in(&reader);
  auto left = fields_max;
  switch (count(in, type, left)) {
    case Counted::whole: return {};
    case Counted::too_many:
      return fail(ErrorCode::bad_input, fmt::format("the message has more than {} fields", fields_max));
    case Counted::malformed: break;
  }
  return fail(ErrorCode::bad_input, "the message cannot be read");
}

}  // namespace cms::serve
