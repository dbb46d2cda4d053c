// Observe mode: prompts in, activations made by the daemon's own tap, for those who cannot touch their engine.
//
// One thread of idle priority reads texts in the order they came, beside the model that is served and never before it.
// The queue is bounded in texts; what does not fit is refused and can be sent again. Their bytes are bounded by who
// calls observe(), until `done` is called: by the HTTP server (bodies_mb) and by the prompt reader. Texts are in memory
// only until they are read, and nowhere else.
// Threads: observe() from any. Cost: the model's; some 60 short prompts a second with a model of 135M parameters.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/engine.hpp"
#include "serve/ingest_body.hpp"

namespace cms::serve {

// What observe mode does with prompts: makes activations of them and gives those to the engine.
using Observe = std::function<void(std::string tenant, pipeline::BatchPosition, std::vector<Observation>,
                                   std::function<void(pipeline::Outcome)>)>;

struct ObserverOptions {
  std::filesystem::path model;        // GGUF; the file that the atlas was fitted with
  std::uint32_t threads = 1;          // of llama.cpp
  std::uint32_t queue_texts = 4096;   // waiting to be read
};

class Observer {
 public:
  // Loads the model and reads it as the atlas' manifest says. Errors: `refused` when it is another model than the
  // atlas', or the atlas is of several segments a text; those of LlamaTap::open().
  static Result<Observer> start(const ObserverOptions& options, const pipeline::Model& model,
                                pipeline::Engine& engine);
  Observer(Observer&&) noexcept;
  // What waits is refused as overload.
  ~Observer();

  // Reads nothing more: the batch that is being read, what waits, and what comes is refused as overload, whole.
  void close();

  // Hands prompts to the tap and their activations to the engine; `done` is called once, as Engine::submit() does. A
  // text that the model cannot read is refused as `text`, the rest of the batch goes on.
  void observe(std::string tenant, pipeline::BatchPosition position, std::vector<Observation> texts,
               std::function<void(pipeline::Outcome)> done);

 private:
  struct State;
  explicit Observer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cms::serve
