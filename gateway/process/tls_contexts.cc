#include "gateway/process/tls_contexts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <string_view>
#include <utility>

#include "gateway/observe/log.h"

namespace process {
namespace {

using Certificates = std::vector<std::shared_ptr<const tls::Certificate>>;

constexpr int kExpiresSoonDays = 14;

std::unexpected<config::Finding> fault(std::string_view setting, std::string what) {
  return std::unexpected(config::Finding{std::string(setting), std::move(what), {}});
}

std::expected<Certificates, config::Finding> read_certificates(const config::Tls& settings,
                                                               const TlsContexts& earlier) {
  if (settings.self_signed) {
    if (!earlier.certificates.empty()) return earlier.certificates;
    return Certificates{std::make_shared<const tls::Certificate>(tls::make_self_signed())};
  }
  Certificates certificates;
  for (std::size_t i = 0; i < settings.certificates.size(); ++i) {
    const std::string key = settings.keys.empty() ? std::string() : settings.keys[i];
    auto read = tls::read_certificate(settings.certificates[i], key);
    if (!read) {
      const bool of_key = !key.empty() && read.error().starts_with(key + ":");
      return fault(of_key ? "tls.keys" : "tls.certificates", std::move(read.error()));
    }
    certificates.push_back(std::make_shared<const tls::Certificate>(std::move(*read)));
  }
  return certificates;
}

// `certificates` are those of `settings`.
observe::CertificateEnds ends_of(const Certificates& certificates, const config::Tls& settings) {
  observe::CertificateEnds ends;
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    const std::vector<std::string>& names = certificates[i]->names;
    const std::string file = settings.self_signed ? "self-signed" : settings.certificates[i];
    ends.push_back({.file = file,
                    .name = names.empty() ? std::string() : names.front(),
                    .not_after_s = tls::not_after_s(*certificates[i])});
  }
  return ends;
}

}  // namespace

std::expected<TlsContexts, config::Finding> make_tls_contexts(const config::Config& config,
                                                              const TlsContexts& earlier) {
  TlsContexts contexts;
  if (!config.public_.tls && !config.api.tls) return contexts;
  auto certificates = read_certificates(config.tls, earlier);
  if (!certificates) return std::unexpected(certificates.error());
  contexts.certificates = std::move(*certificates);
  contexts.ends =
      std::make_shared<const observe::CertificateEnds>(ends_of(contexts.certificates, config.tls));
  tls::Settings settings{.certificates = contexts.certificates,
                         .tls13_only = config.tls.min_version == config::TlsVersion::k13,
                         .session_tickets = config.tls.session_tickets,
                         .session_timeout_s = config.tls.session_timeout_ms / 1'000,
                         .client_ca_file = {}};
  if (config.public_.tls) {
    auto made = tls::Context::make(settings);
    if (!made) return fault("tls.certificates", std::move(made.error()));
    contexts.public_ = std::move(*made);
  }
  if (config.api.tls) {
    settings.client_ca_file = config.api.client_ca;
    auto made = tls::Context::make(settings);
    if (!made) {
      const bool authority = !settings.client_ca_file.empty();
      return fault(authority ? "api.client_ca" : "tls.certificates", std::move(made.error()));
    }
    contexts.api = std::move(*made);
  }
  return contexts;
}

void log_certificates(const TlsContexts& contexts) {
  for (std::size_t i = 0; i < contexts.certificates.size(); ++i) {
    const tls::Certificate& certificate = *contexts.certificates[i];
    const int days = tls::days_left(certificate);
    const std::string names = fmt::format("{}", fmt::join(certificate.names, " "));
    const std::string& file = (*contexts.ends)[i].file;
    if (days < kExpiresSoonDays) {
      observe::warn("a certificate ends soon, or has ended",
                    {{"file", file}, {"names", names}, {"days_left", days}});
    } else {
      observe::info("certificate", {{"file", file}, {"names", names}, {"days_left", days}});
    }
  }
}

}  // namespace process
