// dunlin-limit: the featureless server beside every figure of Dunlin (bench/limit/server.h).
#include <sys/resource.h>

#include <CLI/CLI.hpp>
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
  app.add_flag("--io-uring", options.io_uring,
               "hand the sends of one turn to the kernel as one batch");
  app.add_flag("--join", options.join, "send the broadcasts of one turn to a connection together");
  CLI11_PARSE(app, argc, argv);

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
