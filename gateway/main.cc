// Reads the options, builds the gateway, runs it, takes it down. No logic of its own.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <variant>

#include "gateway/config/command_line.h"
#include "gateway/config/commands.h"
#include "gateway/config/token_command.h"
#include "gateway/process/gateway.h"
#include "gateway/web/assets.h"

namespace {

config::Surroundings surroundings() {
  config::Surroundings here{.environment = config::read_environment(),
                            .reserved_paths = {},
                            .check_files = process::check_files};
  for (const web::Asset& asset : web::assets()) here.reserved_paths.emplace_back(asset.path);
  return here;
}

std::int64_t now_ms() {
  using std::chrono::milliseconds;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count();
}

struct Run {
  int operator()(const config::PrintTextCommand& command) const {
    std::cout << command.text;
    return 0;
  }
  int operator()(const config::CheckConfigCommand& command) const {
    return config::run_check_config(command, surroundings(), std::cout, std::cerr);
  }
  int operator()(const config::PrintConfigCommand& command) const {
    return config::run_print_config(command, surroundings(), std::cout, std::cerr);
  }
  int operator()(const config::MintTokenCommand& command) const {
    return config::run_mint_token(command, now_ms(), std::cout, std::cerr);
  }
  int operator()(const config::NewKeyCommand& command) const {
    return config::run_new_key(command, std::cout, std::cerr);
  }
  int operator()(const config::VerifyTokenCommand& command) const {
    return config::run_verify_token(command, surroundings(), now_ms(), std::cin, std::cout,
                                    std::cerr);
  }
  int operator()(const config::UsageError& error) const {
    std::cerr << error.message << '\n';
    return config::kExitBadUsage;
  }
  int operator()(const config::ServeCommand& command) const {
    return process::serve(command, surroundings());
  }
};

}  // namespace

int main(int argc, char** argv) {
  return std::visit(Run{}, config::parse_command_line(argc, argv).command);
}
