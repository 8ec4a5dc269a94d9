// The PROXY protocol, version 2: what a load balancer sends ahead of a connection's own bytes to
// tell whose connection it is ("The PROXY protocol", haproxy.org, section 2.2). Bytes in, one
// Header or one ProxyError out. Does no I/O; whether the sender may be believed is the owner's
// business.
//
//   | signature 12 | version, command 1 | family 1 | length 2 | addresses | TLVs |
//   |<------------- kFixedSize = 16 ---------------------->|<---- length ---->|
//
// Version 1, the text form, is recognised and refused.
//
// Owner: edge, during the handshake.   Thread: its shard's.   Bound: kHeaderSizeMax bytes, kept
// until the header is whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/proxy/ip_address.h"

namespace proxy {

// The specification asks for 536 at least; TLVs with the names of certificates take more.
inline constexpr std::size_t kHeaderSizeMax = 2'048;

enum class ProxyError : std::uint8_t {
  kNotProxy,   // Something else: a client that came without the load balancer.
  kVersion1,   // The text form.
  kVersion,    // Not 2.
  kCommand,    // Neither LOCAL nor PROXY.
  kFamily,     // Not a stream of a family we know.
  kTooLong,    // Over kHeaderSizeMax.
  kAddresses,  // No room for the addresses that the family says are there.
  kTlv,        // A TLV goes beyond the header, or one that must stand alone is repeated.
  kChecksum,   // The CRC32c does not fit.
};

// Stable, for logs.
[[nodiscard]] std::string_view name_of(ProxyError error);

struct Header {
  std::optional<Endpoint> source;  // Nothing: LOCAL (a health check) or a family without IP.
  bool secure = false;             // The client speaks TLS to the load balancer (PP2_TYPE_SSL).
};

class HeaderParser {
 public:
  using Step = std::variant<dunlin::NeedInput, Header, ProxyError>;

  // Takes bytes off the front of `input`, and none that follow the header. How the stream was cut
  // into calls changes nothing. Header and ProxyError are final: not to be called again.
  [[nodiscard]] Step next(dunlin::ConstBytes& input);

  // How many bytes can be received without touching what follows the header. Never 0 before the
  // final step.
  [[nodiscard]] std::size_t needed() const { return size_ - bytes_.size(); }

 private:
  static constexpr std::size_t kFixedSize = 16;

  [[nodiscard]] std::optional<ProxyError> check_beginning() const;
  [[nodiscard]] std::optional<ProxyError> read_fixed();
  [[nodiscard]] Step read_rest() const;

  std::vector<std::byte> bytes_;
  std::size_t size_ = kFixedSize;  // Of the header, once its length is known.
};

}  // namespace proxy
