#include "proto/proxy/forwarded.h"

#include <algorithm>
#include <array>
#include <ranges>
#include <utility>

#include "proto/http/field.h"
#include "proto/http/target.h"

namespace proxy {
namespace {

// One hop, as its proxy told it.
struct Hop {
  std::optional<Endpoint> from;
  std::string_view host;
  std::string_view proto;
};

// The client's own hop: the rightmost from an address that is not trusted, or the leftmost of those
// that are. Give it the hops from right to left; false: no other is wanted.
class ClientSearch {
 public:
  explicit ClientSearch(std::span<const Network> trusted) : trusted_(trusted) {}

  bool add(const Hop& hop) {
    if (!hop.from || ++count_ > kHopsMax) return false;
    client_ = hop;
    return contains(trusted_, hop.from->ip);
  }
  [[nodiscard]] const Hop& client() const { return client_; }

 private:
  std::span<const Network> trusted_;
  std::size_t count_ = 0;
  Hop client_;
};

bool is_secure(std::string_view proto) {
  return http::equals_ignoring_case(proto, "https") || http::equals_ignoring_case(proto, "wss");
}

std::string_view valid_host(std::string_view host) {
  return http::is_valid_authority(host) ? host : std::string_view();
}

// The rightmost element of all fields of that name.
std::string_view last_element(const http::RequestHead& head, std::string_view name) {
  for (const http::Header& header : std::views::reverse(head.headers)) {
    if (header.name != name) continue;
    return http::trim(header.value.substr(header.value.rfind(',') + 1));  // npos + 1 is 0.
  }
  return {};
}

// Where the first part of `text` ends: at a delimiter outside of quoted strings (RFC 9110 5.6.4),
// or at its end. npos: a quoted string does not end.
std::size_t end_of_part(std::string_view text, char delimiter) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == delimiter && !quoted) return i;
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == '\\' && quoted) ++i;  // The next byte stands for itself.
  }
  return quoted ? text.npos : text.size();
}

// The elements of a list in which quoted strings may hold commas, the last kHopsMax of them.
class QuotedList {
 public:
  // False: a quoted string does not end.
  bool split(std::string_view value) {
    for (;;) {
      const std::size_t end = end_of_part(value, ',');
      if (end == value.npos) return false;
      elements_[count_++ % kHopsMax] = value.substr(0, end);
      if (end == value.size()) return true;
      value.remove_prefix(end + 1);
    }
  }

  [[nodiscard]] std::size_t size() const { return std::min(count_, kHopsMax); }
  [[nodiscard]] std::string_view from_right(std::size_t index) const {
    return elements_[(count_ - 1 - index) % kHopsMax];
  }

 private:
  std::array<std::string_view, kHopsMax> elements_;
  std::size_t count_ = 0;
};

// Escapes are left in: no address, host or scheme has one.
std::string_view unquoted(std::string_view text) {
  if (text.size() < 2 || !text.starts_with('"') || !text.ends_with('"')) return text;
  return text.substr(1, text.size() - 2);
}

// RFC 7239 section 4: for=192.0.2.1;proto=https;host=example.com, in any order, each at most once.
Hop read_hop(std::string_view element) {
  Hop hop;
  bool named = false;
  while (!element.empty()) {
    const std::size_t end = end_of_part(element, ';');
    if (end == element.npos) return {};
    const std::string_view pair = http::trim(element.substr(0, end));
    element.remove_prefix(std::min(end + 1, element.size()));
    const std::size_t equals = pair.find('=');
    if (equals == pair.npos) continue;
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value = unquoted(pair.substr(equals + 1));
    if (http::equals_ignoring_case(name, "for")) {
      if (std::exchange(named, true)) return {};
      hop.from = parse_endpoint(value);
    } else if (http::equals_ignoring_case(name, "host")) {
      hop.host = value;
    } else if (http::equals_ignoring_case(name, "proto")) {
      hop.proto = value;
    }
  }
  return hop;
}

// Whether the list goes on to the left of this field.
bool search_for(std::string_view value, ClientSearch& search) {
  for (;;) {
    const std::size_t comma = value.rfind(',');
    const std::string_view element = http::trim(value.substr(comma + 1));
    if (!search.add({.from = parse_endpoint(element), .host = {}, .proto = {}})) return false;
    if (comma == value.npos) return true;
    value = value.substr(0, comma);
  }
}

bool search_forwarded(std::string_view value, ClientSearch& search) {
  QuotedList list;
  if (!list.split(value)) return false;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!search.add(read_hop(list.from_right(i)))) return false;
  }
  return true;
}

// All fields of one name make up one list (RFC 9110 5.3), read from its end.
template <typename SearchField>
Hop find_client(const http::RequestHead& head, std::string_view name,
                std::span<const Network> trusted, SearchField search_field) {
  ClientSearch search(trusted);
  for (const http::Header& header : std::views::reverse(head.headers)) {
    if (header.name == name && !search_field(header.value, search)) break;
  }
  return search.client();
}

}  // namespace

Forwarded read_x_forwarded(const http::RequestHead& head, std::span<const Network> trusted) {
  const Hop client = find_client(head, "x-forwarded-for", trusted, search_for);
  return {.client = client.from,
          .host = valid_host(last_element(head, "x-forwarded-host")),
          .secure = is_secure(last_element(head, "x-forwarded-proto"))};
}

Forwarded read_forwarded(const http::RequestHead& head, std::span<const Network> trusted) {
  const Hop client = find_client(head, "forwarded", trusted, search_forwarded);
  return {
      .client = client.from, .host = valid_host(client.host), .secure = is_secure(client.proto)};
}

}  // namespace proxy
