// One stream of activations: batches in, acknowledgements out in the same order. Inner header of this folder.
//
// Threads: take() from the thread that reads the stream; acknowledgements leave from a thread of the stream's own; the
// engine answers from its committer. The stream outlives every answer: its destructor waits for them.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "cms.pb.h"
#include "serve/grpc_server.hpp"

namespace cms::serve {

class ActivationStream {
 public:
  using Send = std::function<bool(const v1::Acknowledgement&)>;  // false when the peer has gone

  ActivationStream(const GrpcOptions& options, const GrpcParts& parts, Identity caller, Send send);
  // Waits until what was taken is answered, and those answers have left or nobody takes them.
  ~ActivationStream();
  ActivationStream(const ActivationStream&) = delete;
  ActivationStream& operator=(const ActivationStream&) = delete;

  // Waits while too much is under way, then hands the batch to the engine. False when the peer takes no more answers.
  bool take(const v1::ActivationBatch& batch);

 private:
  void answer(std::size_t items, v1::Acknowledgement acknowledgement);
  void send_all();

  const GrpcOptions& options_;
  const GrpcParts& parts_;
  Identity caller_;
  Send send_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<v1::Acknowledgement> answers_;
  std::size_t batches_ = 0, items_ = 0;  // under way
  bool ending_ = false, gone_ = false;
  std::jthread sender_;
};

}  // namespace cms::serve
