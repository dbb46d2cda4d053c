// One stream of activations: batches in, acknowledgements out in the same order. Inner header of this folder.
//
// Threads: take() from the thread that reads the stream; acknowledgements leave from a thread of the stream's own; the
// engine answers from its committer. The stream outlives every answer: its destructor waits for them.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "cms.pb.h"
#include "serve/grpc_server.hpp"

namespace cms::serve {

// A message as the engine takes it: an item an activation, without numbers where `refusal` says why none is wanted or
// its bytes are not those of one vector. How many there may be was asked before. Patient: a tap that is too fast waits
// in its own buffers, by the flow control of its stream. Cost: a copy of the numbers.
pipeline::Batch batch_of(const v1::ActivationBatch& message, pipeline::Refusal refusal);

class ActivationStream {
 public:
  using Send = std::function<bool(const v1::Acknowledgement&)>;  // false when the peer has gone

  ActivationStream(const GrpcOptions& options, const GrpcParts& parts, Identity caller, Send send);
  // Waits until what was taken is answered, and those answers have left or nobody takes them.
  ~ActivationStream();
  ActivationStream(const ActivationStream&) = delete;
  ActivationStream& operator=(const ActivationStream&) = delete;

  // Waits while too much is under way or too many answers have not left, then hands the batch to the engine. False when
  // the peer takes no more answers.
  bool take(const v1::ActivationBatch& batch);

 private:
  // A batch from its arrival until its acknowledgement has left, in order.
  struct Slot {
    std::size_t items = 0, bytes = 0;
    bool answered = false;
    v1::Acknowledgement acknowledgement;
  };
  void answer(Slot& slot);
  void send_all();

  const GrpcOptions& options_;
  const GrpcParts& parts_;
  Identity caller_;
  Send send_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Slot>> slots_;     // in the order in which they came
  std::size_t waiting_ = 0, items_ = 0, bytes_ = 0;  // without an answer yet
  std::size_t held_ = 0;                             // items of `slots_`: an answer may name each
  bool ending_ = false, gone_ = false;
  std::jthread sender_;
};

}  // namespace cms::serve
