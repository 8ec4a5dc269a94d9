#include "gateway/api/page_guard.h"

#include <algorithm>
#include <string>
#include <vector>

#include "proto/http/field.h"
#include "proto/proxy/ip_address.h"
#include "proto/ws/origin.h"

namespace api {
namespace {

std::string_view without_port(std::string_view host) {
  return host.ends_with(']') ? host : host.substr(0, host.rfind(':'));
}

bool ends_with_ignoring_case(std::string_view text, std::string_view ending) {
  return text.size() >= ending.size() &&
         http::equals_ignoring_case(text.substr(text.size() - ending.size()), ending);
}

// HTTP/1.0 without Host: no browser.
bool is_host_allowed(const config::Api& settings, std::string_view host) {
  if (host.empty() || is_loopback_host(host)) return true;
  const std::string_view name = without_port(host);
  return std::ranges::any_of(settings.hosts, [&](std::string_view allowed) {
    return allowed == "any" || http::equals_ignoring_case(allowed, name);
  });
}

bool is_any_allowed(const config::Api& settings) {
  return std::ranges::find(settings.origins, "any") != settings.origins.end();
}

// Whether this comes from a page, and from none that may. "same-origin" would be a page of ours; of
// "none" there is no page: somebody typed the address.
bool is_foreign_page(const config::Api& settings, const http::RequestHead& head,
                     const RequestFields& fields) {
  if (is_any_allowed(settings)) return false;
  if (!fields.origin.empty()) {
    static const std::vector<std::string> kSame = {"same"};
    return !ws::is_origin_allowed(fields.origin, head.host, settings.origins) &&
           !ws::is_origin_allowed(fields.origin, head.host, kSame);
  }
  return !fields.fetch_site.empty() &&
         !http::equals_ignoring_case(fields.fetch_site, "same-origin") &&
         !http::equals_ignoring_case(fields.fetch_site, "none");
}

}  // namespace

bool is_loopback_host(std::string_view host) {
  static constexpr std::string_view kLocalhost = "localhost";
  std::string_view name = without_port(host);
  if (name.ends_with('.')) name.remove_suffix(1);
  if (http::equals_ignoring_case(name, kLocalhost) || ends_with_ignoring_case(name, ".localhost")) {
    return true;
  }
  const auto endpoint = proxy::parse_endpoint(name);
  return endpoint && endpoint->ip.is_loopback();
}

std::optional<ApiError> check_page(const ApiContext& context, const Route& route,
                                   const http::RequestHead& head, const RequestFields& fields) {
  // A probe asks by whatever address it has; what it learns is no secret.
  if (route.open) return std::nullopt;
  const config::Api& settings = context.config->api;
  const bool has_keys = !context.credentials.open();
  // With client certificates the port speaks TLS: a browser that was led here by another name finds
  // that our certificate is not for that name.
  const bool by_name = !has_keys && settings.client_ca.empty();
  if (by_name && !is_host_allowed(settings, head.host)) {
    return ApiError{.status = 403,
                    .code = "host_forbidden",
                    .message =
                        "without keys, requests must name this machine as localhost or by a "
                        "loopback address in Host; add a key, or the name to api.hosts"};
  }
  // A key that a page has was given to it; that a browser says "cross-site" is reason enough.
  const bool guarded =
      !has_keys || (route.changes && http::equals_ignoring_case(fields.fetch_site, "cross-site"));
  if (guarded && is_foreign_page(settings, head, fields)) {
    return ApiError{.status = 403,
                    .code = "cross_site",
                    .message = "this page may not use the API from a browser; see api.origins"};
  }
  return std::nullopt;
}

}  // namespace api
