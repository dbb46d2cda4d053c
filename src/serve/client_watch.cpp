#include "serve/client_watch.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio.hpp>
#include <chrono>

namespace cms::serve {
namespace {

namespace asio = boost::asio;
using Error = boost::system::error_code;

}  // namespace

struct ClientWatch::State : std::enable_shared_from_this<State> {
  State(asio::ip::tcp::socket& of, std::function<void()> call)
      : socket(&of), timer(of.get_executor()), tell(std::move(call)) {}

  asio::ip::tcp::socket* socket;  // null after the end
  asio::steady_timer timer;
  std::function<void()> tell;
  bool waits = true;  // for the first sign
  bool gone = false;

  void wait() {
    socket->async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](Error error) {
      self->waits = false;
      if (!error) self->look();
    });
  }

  void look() {
    if (socket == nullptr) return;
    tcp_info info{};
    socklen_t size = sizeof(info);
    const int fd = socket->native_handle();
    if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 || info.tcpi_state != TCP_ESTABLISHED) {
      gone = true;
      tell();
      return;
    }
    timer.expires_after(std::chrono::milliseconds(200));
    timer.async_wait([self = shared_from_this()](Error error) {
      if (!error) self->look();
    });
  }
};

ClientWatch::ClientWatch(asio::ip::tcp::socket& socket, std::function<void()> gone)
    : state_(std::make_shared<State>(socket, std::move(gone))) {
  state_->wait();
}

ClientWatch::~ClientWatch() { end(); }

bool ClientWatch::end() {
  auto& state = *state_;
  Error ignored;
  if (state.socket != nullptr && state.waits) state.socket->cancel(ignored);
  state.socket = nullptr;
  state.timer.cancel();
  return state.gone;
}

}  // namespace cms::serve
