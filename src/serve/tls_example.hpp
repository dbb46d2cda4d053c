// For tests: an authority, and certificates that it has signed, made anew in a folder.
#pragma once

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace cms::serve {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

struct Pair {
  Key key{nullptr, &EVP_PKEY_free};
  Certificate certificate{nullptr, &X509_free};
};

// A certificate of this common name, signed by `issuer` or by itself.
inline Pair make_certificate(const std::string& common_name, const Pair* issuer = nullptr) {
  static long serial = 1;
  Pair pair;
  pair.key.reset(EVP_EC_gen("P-256"));
  pair.certificate.reset(X509_new());
  X509* certificate = pair.certificate.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
  X509_set_pubkey(certificate, pair.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer ? issuer->certificate.get() : certificate));
  if (issuer == nullptr) {
    X509_EXTENSION* authority = X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
    X509_add_ext(certificate, authority, -1);
    X509_EXTENSION_free(authority);
  }
  X509_sign(certificate, issuer ? issuer->key.get() : pair.key.get(), EVP_sha256());
  return pair;
}

inline void write_pem(const Pair& pair, const std::filesystem::path& certificate, const std::filesystem::path& key) {
  std::FILE* file = std::fopen(certificate.c_str(), "w");
  PEM_write_X509(file, pair.certificate.get());
  std::fclose(file);
  file = std::fopen(key.c_str(), "w");
  PEM_write_PrivateKey(file, pair.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
}

// ca, server, gateway and stranger, and a gateway that nobody has signed but itself (forged): NAME.pem and NAME.key.
class Certificates {
 public:
  explicit Certificates(const std::string& name)
      : folder_(std::filesystem::temp_directory_path() / fmt::format("cms_{}_{}", name, ::getpid())),
        authority_(make_certificate("authority")) {
    std::filesystem::create_directories(folder_);
    write_pem(authority_, at("ca.pem"), at("ca.key"));
    for (const std::string who : {"server", "gateway", "stranger"}) {
      write_pem(make_certificate(who, &authority_), at(who + ".pem"), at(who + ".key"));
    }
    write_pem(make_certificate("gateway"), at("forged.pem"), at("forged.key"));
  }
  ~Certificates() { std::filesystem::remove_all(folder_); }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  [[nodiscard]] std::filesystem::path at(const std::string& file) const { return folder_ / file; }
  [[nodiscard]] const Pair& authority() const { return authority_; }

 private:
  std::filesystem::path folder_;
  Pair authority_;
};

}  // namespace cms::serve
