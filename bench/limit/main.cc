// dunlin-limit: the featureless server beside every figure of Dunlin (bench/limit/server.h).
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>

#include "bench/limit/server.h"

int main(int argc, char** argv) try {
  limit::Options options;
  CLI::App app{"The physical limit: a bare epoll server that upgrades and sends, nothing else."};
  app.add_option("--listen", options.listen, "WebSocket address, HOST:PORT; port 0: any")
      ->capture_default_str();
  app.add_option("--api", options.api, "push address, HOST:PORT")->capture_default_str();
  app.add_option("--ready-file", options.ready_file, "written when it accepts; else to stdout");
  auto* io_uring = app.add_flag("--io-uring", options.io_uring,
                                "hand the sends of one turn to the kernel as one batch");
  app.add_flag("--join", options.join, "send the broadcasts of one turn to a connection together");
  limit::TlsOptions tls;
  bool use_tls = false;
  auto* with_tls = app.add_flag("--tls", use_tls,
                                "bare OpenSSL on the WebSocket port: TLS 1.3, AES-256-GCM, an "
                                "ECDSA certificate made now, one SSL_write for each send")
                       ->excludes(io_uring);
  app.add_option("--tls-tickets", tls.tickets, "session tickets of each whole handshake")
      ->needs(with_tls)
      ->capture_default_str();
  app.add_flag("--tls-release-buffers", tls.release_buffers,
               "idle connections hold no record buffers: SSL_MODE_RELEASE_BUFFERS")
      ->needs(with_tls);
  CLI11_PARSE(app, argc, argv);
  if (use_tls) options.tls = tls;
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to sockets with write().

  // Root may raise the hard limit too; everybody else gets what the hard limit allows.
  const rlimit wanted{.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
  if (setrlimit(RLIMIT_NOFILE, &wanted) != 0) {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }

  limit::Server server(options);
  return server.run() ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "dunlin-limit: %s\n", error.what());
  return 1;
}
