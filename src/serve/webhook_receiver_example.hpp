// A real HTTP or HTTPS server on this machine that answers, fails, hangs or closes as it is told, for tests; and a
// certificate for it.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace cms::serve {

// PEM of a new key and a certificate for `name`, signed by itself: "DNS:localhost" or "IP:127.0.0.1".
struct ExampleCertificate {
  std::string key, certificate;

  explicit ExampleCertificate(const std::string& name) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pair(EVP_EC_gen("P-256"), &EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), &X509_free);
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_set_pubkey(made.get(), pair.get());
    auto* subject = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(made.get(), subject);
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> names(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name.c_str()), &X509_EXTENSION_free);
    X509_add_ext(made.get(), names.get(), -1);
    X509_sign(made.get(), pair.get(), EVP_sha256());
    key = pem([&](BIO* out) { PEM_write_bio_PrivateKey(out, pair.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    certificate = pem([&](BIO* out) { PEM_write_bio_X509(out, made.get()); });
  }

 private:
  template <typename Write>
  static std::string pem(const Write& write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    write(out.get());
    char* data = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }
};

enum class Reply { ok, fail, gone, redirect, hang, close, part_of_a_header, endless_body, endless_header };

class Receiver {
 public:
  using Request = boost::beast::http::request<boost::beast::http::string_body>;

  // Replies to one connection after the other as `script` says, and with `ok` beyond its end.
  explicit Receiver(std::vector<Reply> script = {}, const ExampleCertificate* certificate = nullptr)
      : script_(std::move(script)), acceptor_(io_, {boost::asio::ip::make_address("127.0.0.1"), 0}) {
    if (certificate != nullptr) {
      tls_ = std::make_unique<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
      tls_->use_certificate(boost::asio::buffer(certificate->certificate), boost::asio::ssl::context::pem);
      tls_->use_private_key(boost::asio::buffer(certificate->key), boost::asio::ssl::context::pem);
    }
    thread_ = std::jthread([this] { run(); });
  }
  ~Receiver() { ::shutdown(acceptor_.native_handle(), SHUT_RDWR); }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  // The requests so far, once there are `count` of them.
  std::vector<Request> requests(std::size_t count) {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [&] { return requests_.size() >= count; });
    return requests_;
  }

 private:
  void run() {
    for (std::size_t connection = 0;; ++connection) {
      boost::system::error_code error;
      boost::asio::ip::tcp::socket socket(io_);
      acceptor_.accept(socket, error);
      if (error) return;
      const auto reply = connection < script_.size() ? script_[connection] : Reply::ok;
      if (tls_ == nullptr) {
        serve(socket, reply);
        if (reply == Reply::hang) held_.push_back(std::move(socket));
        continue;
      }
      boost::beast::ssl_stream<boost::asio::ip::tcp::socket> stream(std::move(socket), *tls_);
      stream.handshake(boost::asio::ssl::stream_base::server, error);
      if (!error) serve(stream, reply);
    }
  }

  template <typename Stream>
  void serve(Stream& stream, Reply reply) {
    boost::system::error_code error;
    boost::beast::flat_buffer buffer;
    Request request;
    if (reply == Reply::close) return;
    boost::beast::http::read(stream, buffer, request, error);
    if (error) return;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    came_.notify_all();
    const auto text = answer(reply);
    boost::asio::write(stream, boost::asio::buffer(text), error);
  }

  static std::string answer(Reply reply) {
    const std::string begin = "HTTP/1.1 ";
    if (reply == Reply::fail) return begin + "500 Internal Server Error\r\ncontent-length: 0\r\n\r\n";
    if (reply == Reply::gone) return begin + "410 Gone\r\ncontent-length: 0\r\n\r\n";
    if (reply == Reply::redirect) return begin + "302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n";
    if (reply == Reply::part_of_a_header) return begin + "200 O";
    if (reply == Reply::endless_body) return begin + "200 OK\r\ncontent-length: 1000000000\r\n\r\nabc";
    if (reply == Reply::endless_header) return begin + "200 OK\r\nx: " + std::string(100'000, 'x');
    return reply == Reply::hang ? "" : begin + "204 No Content\r\n\r\n";
  }

  boost::asio::io_context io_;
  std::vector<Reply> script_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::unique_ptr<boost::asio::ssl::context> tls_;
  std::list<boost::asio::ip::tcp::socket> held_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<Request> requests_;
  std::jthread thread_;
};

}  // namespace cms::serve
