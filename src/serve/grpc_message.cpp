#include "serve/grpc_message.hpp"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <string>
#include <vector>

#include "tap/text.hpp"

namespace cms::serve {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::io::CodedInputStream;

constexpr int kUnknownField = 15;  // of one byte, as all of ours

enum class Counted : std::uint8_t { whole, too_many, malformed };

struct Walk {
  std::size_t left;         // fields there may be yet
  std::vector<int> broken;  // where tags of texts lie that are no UTF-8
  int depth = 0;
};

Counted count(CodedInputStream& in, const Descriptor& type, Walk& walk);

// What follows the size of a text, of bytes or of a message. Our messages do not hold themselves: the depth is theirs.
Counted count_sized(CodedInputStream& in, const Descriptor& type, int number, int tag_at, Walk& walk) {
  int bytes = 0;
  if (!in.ReadVarintSizeAsInt(&bytes)) return Counted::malformed;
  const auto* field = type.FindFieldByNumber(number);
  if (const auto* inner = field != nullptr ? field->message_type() : nullptr) {
    const auto outer = in.PushLimit(bytes);
    ++walk.depth;
    const auto counted = count(in, *inner, walk);
    --walk.depth;
    in.PopLimit(outer);
    return counted;
  }
  const bool text = field != nullptr && field->type() == google::protobuf::FieldDescriptor::TYPE_STRING;
  if (!text || walk.depth == 0) return in.Skip(bytes) ? Counted::whole : Counted::malformed;
  std::string read;
  if (!in.ReadString(&read, bytes)) return Counted::malformed;
  if (!tap::is_utf8(read)) walk.broken.push_back(tag_at);
  return Counted::whole;
}

// Takes fields off what may be left until the message ends.
Counted count(CodedInputStream& in, const Descriptor& type, Walk& walk) {
  enum Wire : std::uint32_t { varint = 0, eight_bytes = 1, sized = 2, four_bytes = 5 };  // 3, 4: groups, not in proto3
  for (;;) {
    const int at = in.CurrentPosition();
    const auto tag = in.ReadTag();
    if (tag == 0) return in.ConsumedEntireMessage() ? Counted::whole : Counted::malformed;
    if (walk.left == 0) return Counted::too_many;
    --walk.left;
    std::uint64_t value = 0;
    auto counted = Counted::malformed;
    switch (tag & 7) {
      case varint: counted = in.ReadVarint64(&value) ? Counted::whole : Counted::malformed; break;
      case eight_bytes: counted = in.Skip(8) ? Counted::whole : Counted::malformed; break;
      case four_bytes: counted = in.Skip(4) ? Counted::whole : Counted::malformed; break;
      case sized: counted = count_sized(in, type, static_cast<int>(tag >> 3), at, walk); break;
      default: break;
    }
    if (counted != Counted::whole) return counted;
  }
}

}  // namespace

Result<std::vector<int>> check_fields(grpc::ByteBuffer& bytes, const Descriptor& type, std::size_t fields_max) {
  Walk walk{fields_max, {}};
  grpc::ProtoBufferReader reader(&bytes);
  CodedInputStream in(&reader);
  in.PushLimit(static_cast<int>(bytes.Length()));  // a text that says it is longer gets no memory
  switch (count(in, type, walk)) {
    case Counted::whole: return std::move(walk.broken);
    case Counted::too_many:
      return fail(ErrorCode::bad_input, fmt::format("the message has more than {} fields", fields_max));
    case Counted::malformed: break;
  }
  return fail(ErrorCode::bad_input, "the message cannot be read");
}

grpc::ByteBuffer without_fields(const grpc::ByteBuffer& bytes, std::span<const int> tags) {
  std::vector<grpc::Slice> slices;
  std::string all;
  if (bytes.Dump(&slices).ok()) {
    for (const auto& slice : slices) all.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  for (const int at : tags) {  // the low seven bits of a varint: number and kind, "sized" as before
    auto& tag = all[static_cast<std::size_t>(at)];
    tag = static_cast<char>((tag & 0x80) | kUnknownField << 3 | 2);
  }
  const grpc::Slice whole(all);
  return {&whole, 1};
}

}  // namespace cms::serve
