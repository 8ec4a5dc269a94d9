#include "proto/ws/violation.h"

namespace ws {
namespace {

struct Rule {
  CloseCode close_code;
  std::string_view section;
  std::string_view name;
};

constexpr Rule rule_of(Violation violation) {
  switch (violation) {
    case Violation::kReservedBit:
      return {CloseCode::kProtocolError, "5.2", "reserved_bit"};
    case Violation::kReservedOpcode:
      return {CloseCode::kProtocolError, "5.2", "reserved_opcode"};
    case Violation::kUnmasked:
      return {CloseCode::kProtocolError, "5.1", "unmasked"};
    case Violation::kControlFragmented:
      return {CloseCode::kProtocolError, "5.5", "control_fragmented"};
    case Violation::kControlTooLong:
      return {CloseCode::kProtocolError, "5.5", "control_too_long"};
    case Violation::kLengthNotMinimal:
      return {CloseCode::kProtocolError, "5.2", "length_not_minimal"};
    case Violation::kLengthTopBit:
      return {CloseCode::kProtocolError, "5.2", "length_top_bit"};
    case Violation::kFrameTooBig:
      return {CloseCode::kMessageTooBig, "10.4", "frame_too_big"};
    case Violation::kMessageTooBig:
      return {CloseCode::kMessageTooBig, "10.4", "message_too_big"};
    case Violation::kContinuationUnexpected:
      return {CloseCode::kProtocolError, "5.4", "continuation_unexpected"};
    case Violation::kContinuationExpected:
      return {CloseCode::kProtocolError, "5.4", "continuation_expected"};
    case Violation::kInvalidUtf8:
      return {CloseCode::kInvalidPayload, "8.1", "invalid_utf8"};
    case Violation::kClosePayloadSize:
      return {CloseCode::kProtocolError, "5.5.1", "close_payload_size"};
    case Violation::kCloseCode:
      return {CloseCode::kProtocolError, "7.4", "close_code"};
    case Violation::kCloseReasonUtf8:
      return {CloseCode::kInvalidPayload, "5.5.1", "close_reason_utf8"};
    case Violation::kInflatedTooBig:
      return {CloseCode::kMessageTooBig, "10.4", "inflated_too_big"};
    case Violation::kDeflateCorrupt:
      return {CloseCode::kInvalidPayload, "RFC 7692 7.2.2", "deflate_corrupt"};
    case Violation::kDeflateBlocks:
      return {CloseCode::kPolicyViolation, "10.4", "deflate_blocks"};
  }
  return {CloseCode::kProtocolError, "", "unknown"};
}

static_assert(rule_of(static_cast<Violation>(kViolationCount - 1)).name != "unknown");
static_assert(rule_of(static_cast<Violation>(kViolationCount)).name == "unknown");

}  // namespace

CloseCode close_code_for(Violation violation) { return rule_of(violation).close_code; }
std::string_view section_of(Violation violation) { return rule_of(violation).section; }
std::string_view name_of(Violation violation) { return rule_of(violation).name; }

}  // namespace ws
