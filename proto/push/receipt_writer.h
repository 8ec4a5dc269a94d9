// A push's answer as JSON, appended to a caller's buffer; allocates nothing when that has room.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "proto/push/push_request.h"

namespace push {

struct ReceiptAnswer {
  std::string_view id;  // Of the message; hexadecimal, needs no escaping.
  bool complete = true;
  Receipt receipt;
  std::span<const std::string> offline;
  std::uint32_t nodes_asked = 1;
  std::uint32_t nodes_answered = 1;
  bool show_acked = false;  // With wait=acked.
};

// {"id":"…","complete":true,"matched":3,"written":2,"queued":1,"conflated":0,"dropped":0,
//  "offline":["77"],"nodes":{"asked":1,"answered":1}}
void append_receipt(std::string& out, const ReceiptAnswer& answer);

// The same members without the braces, for answers that say more.
void append_receipt_members(std::string& out, const ReceiptAnswer& answer);

}  // namespace push
