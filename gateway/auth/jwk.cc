#include "gateway/auth/jwk.h"

#include <fmt/format.h>
#include <openssl/obj_mac.h>

#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "gateway/auth/base64url.h"
#include "gateway/auth/json.h"
#include "gateway/auth/key_set.h"
#include "gateway/auth/openssl.h"
#include "proto/base/assert.h"

namespace auth {
namespace {

using json::dom::object;
using openssl::bytes;

constexpr std::size_t kEd25519Size = 32;

struct Unusable {
  std::string why;
  bool fatal = false;  // Also in a set.
};
using ParsedKey = std::expected<Key, Unusable>;

ParsedKey usable(std::expected<Key, std::string>&& key) {
  if (!key) return std::unexpected(Unusable{std::move(key.error())});
  return std::move(*key);
}

std::unexpected<Unusable> malformed(std::string_view member) {
  return std::unexpected(
      Unusable{fmt::format("has a JWK whose \"{}\" is missing or malformed", member)});
}

std::optional<std::string> bytes_of(const object& jwk, std::string_view name) {
  const auto text = json::text_of(jwk, name);
  if (!text) return std::nullopt;
  return decode_base64url(*text);
}

EvpKey from_parameters(const char* kind, OSSL_PARAM_BLD* builder) {
  const openssl::Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const openssl::Context context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    openssl::forget_errors();
    return nullptr;
  }
  return EvpKey(key);
}

// RFC 7518 6.3.1.
ParsedKey rsa_key(const object& jwk, std::string kid) {
  const auto n = bytes_of(jwk, "n");
  const auto e = bytes_of(jwk, "e");
  if (!n || n->empty()) return malformed("n");
  if (!e || e->empty()) return malformed("e");
  const openssl::BigNumber modulus(BN_bin2bn(bytes(*n), static_cast<int>(n->size()), nullptr));
  const openssl::BigNumber exponent(BN_bin2bn(bytes(*e), static_cast<int>(e->size()), nullptr));
  // An exponent of 1 would make every text its own signature.
  if (BN_is_odd(exponent.get()) == 0 || BN_is_one(exponent.get()) != 0) return malformed("e");
  const openssl::ParameterBuilder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  EvpKey key = from_parameters("RSA", builder.get());
  if (key == nullptr) return malformed("n");
  return usable(Key::of_public(std::move(key), std::move(kid)));
}

// RFC 7518 6.2.1. OpenSSL refuses a point that is not on the curve.
ParsedKey ec_key(const object& jwk, std::string kid) {
  if (json::text_of(jwk, "crv") != "P-256") {
    return std::unexpected(Unusable{"has an EC key whose curve is not P-256"});
  }
  const auto x = bytes_of(jwk, "x");
  const auto y = bytes_of(jwk, "y");
  if (!x || x->size() != kP256Size) return malformed("x");
  if (!y || y->size() != kP256Size) return malformed("y");
  const std::string point = "\x04" + *x + *y;
  const openssl::ParameterBuilder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, SN_X9_62_prime256v1,
                                  0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  EvpKey key = from_parameters("EC", builder.get());
  if (key == nullptr) return malformed("x");
  return usable(Key::of_public(std::move(key), std::move(kid)));
}

// RFC 8037 2.
ParsedKey okp_key(const object& jwk, std::string kid) {
  if (json::text_of(jwk, "crv") != "Ed25519") {
    return std::unexpected(Unusable{"has an OKP key whose curve is not Ed25519"});
  }
  const auto x = bytes_of(jwk, "x");
  if (!x || x->size() != kEd25519Size) return malformed("x");
  EvpKey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(*x), x->size()));
  if (key == nullptr) return malformed("x");
  return usable(Key::of_public(std::move(key), std::move(kid)));
}

// RFC 7518 6.4. What a secret is for does not follow from its kind: `alg` must say so.
ParsedKey secret_key(const object& jwk, std::optional<Algorithm> algorithm, std::string kid) {
  if (!algorithm) {
    return std::unexpected(
        Unusable{"has a secret (kty oct) without \"alg\": HS256, HS384 or HS512"});
  }
  auto secret = bytes_of(jwk, "k");
  if (!secret) return malformed("k");
  return usable(Key::of_secret(*algorithm, *std::move(secret), std::move(kid)));
}

// RFC 7517 4.3: if key_ops is there, it names what the key is for.
bool may_verify(const object& jwk) {
  json::dom::array operations;
  const auto member = jwk.at_key("key_ops");
  if (member.error() != simdjson::SUCCESS) return true;
  if (member.get_array().get(operations) != simdjson::SUCCESS) return false;
  for (const json::dom::element operation : operations) {
    std::string_view name;
    if (operation.get_string().get(name) == simdjson::SUCCESS && name == "verify") return true;
  }
  return false;
}

