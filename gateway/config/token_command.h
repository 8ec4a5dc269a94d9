// `dunlin token`: makes tokens and keys to try things with, and explains why a token is refused.
//
// Owner: free functions; main() gives them streams and surroundings.   Thread: main.
// All return an exit status: 0; 1 if a token would be refused or a key cannot be made;
// kExitBadUsage for what is wrong with files and options. No private key is ever printed.
#pragma once

#include <cstdint>
#include <iosfwd>

#include "gateway/config/command_line.h"
#include "gateway/config/commands.h"

namespace config {

[[nodiscard]] int run_mint_token(const MintTokenCommand& command, std::int64_t now_ms,
                                 std::ostream& out, std::ostream& err);

// Writes the private key (0600) and, unless it is a secret, the public half beside it. Never over a
// file that exists.
[[nodiscard]] int run_new_key(const NewKeyCommand& command, std::ostream& out, std::ostream& err);

[[nodiscard]] int run_verify_token(const VerifyTokenCommand& command,
                                   const Surroundings& surroundings, std::int64_t now_ms,
                                   std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace config
