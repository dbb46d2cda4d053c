// Messages of gRPC as bytes, until it is known that they may become objects. Inner header of this folder.
//
// protobuf makes an object of some 190 bytes of two that say "one more, empty", so 64 MiB could become 6 GB before
// anybody of ours has seen a message, or knows whose it is. So our methods take bytes: the caller is asked for first,
// then fields are counted, then protobuf reads. Wire format: protobuf.dev, "Encoding".
// Threads: pure. Cost: one walk over the tags; bytes are skipped, texts within looked at.
#pragma once

#include <google/protobuf/descriptor.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/support/method_handler.h>

#include <span>
#include <vector>

#include "base/result.hpp"

namespace cms::serve {

// Counts the fields of a message, those of messages inside it that `type` knows, and those that nobody knows, which
// protobuf keeps. Gives where tags of texts lie, within messages inside it, that are no UTF-8: over them protobuf
// refuses the whole. Errors: `bad_input`: more than `fields_max`, or not protobuf.
Result<std::vector<int>> check_fields(grpc::ByteBuffer& bytes, const google::protobuf::Descriptor& type,
                                      std::size_t fields_max);

// The same bytes, in which the fields whose tags lie there are ones that nobody knows.
grpc::ByteBuffer without_fields(const grpc::ByteBuffer& bytes, std::span<const int> tags);

// Reads a message of at most so many fields into one that may hold another still, whose memory serves again. A text of
// an item that is no UTF-8 is not there, so that the item is refused for itself; where the field comes twice the other
// one counts. `bytes` is empty afterwards. Errors: `bad_input`, as check_fields(); a text of its own is no UTF-8.
template <typename Message>
Result<void> read_message_into(Message& message, grpc::ByteBuffer& bytes, std::size_t fields_max) {
  CMS_TRY(broken, check_fields(bytes, *Message::descriptor(), fields_max));
  if (!broken.empty()) bytes = without_fields(bytes, broken);
  if (grpc::SerializationTraits<Message>::Deserialize(&bytes, &message).ok()) return {};
  return fail(ErrorCode::bad_input, "the message cannot be read");
}

// A question, with whatever text it has. Errors: `bad_input`, as check_fields(); a text that is no UTF-8.
template <typename Message>
Result<Message> read_message(grpc::ByteBuffer& bytes, std::size_t fields_max) {
  CMS_CHECK(check_fields(bytes, *Message::descriptor(), fields_max));
  Message message;
  if (grpc::SerializationTraits<Message>::Deserialize(&bytes, &message).ok()) return message;
  return fail(ErrorCode::bad_input, "the message cannot be read");
}

inline constexpr std::size_t kQuestionFieldsMax = 16'384;  // of a question: 5,000 headers

// What AddMethod() of `service` takes, and owns: the method `path`, answered from the bytes of one question. protoc
// generates the like for messages; for bytes it does so for gRPC's asynchronous interfaces alone.
template <typename Service, typename Answer>
grpc::internal::RpcServiceMethod* method_of_bytes(const char* path, Service& service,
                                                  grpc::Status (Service::*answer)(grpc::ServerContext&,
                                                                                  grpc::ByteBuffer, Answer&)) {
  return new grpc::internal::RpcServiceMethod(
      path, grpc::internal::RpcMethod::NORMAL_RPC,
      new grpc::internal::RpcMethodHandler<Service, grpc::ByteBuffer, Answer>(
          [answer](Service* of, grpc::ServerContext* context, const grpc::ByteBuffer* bytes, Answer* response) {
            return (of->*answer)(*context, *bytes, *response);
          },
          &service));
}

}  // namespace cms::serve
