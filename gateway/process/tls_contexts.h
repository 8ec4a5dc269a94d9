// The TLS of both ports, made from the configuration and the files that it names.
//
// Owner: free functions.   Thread: main's.
#pragma once

#include <expected>
#include <memory>
#include <vector>

#include "gateway/config/config.h"
#include "gateway/config/rules.h"
#include "gateway/observe/metrics.h"
#include "gateway/tls/context.h"

namespace process {

struct TlsContexts {
  std::shared_ptr<const tls::Context> public_;  // Null: the port speaks plain TCP.
  std::shared_ptr<const tls::Context> api;      // The same.
  std::vector<std::shared_ptr<const tls::Certificate>> certificates;
  std::shared_ptr<const observe::CertificateEnds> ends;  // Of these, in their order; null: none.
};

// Reads the files. `earlier`: what was in force before a reload; its self-made certificate stays.
// The error names the setting whose file is at fault.
[[nodiscard]] std::expected<TlsContexts, config::Finding> make_tls_contexts(
    const config::Config& config, const TlsContexts& earlier = {});

// One line in the log for each certificate: its file, its names, and until when it is good. A
// warning when that is less than 14 days away.
void log_certificates(const TlsContexts& contexts);

}  // namespace process
