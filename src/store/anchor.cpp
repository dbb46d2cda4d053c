#include "store/anchor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "store/state.hpp"

namespace cms::store {
namespace {

constexpr std::string_view kLetters = "CMSn";
constexpr std::size_t kSlotBytes = 20;

// Letters, number, and the first 8 bytes of SHA-256 of both.
Bytes encode(std::uint64_t commits) {
  ByteWriter out;
  out.put_letters(kLetters);
  out.put(commits);
  const Digest digest = sha256(out.bytes());
  out.put_letters({reinterpret_cast<const char*>(digest.data()), 8});
  return out.take();
}

// What a slot says; nothing when it is damaged.
std::optional<std::uint64_t> decode(std::span<const std::uint8_t> slot) {
  if (slot.size() < kSlotBytes) return std::nullopt;
  ByteReader in(slot.subspan(kLetters.size()));
  const auto commits = in.get<std::uint64_t>();
  const Bytes expected = encode(commits);
  if (!std::equal(expected.begin(), expected.end(), slot.begin())) return std::nullopt;
  return commits;
}

// Both slots with no commit, put into place at once, so that a first write that fails spoils one of them alone.
Result<void> make(rocksdb::Env& environment, const std::string& path) {
  const std::string partial = path + ".partial";
  const Bytes slot = encode(0);
  const rocksdb::Slice slice(reinterpret_cast<const char*>(slot.data()), slot.size());
  std::unique_ptr<rocksdb::WritableFile> file;
  CMS_CHECK(told(environment.NewWritableFile(partial, &file, {}), "making the store's anchor"));
  CMS_CHECK(told(file->Append(slice), "making the store's anchor"));
  CMS_CHECK(told(file->Append(slice), "making the store's anchor"));
  CMS_CHECK(told(file->Close(), "making the store's anchor"));
  return told(environment.RenameFile(partial, path), "making the store's anchor");
}

}  // namespace

Result<std::optional<std::uint64_t>> read_anchor(rocksdb::Env& environment, const std::filesystem::path& folder) {
  const std::string path = folder / kAnchorName;
  const auto there = environment.FileExists(path);
  if (there.IsNotFound()) return std::optional<std::uint64_t>{};
  CMS_CHECK(told(there, "looking for the store's anchor"));
  std::unique_ptr<rocksdb::SequentialFile> file;
  CMS_CHECK(told(environment.NewSequentialFile(path, &file, {}), "opening the store's anchor"));
  std::string buffer(2 * kSlotBytes, '\0');
  rocksdb::Slice read;
  CMS_CHECK(told(file->Read(buffer.size(), &read, buffer.data()), "reading the store's anchor"));
  // The folder's entry outlived a power cut and the content, never synced, did not.
  if (read.empty()) return std::optional<std::uint64_t>{};
  const std::span slots(reinterpret_cast<const std::uint8_t*>(read.data()), read.size());
  const auto first = decode(slots.first(std::min(kSlotBytes, slots.size())));
  const auto second = decode(slots.subspan(std::min(kSlotBytes, slots.size())));
  // A write that failed leaves one slot in pieces, and the other as it was a commit before.
  if (first || second) return std::optional(std::max(first.value_or(0), second.value_or(0)));
  return fail(ErrorCode::bad_input, fmt::format("{} is damaged, so it cannot be told whether the store lost its last "
                                                "commits; remove the file to open the store as it is",
                                                path));
}

Result<Anchor> Anchor::open(rocksdb::Env& environment, const std::filesystem::path& folder) {
  const std::string path = folder / kAnchorName;
  const auto there = environment.FileExists(path);
  if (there.IsNotFound()) {
    CMS_CHECK(make(environment, path));
  } else {
    CMS_CHECK(told(there, "looking for the store's anchor"));
  }
  std::unique_ptr<rocksdb::RandomRWFile> file;
  CMS_CHECK(told(environment.NewRandomRWFile(path, &file, {}), "opening the store's anchor"));
  return Anchor(std::move(file));
}

Result<void> Anchor::write(std::uint64_t commits) {
  const Bytes bytes = encode(commits);
  const rocksdb::Slice slice(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  CMS_CHECK(told(file_->Write(commits % 2 * kSlotBytes, slice), "writing the store's anchor"));
  if (commits % kAnchorSyncEvery == 0) return sync();
  return {};
}

Result<void> Anchor::sync() { return told(file_->Sync(), "syncing the store's anchor"); }

}  // namespace cms::store
