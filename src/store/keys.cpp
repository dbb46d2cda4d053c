#include "store/keys.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/files.hpp"

namespace cms::store {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

// Looked up once: OpenSSL 3 searches its providers on every use of EVP_aes_256_gcm(). Constant from then on.
const EVP_CIPHER* cipher() {
  static const EVP_CIPHER* const found = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return found;
}

const std::uint8_t* data_of(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

int digit_of(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
  return -1;
}

}  // namespace

Key::~Key() { OPENSSL_cleanse(bytes.data(), bytes.size()); }

Result<Key> parse_key(std::string_view digits) {
  Key key;
  const auto wrong = [] {
    return fail(ErrorCode::bad_input, "a key is 64 hex digits; `cms key FILE` makes one");
  };
  if (digits.size() != 2 * key.bytes.size()) return wrong();
  for (std::size_t i = 0; i < key.bytes.size(); ++i) {
    const int high = digit_of(digits[2 * i]);
    const int low = digit_of(digits[2 * i + 1]);
    if (high < 0 || low < 0) return wrong();
    key.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return key;
}

Result<Key> read_key(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & 077) != 0) {
    return fail(ErrorCode::bad_input,
                fmt::format("key file {} may be read by others than its owner: chmod 600 it", path.string()));
  }
  CMS_TRY(text, read_text_file(path));
  std::string_view digits = text;
  if (digits.ends_with('\n')) digits.remove_suffix(1);
  auto key = parse_key(digits);
  OPENSSL_cleanse(text.data(), text.size());
  if (!key) return fail_in(fmt::format("key file {}", path.string()), std::move(key).error());
  return key;
}

Result<void> make_key(const std::filesystem::path& path) {
  Key key;
  CMS_CHECK(random_bytes(key.bytes));
  std::string text = to_hex(key.bytes) + "\n";
  // Exclusive: a key that is overwritten takes everything that was sealed with it along.
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) {
    const int number = errno;
    if (number == EEXIST) return fail(ErrorCode::usage, fmt::format("{} is there already", path.string()));
    return fail(ErrorCode::failed, fmt::format("cannot make {}: {}", path.string(), std::strerror(number)));
  }
  const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const bool durable = written && ::fsync(file) == 0;
  const int number = errno;
  ::close(file);
  OPENSSL_cleanse(text.data(), text.size());
  if (durable) return {};
  ::unlink(path.c_str());
  return fail(ErrorCode::failed, fmt::format("cannot write {}: {}", path.string(), std::strerror(number)));
}

Result<void> random_bytes(std::span<std::uint8_t> bytes) {
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1) return {};
  return fail(ErrorCode::failed, "the machine gives no randomness (OpenSSL RAND_bytes)");
}

Result<void> seal(const Key& key, const Nonce& nonce, std::string_view bound, std::span<const std::uint8_t> content,
                  std::string& out) {
  const Context context(EVP_CIPHER_CTX_new());
  out.append(reinterpret_cast<const char*>(nonce.data()), nonce.size());
  const std::size_t begin = out.size();
  out.resize(begin + content.size() + kTagBytes);
  auto* target = reinterpret_cast<std::uint8_t*>(out.data()) + begin;
  int count = 0;
  const bool done =
      context != nullptr &&
      EVP_EncryptInit_ex2(context.get(), cipher(), key.bytes.data(), nonce.data(), nullptr) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &count, data_of(bound), static_cast<int>(bound.size())) == 1 &&
      EVP_EncryptUpdate(context.get(), target, &count, content.data(), static_cast<int>(content.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), target + content.size(), &count) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, target + content.size()) == 1;
  if (!done) return fail(ErrorCode::failed, "cannot encrypt (OpenSSL AES-256-GCM)");
  return {};
}

Result<void> seal_anew(const Key& key, std::string_view bound, std::span<const std::uint8_t> content,
                       std::string& out) {
  Nonce nonce;
  CMS_CHECK(random_bytes(nonce));
  return seal(key, nonce, bound, content, out);
}

Result<Bytes> open(const Key& key, std::string_view bound, std::string_view sealed) {
  if (sealed.size() < kSealBytes) return fail(ErrorCode::bad_input, "encrypted content ends early");
  const std::size_t size = sealed.size() - kSealBytes;
  const std::uint8_t* const source = data_of(sealed) + kNonceBytes;
  Bytes content(size);
  Bytes tag(source + size, source + size + kTagBytes);
  const Context context(EVP_CIPHER_CTX_new());
  int count = 0;
  const bool done =
      context != nullptr &&
      EVP_DecryptInit_ex2(context.get(), cipher(), key.bytes.data(), data_of(sealed), nullptr) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &count, data_of(bound), static_cast<int>(bound.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), content.data(), &count, source, static_cast<int>(size)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), tag.data(), &count) == 1;
  if (!done) return fail(ErrorCode::bad_input, "encrypted content was changed, or belongs elsewhere");
  return content;
}

Digest keyed_hash(const Key& key, std::string_view text) {
  Digest digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.bytes.data(), static_cast<int>(key.bytes.size()), data_of(text), text.size(), digest.data(),
       &size);
  return digest;
}

Key derive(const Key& key, std::string_view use) {
  Key derived;
  derived.bytes = keyed_hash(key, use);
  return derived;
}

}  // namespace cms::store
