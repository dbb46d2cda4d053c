#include "live_screen.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
constexpr char kCtrlC = 3;

volatile std::sig_atomic_t asked_to_leave = 0;
void ask_to_leave(int) { asked_to_leave = 1; }

void put(std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(STDOUT_FILENO, text.data(), text.size());
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

bool LiveScreen::possible() {
  const char* terminal = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

LiveScreen::LiveScreen() {
  asked_to_leave = 0;
  struct sigaction action {};
  action.sa_handler = ask_to_leave;
  for (int i = 0; i < 3; ++i) ::sigaction(kSignals[i], &action, &found_actions_[i]);
  keys_ = ::tcgetattr(STDIN_FILENO, &found_) == 0;
  if (keys_) {
    // Without ISIG Ctrl-Z cannot leave a stopped program behind a terminal in this mode; Ctrl-C comes as a key.
    termios quiet = found_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
    quiet.c_cc[VMIN] = 0;
    quiet.c_cc[VTIME] = 0;
    ::tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
  }
  // Alternate screen, no cursor, no wrapping of long lines.
  put("\033[?1049h\033[?25l\033[?7l");
}

LiveScreen::~LiveScreen() {
  put("\033[?7h\033[?25h\033[?1049l");
  if (keys_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &found_);
  for (int i = 0; i < 3; ++i) ::sigaction(kSignals[i], &found_actions_[i], nullptr);
}

LiveScreen::Size LiveScreen::size() const {
  winsize found{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &found) != 0 || found.ws_row == 0 || found.ws_col == 0) return {};
  return {found.ws_row, found.ws_col};
}

void LiveScreen::draw(const std::vector<std::string>& lines) {
  const std::size_t rows = size().rows;
  const std::size_t shown = std::min(lines.size(), rows);
  // Lines are cleared before they are written: behind a full one the cursor still stands on its last character.
  std::string frame = "\033[H";
  for (std::size_t i = 0; i < shown; ++i) {
    frame += i > 0 ? "\r\n\033[K" : "\033[K";
    frame += lines[i];
  }
  if (shown < rows) frame += "\r\n\033[J";
  put(frame);
}

bool LiveScreen::leave_within(int milliseconds) {
  if (!keys_) {
    ::poll(nullptr, 0, milliseconds);
    return asked_to_leave != 0;
  }
  pollfd keyboard{STDIN_FILENO, POLLIN, 0};
  if (::poll(&keyboard, 1, milliseconds) > 0) {
    char keys[64];
    const auto count = ::read(STDIN_FILENO, keys, sizeof(keys));
    if (count <= 0) keys_ = false;
    for (ssize_t i = 0; i < count; ++i) {
      if (keys[i] == 'q' || keys[i] == 'Q' || keys[i] == kCtrlC) asked_to_leave = 1;
    }
  }
  return asked_to_leave != 0;
}
