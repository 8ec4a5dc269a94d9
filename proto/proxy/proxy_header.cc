#include "proto/proxy/proxy_header.h"

#include <algorithm>
#include <array>
#include <boost/crc.hpp>

namespace proxy {
namespace {

using dunlin::ConstBytes;

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::string_view kVersion1 = "PROXY ";

constexpr std::uint8_t kLocal = 0x0;
constexpr std::uint8_t kProxy = 0x1;

// Family and transport. Datagrams cannot have come over the connection that carries the header.
constexpr std::uint8_t kUnspecified = 0x00;
constexpr std::uint8_t kTcp4 = 0x11;
constexpr std::uint8_t kTcp6 = 0x21;
constexpr std::uint8_t kUnixStream = 0x31;

constexpr std::uint8_t kTlvChecksum = 0x03;  // PP2_TYPE_CRC32C
constexpr std::uint8_t kTlvSsl = 0x20;       // PP2_TYPE_SSL
constexpr std::uint8_t kClientSsl = 0x01;    // PP2_CLIENT_SSL

bool shares_beginning(ConstBytes bytes, std::string_view text) {
  const std::size_t size = std::min(bytes.size(), text.size());
  return dunlin::as_string_view(bytes.first(size)) == text.substr(0, size);
}

// Source and destination, one behind the other. Nothing: no such family.
std::optional<std::size_t> addresses_size(std::uint8_t family) {
  switch (family) {
    case kUnspecified:
      return 0;
    case kTcp4:
      return 12;
    case kTcp6:
      return 36;
    case kUnixStream:
      return 216;
    default:
      return std::nullopt;
  }
}

Endpoint read_source(ConstBytes addresses, bool v4) {
  Endpoint source;
  const std::size_t address_size = v4 ? 4 : 16;
  std::array<std::uint8_t, 16> octets{};
  for (std::size_t i = 0; i < address_size; ++i) {
    octets[i] = std::to_integer<std::uint8_t>(addresses[i]);
  }
  source.ip = v4 ? IpAddress::v4(std::span(octets).first<4>()) : IpAddress::v6(octets);
  source.port = dunlin::load_big_endian<std::uint16_t>(addresses.data() + 2 * address_size);
  return source;
}

// Section 2.2.1: over the whole header, with zeros where the checksum stands.
bool checksum_fits(ConstBytes header, ConstBytes checksum) {
  constexpr std::array<std::byte, 4> kZeros{};
  const auto offset = static_cast<std::size_t>(checksum.data() - header.data());
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(header.data(), offset);
  crc.process_bytes(kZeros.data(), kZeros.size());
  crc.process_bytes(checksum.data() + checksum.size(), header.size() - offset - checksum.size());
  return crc.checksum() == dunlin::load_big_endian<std::uint32_t>(checksum.data());
}

std::optional<ProxyError> read_tlvs(ConstBytes header, ConstBytes tlvs, Header& result) {
  bool checked = false;
  while (!tlvs.empty()) {
    if (tlvs.size() < 3) return ProxyError::kTlv;
    const auto type = std::to_integer<std::uint8_t>(tlvs[0]);
    const std::size_t size = dunlin::load_big_endian<std::uint16_t>(tlvs.data() + 1);
    tlvs = tlvs.subspan(3);
    if (size > tlvs.size()) return ProxyError::kTlv;
    const ConstBytes value = dunlin::take_front(tlvs, size);
    if (type == kTlvChecksum) {
      if (checked || size != 4) return ProxyError::kTlv;
      if (!checksum_fits(header, value)) return ProxyError::kChecksum;
      checked = true;
    } else if (type == kTlvSsl) {
      if (size < 5) return ProxyError::kTlv;  // Client flags, and the result of verification.
      result.secure = (std::to_integer<std::uint8_t>(value[0]) & kClientSsl) != 0;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(ProxyError error) {
  switch (error) {
    case ProxyError::kNotProxy:
      return "no_proxy_header";
    case ProxyError::kVersion1:
      return "version_1";
    case ProxyError::kVersion:
      return "bad_version";
    case ProxyError::kCommand:
      return "bad_command";
    case ProxyError::kFamily:
      return "bad_family";
    case ProxyError::kTooLong:
      return "too_long";
    case ProxyError::kAddresses:
      return "short_addresses";
    case ProxyError::kTlv:
      return "bad_tlv";
    case ProxyError::kChecksum:
      return "bad_checksum";
  }
  return "";
}

HeaderParser::Step HeaderParser::next(ConstBytes& input) {
  while (needed() > 0) {
    if (input.empty()) return dunlin::NeedInput{};
    const ConstBytes piece = dunlin::take_front(input, std::min(needed(), input.size()));
    const bool in_fixed = bytes_.size() < kFixedSize;
    bytes_.insert(bytes_.end(), piece.begin(), piece.end());
    if (!in_fixed) continue;
    if (const auto error = check_beginning()) return *error;
    if (bytes_.size() == kFixedSize) {
      if (const auto error = read_fixed()) return *error;
    }
  }
  return read_rest();
}

// As soon as it cannot be the signature any more: who speaks first without one may send little.
std::optional<ProxyError> HeaderParser::check_beginning() const {
  if (shares_beginning(bytes_, kSignature)) return std::nullopt;
  if (!shares_beginning(bytes_, kVersion1)) return ProxyError::kNotProxy;
  if (bytes_.size() < kVersion1.size()) return std::nullopt;
  return ProxyError::kVersion1;
}

std::optional<ProxyError> HeaderParser::read_fixed() {
  const auto version_command = std::to_integer<std::uint8_t>(bytes_[12]);
  if (version_command >> 4 != 2) return ProxyError::kVersion;
  const std::uint8_t command = version_command & 0xF;
  if (command != kLocal && command != kProxy) return ProxyError::kCommand;
  const std::size_t length = dunlin::load_big_endian<std::uint16_t>(&bytes_[14]);
  if (kFixedSize + length > kHeaderSizeMax) return ProxyError::kTooLong;
  size_ = kFixedSize + length;
  if (command == kLocal) return std::nullopt;  // The family is to be ignored.
  const auto addresses = addresses_size(std::to_integer<std::uint8_t>(bytes_[13]));
  if (!addresses) return ProxyError::kFamily;
  if (*addresses > length) return ProxyError::kAddresses;
  return std::nullopt;
}

HeaderParser::Step HeaderParser::read_rest() const {
  Header header;
  // LOCAL: the block is to be discarded, and the connection's own ends hold.
  if ((std::to_integer<std::uint8_t>(bytes_[12]) & 0xF) == kLocal) return header;
  const auto family = std::to_integer<std::uint8_t>(bytes_[13]);
  ConstBytes rest = ConstBytes(bytes_).subspan(kFixedSize);
  const ConstBytes addresses = dunlin::take_front(rest, addresses_size(family).value_or(0));
  if (family == kTcp4 || family == kTcp6) header.source = read_source(addresses, family == kTcp4);
  if (const auto error = read_tlvs(bytes_, rest, header)) return *error;
  return header;
}

}  // namespace proxy
