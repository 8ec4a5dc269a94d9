// Whose connection it is when a load balancer or an HTTP proxy brings it. Believed are addresses of
// public.trusted_proxies only: everybody can write a header.

#include <sys/socket.h>

#include <cerrno>

#include "gateway/edge/edge.h"
#include "gateway/observe/log.h"

namespace edge {

bool Edge::is_trusted(const net::Address& peer) const {
  return net::has_ip(peer) && proxy::contains(trusted_, net::ip_of(peer));
}

// The first bytes of a connection, before everything else, TLS too. Received is what the header
// needs and nothing behind it. kGoOn: the header is complete. Its deadline is the handshake's.
Edge::Flow Edge::read_proxy_header(Slot slot) {
  Connection& c = connections_[slot];
  proxy::HeaderParser& parser = proxy_headers_[slot];
  for (;;) {
    const ssize_t size = ::recv(c.fd, read_buffer_.get(), parser.needed(), 0);
    if (size == 0) {
      on_peer_end(slot);
      return Flow::kStop;
    }
    if (size < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) end(slot, cross::CloseCause::kLost);
      return Flow::kStop;
    }
    counters_.bytes_in.add(static_cast<std::uint64_t>(size));
    dunlin::ConstBytes input(read_buffer_.get(), static_cast<std::size_t>(size));
    const proxy::HeaderParser::Step step = parser.next(input);
    if (const auto* error = std::get_if<proxy::ProxyError>(&step)) {
      return refuse_proxy_header(slot, *error);
    }
    if (const auto* header = std::get_if<proxy::Header>(&step)) {
      c.awaits_proxy = false;
      c.secure = header->secure;
      const auto source = header->source;
      proxy_headers_.erase(slot);
      // LOCAL: the load balancer's own, such as a health check.
      if (source) become_client(slot, *source);
      const bool refused = c.counted && c.obstacle != Obstacle::kNone;
      return refused && !give_up_place(slot) ? Flow::kStop : Flow::kGoOn;
    }
  }
}

// Whoever speaks here speaks another protocol: there is no answer that it would understand.
Edge::Flow Edge::refuse_proxy_header(Slot slot, proxy::ProxyError error) {
  const net::Address& peer = connections_[slot].peer;
  warn_of(error == proxy::ProxyError::kVersion1
              ? "a PROXY header of version 1 came; the load balancer must send version 2"
              : "a bad PROXY header came",
          peer);
  if (observe::enabled(observe::LogLevel::kDebug)) {
    observe::debug("PROXY header refused",
                   {{"peer", net::to_string(peer)}, {"why", proxy::name_of(error)}});
  }
  counters_.handshakes[cross::HandshakeResult::kProxy].add();
  end(slot, cross::CloseCause::kRefused);
  return Flow::kStop;
}

// From here on the connection is the client's: limits, log and API know it by this address.
void Edge::become_client(Slot slot, const proxy::Endpoint& client) {
  Connection& c = connections_[slot];
  give_back_address(slot);
  c.peer = net::address_of(client);
  c.trusted_peer = is_trusted(c.peer);  // A proxy behind the load balancer.
  if (c.obstacle == Obstacle::kNone && !c.trusted_peer) static_cast<void>(take_address(slot));
}

proxy::Forwarded Edge::read_forwarded(Slot slot) const {
  const Connection& c = connections_[slot];
  if (!c.trusted_peer) return {};
  switch (config_->public_.forwarded) {
    case config::ForwardedField::kXForwardedFor:
      return proxy::read_x_forwarded(c.head->head(), trusted_);
    case config::ForwardedField::kForwarded:
      return proxy::read_forwarded(c.head->head(), trusted_);
    case config::ForwardedField::kNone:
      break;
  }
  return {};
}

}  // namespace edge
