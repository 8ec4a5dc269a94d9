// The record layer of TLS 1.3: whatever a peer that has the keys says, and however it is cut, the
// plaintext, the end and the fault are the same; only data that was sealed as such comes out; one
// fault is told by one alert, and nothing of it comes from bytes that were not sealed.
#include <algorithm>
#include <array>

#include "tests/fuzz/pieces.h"
#include "tests/gateway/tls/record_peer.h"

namespace {

using testing_support::Outcome;
using testing_support::RecordPeer;
using testing_support::Type;

constexpr std::array<std::uint32_t, 3> kSuites{0x1301, 0x1302, 0x1303};
constexpr std::size_t kStepsMax = 200;

struct Script {
  std::vector<std::byte> wire;
  std::string data;  // That is the most that may come out.
};

// Each step is three bytes: what, with what, and how much of the rest.
Script write_script(RecordPeer& peer, std::span<const std::uint8_t> bytes) {
  Script script;
  for (std::size_t step = 0; bytes.size() >= 3 && step < kStepsMax; ++step) {
    const std::uint8_t what = bytes[0];
    const std::size_t padding = bytes[1];
    const std::size_t size = std::min<std::size_t>(bytes[2], bytes.size() - 3);
    const std::string content(bytes.begin() + 3,
                              bytes.begin() + 3 + static_cast<std::ptrdiff_t>(size));
    bytes = bytes.subspan(3 + size);
    std::vector<std::byte> piece;
    switch (what % 8) {
      case 0:
        piece = testing_support::from_hex("170303");
        for (const char c : content) piece.push_back(static_cast<std::byte>(c));
        break;
      case 1:
        for (const char c : content) piece.push_back(static_cast<std::byte>(c));
        break;
      case 2:
        piece = peer.seal(static_cast<Type>(what / 8), content, padding);
        break;
      case 3:
        piece = peer.seal(Type::kHandshake, content, padding);
        break;
      case 4:
        piece = peer.seal(Type::kAlert, content, padding);
        break;
      case 5:
        piece = peer.key_update(padding % 2 == 0);
        break;
      case 6:
        peer.renew_client_key();
        break;
      default:
        piece = peer.seal(Type::kData, content, padding * 64);
        break;
    }
    // Sealed as data by cases 2 and 7 alone.
    if (what % 8 == 7 || (what % 8 == 2 && what / 8 == static_cast<int>(Type::kData))) {
      script.data += content;
    }
    script.wire.insert(script.wire.end(), piece.begin(), piece.end());
  }
  return script;
}

Outcome run(tls::Records records, std::span<const std::byte> wire, std::size_t step) {
  Outcome outcome;
  while (!wire.empty()) {
    const auto part = wire.first(std::min(step, wire.size()));
    const std::vector<std::byte> exact(part.begin(), part.end());
    outcome.add(records, exact);
    wire = wire.subspan(part.size());
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  RecordPeer peer(kSuites[data[0] % kSuites.size()]);
  if (data[0] >= 128) peer.record_max = 512;
  tls::Records records = peer.make_records();
  const Script script = write_script(peer, {data + 2, size - 2});
  const Outcome whole = run(tls::Records(peer.secrets), script.wire, script.wire.size());
  const Outcome parts = run(tls::Records(peer.secrets), script.wire, 1U + data[1]);
  fuzz::require(whole.plain == parts.plain && whole.ended == parts.ended &&
                whole.failure == parts.failure);
  fuzz::require(script.data.starts_with(dunlin::as_string_view(whole.plain)));
  if (!whole.failure.empty()) {
    fuzz::require(!whole.ended);
    fuzz::require(peer.open_alert(whole.answers) >= 0);
  }
  return 0;
}
