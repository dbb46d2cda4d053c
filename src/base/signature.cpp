#include "base/signature.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "base/files.hpp"

namespace cms {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using Reader = EVP_PKEY* (*)(BIO*, EVP_PKEY**, pem_password_cb*, void*);

// An encrypted key would make OpenSSL ask on the terminal; an empty answer makes it fail instead.
int no_password(char*, int, int, void*) {
  return 0;
}

Result<Key> read_key(const std::filesystem::path& path, Reader reader, const char* kind) {
  CMS_TRY(content, read_file(path));
  const Memory memory(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())), &BIO_free);
  Key key(reader(memory.get(), nullptr, &no_password, nullptr), &EVP_PKEY_free);
  if (!key || EVP_PKEY_id(key.get()) != EVP_PKEY_ED25519) {
    return fail(ErrorCode::bad_input, fmt::format("{}: no Ed25519 {} key in PEM form", path.string(), kind));
  }
  return key;
}

}  // namespace

Result<Bytes> sign(std::span<const std::uint8_t> message, const std::filesystem::path& private_key) {
  CMS_TRY(key, read_key(private_key, &PEM_read_bio_PrivateKey, "private"));
  const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  Bytes signature(64);
  std::size_t size = signature.size();
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1) {
    return fail(ErrorCode::failed, fmt::format("cannot sign with {}", private_key.string()));
  }
  return signature;
}

Result<void> verify(std::span<const std::uint8_t> message, std::span<const std::uint8_t> signature,
                    const std::filesystem::path& public_key) {
  CMS_TRY(key, read_key(public_key, &PEM_read_bio_PUBKEY, "public"));
  const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1) {
    return {};
  }
  return fail(ErrorCode::refused, fmt::format("the signature is not of the key in {}", public_key.string()));
}

}  // namespace cms
