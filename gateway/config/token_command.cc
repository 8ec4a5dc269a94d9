#include "gateway/config/token_command.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <expected>
#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "gateway/auth/jwk.h"
#include "gateway/auth/key_file.h"
#include "gateway/auth/token.h"
#include "gateway/config/token_keys.h"
#include "gateway/config/value.h"

namespace config {
namespace {

int complain(std::ostream& err, std::string_view what, int status = kExitBadUsage) {
  err << "dunlin: " << what << '\n';
  return status;
}

std::expected<auth::SigningKey, std::string> signing_key(const MintTokenCommand& command) {
  const std::string path = command.key_file.value_or(command.secret_file.value_or(""));
  const auto named = [&](const std::string& what) {
    return std::unexpected(in_quotes(path) + " " + what);
  };
  const auto text = auth::read_key_file(path);
  if (!text) return named(text.error());
  const bool pem = text->find("-----BEGIN ") != std::string::npos;
  if (command.key_file && !pem) return named("is no key in PEM; a secret goes with --secret-file");
  if (command.secret_file && pem) return named("is a key in PEM, not a secret; it goes with --key");
  auto key = command.key_file
                 ? auth::SigningKey::of_pem(*text)
                 : auth::SigningKey::of_secret(command.algorithm.value_or(auth::Algorithm::kHs256),
                                               std::string(auth::secret_in(*text)));
  if (!key) return named(key.error());
  if (command.algorithm && key->algorithm() != *command.algorithm) {
    return named(fmt::format("is a key for {}, not for {}", auth::name_of(key->algorithm()),
                             auth::name_of(*command.algorithm)));
  }
  return key;
}

// What is wrong, if anything. The file has these rights from its first moment.
std::optional<std::string> write_new_file(const std::string& path, std::string_view text,
                                          mode_t mode) {
  const auto failure = [&] {
    return in_quotes(path) + " cannot be written: " + std::generic_category().message(errno);
  };
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return failure();
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      auto what = failure();
      ::close(fd);
      ::unlink(path.c_str());
      return what;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  ::close(fd);
  return std::nullopt;
}

std::string time_text(std::int64_t ms) {
  return fmt::format("{:%FT%TZ}", fmt::gmtime(static_cast<std::time_t>(ms / 1'000)));
}

std::string list_text(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + in_quotes(text);
  return out.empty() ? "none" : out;
}

std::string keys_text(const auth::KeySet& keys) {
  std::string out;
  for (const auth::Key& key : keys.keys()) {
    if (!out.empty()) out += ", ";
    out += auth::name_of(key.algorithm());
    if (!key.kid().empty()) out += " kid " + in_quotes(key.kid());
  }
  return out;
}

// What a look at the configuration adds to a refusal.
std::string hint_for(auth::Refusal refusal, const Config& config, std::int64_t now_ms) {
  switch (refusal) {
    case auth::Refusal::kAlgorithm:
    case auth::Refusal::kUnknownKey:
    case auth::Refusal::kSignature:
      return "keys here: " + keys_text(*config.token_keys);
    case auth::Refusal::kExpired:
    case auth::Refusal::kNotYetValid:
    case auth::Refusal::kIssuedInFuture:
      return fmt::format("it is {}, and the leeway is {} ms", time_text(now_ms),
                         config.auth.leeway_ms);
    case auth::Refusal::kIssuer:
      return "auth.issuers: " + list_text(config.auth.issuers);
    case auth::Refusal::kAudience:
      return "auth.audiences: " + list_text(config.auth.audiences);
    case auth::Refusal::kUid:
      return fmt::format("auth.uid_claim: {}, at most {} bytes", in_quotes(config.auth.uid_claim),
                         config.hub.uid_size_max);
    default:
      return {};
  }
}

void print_identity(const auth::Identity& identity, std::ostream& out) {
  out << fmt::format("accepted  uid {}", in_quotes(identity.uid));
  out << (identity.expires_ms == 0
              ? ", for ever"
              : ", until " + time_text(identity.expires_ms) + ", the leeway included");
  out << '\n';
  if (identity.permissions.channels) {
    out << "channels  " << list_text(*identity.permissions.channels) << '\n';
  }
  if (!identity.subscribe.empty()) out << "subscribe " << list_text(identity.subscribe) << '\n';
}

}  // namespace

int run_mint_token(const MintTokenCommand& command, std::int64_t now_ms, std::ostream& out,
                   std::ostream& err) {
  const auto key = signing_key(command);
  if (!key) return complain(err, key.error());
  auth::Minted minted = command.minted;
  minted.now_s = now_ms / 1'000;
  out << auth::mint(minted, *key) << '\n';
  return 0;
}

int run_new_key(const NewKeyCommand& command, std::ostream& out, std::ostream& err) {
  const auth::SigningKey key = auth::SigningKey::generate(command.algorithm);
  const bool secret = auth::is_hmac(command.algorithm);
  if (const auto error = write_new_file(command.out, key.private_text(), 0600)) {
    return complain(err, *error, 1);
  }
  const std::string public_file = command.out + ".jwks";
  if (!secret) {
    if (const auto error = write_new_file(public_file, auth::public_jwks(key, command.kid), 0644)) {
      ::unlink(command.out.c_str());
      return complain(err, *error, 1);
    }
  }
  const std::string setting =
      secret ? fmt::format("{}:{}", auth::name_of(command.algorithm), command.out) : public_file;
  out << fmt::format("{}  {}  for whoever makes tokens{}\n", secret ? "secret " : "private",
                     command.out, secret ? ", and for the gateway" : "");
  if (!secret) out << fmt::format("public   {}  for the gateway\n", public_file);
  out << fmt::format("try      dunlin serve --set auth.keys={} --set profiles.ws.auth=token\n",
                     setting);
  out << fmt::format("         dunlin token {} {} --uid 42\n", secret ? "--secret-file" : "--key",
                     command.out);
  return 0;
}

int run_verify_token(const VerifyTokenCommand& command, const Surroundings& surroundings,
                     std::int64_t now_ms, std::istream& in, std::ostream& out, std::ostream& err) {
  const auto config = load({.file = command.config_file,
                            .environment = surroundings.environment,
                            .overrides = command.overrides,
                            .reserved_paths = surroundings.reserved_paths});
  if (!config) {
    for (const ConfigError& error : config.error()) err << to_string(error) << '\n';
    return kExitBadUsage;
  }
  if (config->token_keys == nullptr) {
    return complain(
        err,
        "the configuration has no auth.keys to verify a token with; name it with --config, "
        "or keys with --set auth.keys=FILE");
  }
  std::string token = command.token;
  if (token == "-") std::getline(in, token);
  if (const auto parts = auth::split(token)) {
    out << "header    " << printable(parts->header) << '\n';
    out << "claims    " << printable(parts->payload) << '\n';
  }
  const auto identity = auth::verify(token, *config->token_keys, token_rules(*config), now_ms);
  if (identity) {
    print_identity(*identity, out);
    return 0;
  }
  const auth::RefusalText& text = auth::text_of(identity.error());
  out << fmt::format("refused   {}: {}\n", text.code, text.message);
  const std::string hint = hint_for(identity.error(), *config, now_ms);
  if (!hint.empty()) out << "          " << hint << '\n';
  return 1;
}

}  // namespace config
