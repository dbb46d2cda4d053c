// What a message holds is counted in its bytes, before it is made.
#include "serve/grpc_message.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>

#include "cms.pb.h"
#include "envoy_ext_authz.pb.h"

namespace cms::serve {
namespace {

using envoy::service::auth::v3::CheckRequest;

// In pieces of some bytes each, as they come from a wire.
grpc::ByteBuffer bytes_of(const std::string& text, std::size_t piece = 1 << 20) {
  std::vector<grpc::Slice> slices;
  for (std::size_t i = 0; i < text.size(); i += piece) slices.emplace_back(text.substr(i, piece));
  return {slices.data(), slices.size()};
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

template <typename Message>
std::string error_of(const std::string& text, std::size_t fields_max, std::size_t piece = 1 << 20) {
  auto bytes = bytes_of(text, piece);
  const auto message = read_message<Message>(bytes, fields_max);
  if (message) return "no error";
  EXPECT_EQ(message.error().code, ErrorCode::bad_input);
  return message.error().message;
}

// Three fields of its own, and three activations, each a field with three fields.
v1::ActivationBatch batch() {
  v1::ActivationBatch made;
  made.set_tenant("acme");
  made.set_epoch(7);
  made.set_model("m");
  for (int i = 0; i < 3; ++i) {
    auto& activation = *made.add_activations();
    activation.set_account("alice");
    activation.set_time(5);
    activation.set_float32(std::string(1000, 'x'));
  }
  return made;
}

TEST(ReadMessage, reads_what_has_as_many_fields_as_there_may_be_and_refuses_one_more) {
  const auto text = batch().SerializeAsString();
  for (const std::size_t piece : {1U, 7U, 1U << 20}) {
    auto bytes = bytes_of(text, piece);
    const auto read = read_message<v1::ActivationBatch>(bytes, 15);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->SerializeAsString(), text);
    EXPECT_EQ(error_of<v1::ActivationBatch>(text, 14, piece), "the message has more than 14 fields");
  }
  EXPECT_EQ(error_of<v1::ActivationBatch>("", 0), "no error");
}

TEST(ReadMessage, sixty_four_mebibytes_of_empty_activations_are_refused_as_bytes) {
  const auto text = repeated(std::string_view("\x32\0", 2), 32 << 20);
  EXPECT_EQ(error_of<v1::ActivationBatch>(text, 65'600), "the message has more than 65600 fields");
}

TEST(ReadMessage, counts_what_nobody_knows_outside_and_within) {
  const std::string number = "\x78\1", text = std::string("\x7a\0", 2);  // field 15
  for (const auto& unknown : {number, text}) {
    EXPECT_EQ(error_of<v1::ActivationBatch>(repeated(unknown, 100), 100), "no error");
    EXPECT_EQ(error_of<v1::ActivationBatch>(repeated(unknown, 101), 100), "the message has more than 100 fields");
    const auto within = "\x32" + std::string(1, 100) + repeated(unknown, 50);
    EXPECT_EQ(error_of<v1::ActivationBatch>(within, 51), "no error");
    EXPECT_EQ(error_of<v1::ActivationBatch>(within, 50), "the message has more than 50 fields");
  }
}

TEST(ReadMessage, counts_headers_within_what_envoy_asks) {
  CheckRequest request;
  auto& http = *request.mutable_attributes()->mutable_request()->mutable_http();
  for (int i = 0; i < 10; ++i) {
    (*http.mutable_headers())["h" + std::to_string(i)] = "x";
    http.mutable_header_map()->add_headers()->set_key("k");
  }
  // Three on the way, one for the map, three a header and two.
  EXPECT_EQ(error_of<CheckRequest>(request.SerializeAsString(), 54), "no error");
  EXPECT_EQ(error_of<CheckRequest>(request.SerializeAsString(), 53), "the message has more than 53 fields");
}

TEST(ReadMessage, an_account_that_is_no_text_is_none_and_what_is_beside_it_is_read) {
  auto made = batch();
  const std::string broken = "al\xff\xff" "e";
  auto text = made.SerializeAsString();
  const auto second = text.find("alice", text.find("alice") + 1);
  text.replace(second, 5, broken);
  made.mutable_activations(1)->clear_account();
  for (const std::size_t piece : {1U, 7U, 1U << 20}) {
    auto bytes = bytes_of(text, piece);
    v1::ActivationBatch read;
    ASSERT_TRUE(read_message_into(read, bytes, 15));
    EXPECT_NE(read.SerializeAsString(), made.SerializeAsString()) << "the field is there, under another number";
    read.mutable_activations(1)->DiscardUnknownFields();
    EXPECT_EQ(read.SerializeAsString(), made.SerializeAsString());
  }
  EXPECT_EQ(error_of<v1::ActivationBatch>(text, 14), "the message has more than 14 fields");
  const std::string spelled_long = std::string("\x32\x05\x8a\x80\x00\x01\xff", 7);  // the tag as three bytes
  auto bytes = bytes_of(spelled_long);
  v1::ActivationBatch read;
  ASSERT_TRUE(read_message_into(read, bytes, 2));
  EXPECT_EQ(read.activations(0).account(), "");
}

TEST(ReadMessage, a_text_that_says_it_is_longer_than_the_message_gets_no_memory) {
  const std::string text("\x32\xf0\xff\xff\xff\x07\x0a\xc0\xff\xff\xff\x07x", 13);  // 2 GB in 2 GB, and one byte
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
  std::ifstream pages("/proc/self/statm");
  std::uint64_t mine = 0;
  pages >> mine;
  const rlimit little{mine * 4096 + (256U << 20), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &little), 0);
  const auto error = error_of<v1::ActivationBatch>(text, 100);
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_EQ(error, "the message cannot be read");
}

TEST(ReadMessage, a_batch_whose_own_names_are_no_text_cannot_be_read) {
  for (const char* field : {"\x0a", "\x12", "\x2a"}) {
    EXPECT_EQ(error_of<v1::ActivationBatch>(std::string(field) + "\1\xff", 100), "the message cannot be read");
  }
}

TEST(ReadMessage, what_a_broken_text_becomes_is_no_field_of_ours) {
  const auto* file = v1::ActivationBatch::descriptor()->file();
  for (int i = 0; i < file->message_type_count(); ++i) {
    EXPECT_EQ(file->message_type(i)->FindFieldByNumber(15), nullptr) << file->message_type(i)->full_name();
  }
}

TEST(ReadMessage, headers_keep_values_that_are_no_text_and_a_name_that_is_none_is_no_question) {
  CheckRequest request;
  auto& http = *request.mutable_attributes()->mutable_request()->mutable_http();
  (*http.mutable_headers())["authorization"] = "Bearer sk\xa0";
  http.mutable_header_map()->add_headers()->set_value("\xff");
  auto bytes = bytes_of(request.SerializeAsString());
  const auto read = read_message<CheckRequest>(bytes, 100);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->SerializeAsString(), request.SerializeAsString());
  auto text = request.SerializeAsString();
  text.replace(text.find("authorization"), 1, "\xff");
  EXPECT_EQ(error_of<CheckRequest>(text, 100), "the message cannot be read");
}

TEST(ReadMessage, what_is_cut_off_or_no_message_cannot_be_read) {
  const auto text = batch().SerializeAsString();
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    const auto error = error_of<v1::ActivationBatch>(text.substr(0, cut), 100);
    EXPECT_TRUE(error == "no error" || error == "the message cannot be read") << error;
  }
  for (const std::string bad :
       {"\x32", "\x32\x05x", "\x7b\x7c", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x7e"}) {
    EXPECT_EQ(error_of<v1::ActivationBatch>(bad, 100), "the message cannot be read");
  }
  EXPECT_EQ(error_of<v1::ActivationBatch>(repeated("\x7b", 10'000'000), 100), "the message cannot be read") << "groups";
}

}  // namespace
}  // namespace cms::serve