ParsedKey parse_jwk(const object& jwk) {
  if (!json::has_different_names(jwk)) {
    return std::unexpected(Unusable{"has a JWK with a member that comes twice", true});
  }
  if (json::has(jwk, "d")) {
    return std::unexpected(
        Unusable{"holds a private key; the gateway needs the public half only", true});
  }
  if (json::has(jwk, "use") && json::text_of(jwk, "use") != "sig") {
    return std::unexpected(Unusable{"has a key that is not for signatures (use)"});
  }
  if (!may_verify(jwk)) {
    return std::unexpected(Unusable{"has a key that is not to verify with (key_ops)"});
  }
  std::optional<Algorithm> algorithm;
  if (json::has(jwk, "alg")) {
    algorithm = algorithm_named(json::text_of(jwk, "alg").value_or(""));
    if (!algorithm) return std::unexpected(Unusable{"has a key of an algorithm that is not known"});
  }
  std::string kid;
  if (json::has(jwk, "kid")) {
    const auto text = json::text_of(jwk, "kid");
    if (!text || text->empty()) return malformed("kid");
    kid = *text;
  }
  const std::string_view kind = json::text_of(jwk, "kty").value_or("");
  ParsedKey key = std::unexpected(Unusable{"has a JWK whose kty is none of RSA, EC, OKP and oct"});
  if (kind == "RSA")
    key = rsa_key(jwk, std::move(kid));
  else if (kind == "EC")
    key = ec_key(jwk, std::move(kid));
  else if (kind == "OKP")
    key = okp_key(jwk, std::move(kid));
  else if (kind == "oct")
    key = secret_key(jwk, algorithm, std::move(kid));
  if (key && algorithm && key->algorithm() != *algorithm) {
    return std::unexpected(
        Unusable{fmt::format("has a key of kty {} whose alg is {}", kind, name_of(*algorithm))});
  }
  return key;
}

std::expected<std::vector<Key>, std::string> parse_set(const json::dom::array& jwks) {
  std::vector<Key> keys;
  std::string why = "is a JWK Set without keys";
  for (const json::dom::element element : jwks) {
    object jwk;
    ParsedKey key = std::unexpected(Unusable{"has something in \"keys\" that is no object"});
    if (element.get_object().get(jwk) == simdjson::SUCCESS) key = parse_jwk(jwk);
    if (!key && key.error().fatal) return std::unexpected(std::move(key.error().why));
    if (!key) {
      why = std::move(key.error().why);
      continue;
    }
    if (keys.size() == KeySet::kKeysMax) {
      return std::unexpected(fmt::format("has more than {} keys", KeySet::kKeysMax));
    }
    keys.push_back(std::move(*key));
  }
  if (keys.empty()) return std::unexpected(std::move(why));
  return keys;
}

std::string number_of(const EVP_PKEY* key, const char* name) {
  BIGNUM* raw = nullptr;
  DUNLIN_ASSERT(EVP_PKEY_get_bn_param(key, name, &raw) == 1);
  const openssl::BigNumber number(raw);
  std::string text(static_cast<std::size_t>(BN_num_bytes(raw)), '\0');
  BN_bn2bin(raw, reinterpret_cast<unsigned char*>(text.data()));
  return text;
}

// The members that make up the key, in the order and the form whose hash is its thumbprint (RFC
// 7638 section 3).
std::string required_members(const SigningKey& signing_key) {
  const EVP_PKEY* const key = signing_key.pkey();
  if (signing_key.algorithm() == Algorithm::kEdDsa) {
    std::array<unsigned char, kEd25519Size> x{};
    std::size_t size = x.size();
    DUNLIN_ASSERT(EVP_PKEY_get_raw_public_key(key, x.data(), &size) == 1);
    return fmt::format(R"("crv":"Ed25519","kty":"OKP","x":"{}")",
                       encode_base64url({reinterpret_cast<const char*>(x.data()), size}));
  }
  if (signing_key.algorithm() == Algorithm::kEs256) {
    const auto padded = [&](const char* name) {
      const std::string number = number_of(key, name);
      return encode_base64url(std::string(kP256Size - number.size(), '\0') + number);
    };
    return fmt::format(R"("crv":"P-256","kty":"EC","x":"{}","y":"{}")",
                       padded(OSSL_PKEY_PARAM_EC_PUB_X), padded(OSSL_PKEY_PARAM_EC_PUB_Y));
  }
  return fmt::format(R"("e":"{}","kty":"RSA","n":"{}")",
                     encode_base64url(number_of(key, OSSL_PKEY_PARAM_RSA_E)),
                     encode_base64url(number_of(key, OSSL_PKEY_PARAM_RSA_N)));
}

std::string thumbprint(const std::string& members) {
  const std::string text = "{" + members + "}";
  std::array<unsigned char, 32> digest{};
  DUNLIN_ASSERT(
      EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1);
  return encode_base64url({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace

std::expected<std::vector<Key>, std::string> parse_jwks(std::string_view text) {
  json::Document document;
  const auto object = document.parse(text);
  if (!object) return std::unexpected("is not one well-formed JSON object");
  json::dom::array set;
  if (object->at_key("keys").get_array().get(set) == simdjson::SUCCESS) return parse_set(set);
  ParsedKey key = parse_jwk(*object);
  if (!key) return std::unexpected(std::move(key.error().why));
  std::vector<Key> keys;
  keys.push_back(std::move(*key));
  return keys;
}

std::string public_jwks(const SigningKey& key, std::string_view kid) {
  const std::string members = required_members(key);
  return fmt::format(R"({{"keys":[{{{},"kid":"{}","alg":"{}","use":"sig"}}]}})"
                     "\n",
                     members, kid.empty() ? thumbprint(members) : std::string(kid),
                     name_of(key.algorithm()));
}

}  // namespace auth
