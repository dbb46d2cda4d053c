#include "store/rows.hpp"

#include <fmt/format.h>

#include <cstring>

namespace cms::store {
namespace {

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

tl::unexpected<Error> ends_early(std::string_view what) {
  return fail(ErrorCode::bad_input, fmt::format("{} is damaged: it has not the length it must have", what));
}

// What a sealed content belongs to: the row's whole name, and what lies before it in the clear.
std::string bound_of(std::string_view row, std::string_view head) {
  std::string bound(row);
  bound.append(head);
  return bound;
}

constexpr std::size_t kWrappedBytes = kSealBytes + sizeof(Key::bytes);

}  // namespace

Tenant make_tenant(std::string_view name, const Key& key) {
  const Digest id = sha256(bytes_of(fmt::format("cms tenant {}", name)));
  return {.id = text_of(std::span(id).first(kTenantIdBytes)),
          .names = derive(key, "cms store 1 names"),
          .wrap = derive(key, "cms store 1 wrap"),
          .positions = derive(key, "cms store 1 positions"),
          .documents = derive(key, "cms store 1 documents"),
          .pseudonyms = derive(key, "cms store 1 pseudonyms")};
}

void append_number(std::string& row, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) row.push_back(static_cast<char>(number >> shift));
}

std::uint64_t last_number(std::string_view row) {
  std::uint64_t number = 0;
  for (const char byte : row.substr(row.size() - 8)) number = number << 8 | static_cast<std::uint8_t>(byte);
  return number;
}

std::string table_row(Table table) { return {static_cast<char>(table)}; }

std::string numbered_row(Table table, std::uint64_t number) {
  std::string row = table_row(table);
  append_number(row, number);
  return row;
}

std::string tenant_row(const Tenant& tenant, std::string_view name) {
  return fmt::format("{}{}{}", static_cast<char>(Table::tenant), tenant.id, name);
}

std::string position_row(const Tenant& tenant, std::string_view producer) {
  return fmt::format("{}{}{}", static_cast<char>(Table::position), tenant.id, producer);
}

std::string accounts_prefix(const Tenant& tenant) { return table_row(Table::account) + tenant.id; }

std::string account_prefix(const Tenant& tenant, std::string_view account) {
  const Digest id = keyed_hash(tenant.names, account);
  return accounts_prefix(tenant) + text_of(std::span(id).first(kAccountIdBytes));
}

std::string part_row(std::string_view prefix, Part part) {
  std::string row(prefix);
  row.push_back(static_cast<char>(part));
  return row;
}

std::string step_row(std::string_view prefix, std::uint64_t number) {
  std::string row = part_row(prefix, Part::step);
  append_number(row, number);
  return row;
}

std::string document_row(std::string_view prefix, std::string_view kind) {
  return part_row(prefix, Part::document).append(kind);
}

std::string tenant_document_row(const Tenant& tenant, std::string_view kind) {
  return fmt::format("{}{}{}", static_cast<char>(Table::document), tenant.id, kind);
}

Result<void> check_tenant_name(std::string_view tenant) {
  const bool letters = tenant.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
  if (letters && !tenant.empty() && tenant.size() <= 64) return {};
  return fail(ErrorCode::usage, "a tenant's name is 1 to 64 of a-z, 0-9 and -");
}

Result<void> check_account(std::string_view account) {
  if (!account.empty() && account.size() <= 256) return {};
  return fail(ErrorCode::usage, "an account's name is 1 to 256 bytes");
}

Result<void> check_producer(std::string_view producer) {
  if (!producer.empty() && producer.size() <= 256) return {};
  return fail(ErrorCode::usage, "a producer's name is 1 to 256 bytes");
}

Result<std::string> seal_record(const Key& key, const Nonce& nonce, std::string_view row, const Record& record) {
  ByteWriter head;
  head.put(record.number);
  head.put<std::uint8_t>(record.whole ? 1 : 0);
  head.put(record.time);
  std::string value = text_of(head.bytes());
  value.reserve(value.size() + record.content.size() + kSealBytes);
  CMS_CHECK(seal(key, nonce, bound_of(row, value), record.content, value));
  return value;
}

