#include "bench/load/client/handshake_request.h"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <array>
#include <iterator>

#include "bench/load/client/deflate_offer.h"
#include "bench/load/client/ws_wire.h"

namespace load {

std::string handshake_request(const HandshakeFields& fields) {
  std::string request = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\n",
      fields.path, fields.host, fields.key);
  if (!fields.subprotocol.empty()) {
    fmt::format_to(std::back_inserter(request), "Sec-WebSocket-Protocol: {}\r\n",
                   fields.subprotocol);
  }
  if (fields.deflate) {
    fmt::format_to(std::back_inserter(request), "Sec-WebSocket-Extensions: {}\r\n", kDeflateOffer);
  }
  return request += "\r\n";
}

std::string fresh_handshake_key() {
  std::array<unsigned char, 16> nonce{};
  RAND_bytes(nonce.data(), static_cast<int>(nonce.size()));
  return handshake_key(nonce);
}

}  // namespace load
