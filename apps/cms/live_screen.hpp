// The terminal as a screen that is redrawn: entered when made, given back as it was found when destroyed.
//
// Ctrl-C and q ask to leave; SIGTERM and SIGHUP do too, so that the terminal is restored in every end but SIGKILL.
// Threads: main only; at most one at a time.
#pragma once

#include <termios.h>

#include <csignal>
#include <string>
#include <vector>

class LiveScreen {
 public:
  // True when standard output is a terminal that can be drawn on.
  static bool possible();

  LiveScreen();
  ~LiveScreen();
  LiveScreen(const LiveScreen&) = delete;
  LiveScreen& operator=(const LiveScreen&) = delete;

  struct Size {
    std::size_t rows = 24;
    std::size_t columns = 80;
  };
  // As it is now; a terminal may be resized at any time.
  [[nodiscard]] Size size() const;

  // Replaces what is shown; lines beyond the size are cut off.
  void draw(const std::vector<std::string>& lines);

  // Waits for keys; true when the user or a signal asked to leave.
  bool leave_within(int milliseconds);

 private:
  bool keys_ = false;  // standard input is a terminal
  termios found_{};
  struct sigaction found_actions_[3] = {};
};
