// OpenSSL's error queue as one line. For the other files of this folder.
//
// Owner: free function.   Thread: any; the queue is the thread's own.
#pragma once

#include <string>

namespace tls {

// The earliest reason in this thread's queue, such as "no start line"; empties the queue.
[[nodiscard]] std::string take_openssl_error();

}  // namespace tls
