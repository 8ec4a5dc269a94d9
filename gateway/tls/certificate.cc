#include "gateway/tls/certificate.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <system_error>

#include "gateway/tls/openssl_error.h"
#include "proto/base/ascii.h"
#include "proto/base/assert.h"

namespace tls {
namespace {

struct BioDeleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using BioPtr = std::unique_ptr<BIO, BioDeleter>;
using X509Ptr = std::unique_ptr<X509, Certificate::Deleter>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Certificate::Deleter>;

constexpr std::size_t kChainMax = 16;

std::expected<BioPtr, std::string> open_file(const std::string& file) {
  errno = 0;
  BioPtr bio(BIO_new_file(file.c_str(), "r"));
  if (bio) return bio;
  const int error = errno;
  const std::string reason = take_openssl_error();
  return std::unexpected(fmt::format("cannot read {}: {}", file,
                                     error != 0 ? std::generic_category().message(error) : reason));
}

// A key with a pass phrase cannot be used: nobody is there to type it.
int refuse_pass_phrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) {
  return -1;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), dunlin::to_lower);
  return result;
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> names;
  auto* alternatives = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(alternatives); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives, i);
    if (name->type != GEN_DNS) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    names.push_back(lower({text, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))}));
  }
  GENERAL_NAMES_free(alternatives);
  return names;
}

std::expected<KeyPtr, std::string> read_key(const std::string& file) {
  auto bio = open_file(file);
  if (!bio) return std::unexpected(bio.error());
  KeyPtr key(PEM_read_bio_PrivateKey(bio->get(), nullptr, refuse_pass_phrase, nullptr));
  if (key) return key;
  return std::unexpected(fmt::format("{}: no private key in PEM form without a pass phrase: {}",
                                     file, take_openssl_error()));
}

void add_extension(X509* certificate, int id, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value);
  DUNLIN_ASSERT(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

}  // namespace

void Certificate::Deleter::operator()(X509* certificate) const { X509_free(certificate); }
void Certificate::Deleter::operator()(EVP_PKEY* pair) const { EVP_PKEY_free(pair); }

std::expected<Certificate, std::string> read_certificate(const std::string& certificate_file,
                                                         const std::string& key_file) {
  const auto bio = open_file(certificate_file);
  if (!bio) return std::unexpected(bio.error());
  Certificate result;
  result.leaf.reset(PEM_read_bio_X509_AUX(bio->get(), nullptr, refuse_pass_phrase, nullptr));
  if (!result.leaf) {
    return std::unexpected(
        fmt::format("{}: no certificate in PEM form: {}", certificate_file, take_openssl_error()));
  }
  while (X509* next = PEM_read_bio_X509(bio->get(), nullptr, refuse_pass_phrase, nullptr)) {
    result.chain.emplace_back(next);
    if (result.chain.size() > kChainMax) {
      return std::unexpected(
          fmt::format("{}: more than {} certificates in a chain", certificate_file, kChainMax));
    }
  }
  static_cast<void>(take_openssl_error());  // The end of the file is no error.
  const std::string& key_source = key_file.empty() ? certificate_file : key_file;
  auto key = read_key(key_source);
  if (!key) return std::unexpected(key.error());
  result.key = std::move(*key);
  if (X509_check_private_key(result.leaf.get(), result.key.get()) != 1) {
    static_cast<void>(take_openssl_error());
    return std::unexpected(
        fmt::format("{}: the key belongs to another certificate than the first one of {}",
                    key_source, certificate_file));
  }
  result.names = names_of(result.leaf.get());
  return result;
}

Certificate make_self_signed() {
  constexpr long kMonth = 30L * 24 * 3'600;
  Certificate result;
  result.key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  result.leaf.reset(X509_new());
  X509* certificate = result.leaf.get();
  DUNLIN_ASSERT(result.key != nullptr && certificate != nullptr);
  std::uint64_t serial = 0;
  DUNLIN_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1);
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3'600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), kMonth);
  X509_set_pubkey(certificate, result.key.get());
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  // Its own authority, so that a client that is given it as one can verify it.
  add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1");
  add_extension(certificate, NID_ext_key_usage, "serverAuth");
  DUNLIN_ASSERT(X509_sign(certificate, result.key.get(), EVP_sha256()) != 0);
  result.names = names_of(certificate);
  return result;
}

std::int64_t not_after_s(const Certificate& certificate) {
  std::tm end{};
  const int read = ASN1_TIME_to_tm(X509_get0_notAfter(certificate.leaf.get()), &end);
  return read == 1 ? ::timegm(&end) : 0;  // Of no form that is allowed: as good as ended.
}

int days_left(const Certificate& certificate) {
  int days = 0;
  int seconds = 0;
  ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate.leaf.get()));
  return seconds < 0 ? days - 1 : days;
}

bool covers(const Certificate& certificate, std::string_view host) {
  const std::size_t dot = host.find('.');
  return std::ranges::any_of(certificate.names, [&](std::string_view name) {
    if (name == host) return true;
    return name.starts_with("*.") && dot != std::string_view::npos && dot > 0 &&
           name.substr(1) == host.substr(dot);
  });
}

}  // namespace tls