Result<Record> record_head(std::string_view value) {
  if (value.size() < kRecordHeadBytes + kSealBytes) return ends_early("a record");
  ByteReader in(bytes_of(value.substr(0, kRecordHeadBytes)));
  Record record;
  record.number = in.get<std::uint64_t>();
  record.whole = in.get<std::uint8_t>() == 1;
  record.time = in.get<double>();
  return record;
}

Result<Record> open_record(const Key& key, std::string_view row, std::string_view value) {
  CMS_TRY(record, record_head(value));
  const auto head = value.substr(0, kRecordHeadBytes);
  auto content = open(key, bound_of(row, head), value.substr(kRecordHeadBytes));
  if (!content) return fail_in(fmt::format("record {}", record.number), std::move(content).error());
  record.content = std::move(*content);
  return record;
}

Result<std::string> seal_account(const Tenant& tenant, const Key& key, std::string_view row,
                                 std::string_view account) {
  std::string value;
  CMS_CHECK(seal_anew(tenant.wrap, row, key.bytes, value));
  CMS_CHECK(seal_anew(key, row, bytes_of(account), value));
  return value;
}

Result<Key> open_account_key(const Tenant& tenant, std::string_view row, std::string_view value) {
  if (value.size() < kWrappedBytes) return ends_early("an account's key");
  CMS_TRY(content, open(tenant.wrap, row, value.substr(0, kWrappedBytes)));
  Key key;
  std::memcpy(key.bytes.data(), content.data(), key.bytes.size());
  return key;
}

Result<std::string> open_account_name(const Key& key, std::string_view row, std::string_view value) {
  if (value.size() < kWrappedBytes) return ends_early("an account's name");
  CMS_TRY(content, open(key, row, value.substr(kWrappedBytes)));
  return text_of(content);
}

std::string seal_position(const Tenant& tenant, std::string_view row, const Position& position) {
  ByteWriter numbers;
  numbers.put(position.epoch);
  numbers.put(position.sequence);
  std::string value = text_of(numbers.bytes());
  const Digest tag = keyed_hash(tenant.positions, bound_of(row, value));
  return value.append(text_of(std::span(tag).first(kTagBytes)));
}

Result<Position> open_position(const Tenant& tenant, std::string_view row, std::string_view value) {
  ByteReader in(bytes_of(value));
  Position position;
  position.producer = row.substr(1 + kTenantIdBytes);
  position.epoch = in.get<std::uint64_t>();
  position.sequence = in.get<std::uint64_t>();
  if (in.failed() || seal_position(tenant, row, position) != value) {
    return fail(ErrorCode::bad_input, fmt::format("position of producer {} was changed", position.producer));
  }
  return position;
}

namespace {

ByteWriter audit_bytes(const AuditEntry& entry) {
  ByteWriter out;
  out.put(entry.number);
  out.put(entry.time);
  for (const auto* text : {&entry.tenant, &entry.actor, &entry.action, &entry.detail}) out.put_string(*text);
  return out;
}

}  // namespace

std::string audit_hash(const AuditEntry& entry, std::string_view before) {
  ByteWriter out = audit_bytes(entry);
  out.put_string(before);
  return to_hex(sha256(out.bytes()));
}

std::string encode_audit(const AuditEntry& entry) {
  ByteWriter out = audit_bytes(entry);
  out.put_string(entry.hash);
  return text_of(out.bytes());
}

Result<AuditEntry> decode_audit(std::string_view value) {
  ByteReader in(bytes_of(value));
  AuditEntry entry;
  entry.number = in.get<std::uint64_t>();
  entry.time = in.get<double>();
  for (auto* text : {&entry.tenant, &entry.actor, &entry.action, &entry.detail, &entry.hash}) *text = in.get_string();
  if (!in.finished()) return ends_early("an entry of the audit log");
  return entry;
}

}  // namespace cms::store
