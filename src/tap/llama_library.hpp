// llama.cpp as a library: started once, quiet, its complaints kept for our messages.
//
// Threads: safe; the log of llama.cpp is one for the whole process.
#pragma once

#include <string>

namespace cms::tap {

// Starts the library at the first call and forgets complaints of earlier calls.
void start_llama();

// What llama.cpp complained of since start_llama(), in one line; empty when it did not.
std::string llama_complaint();

}  // namespace cms::tap
