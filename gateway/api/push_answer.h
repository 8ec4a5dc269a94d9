// What a push is answered with: status and body, from what became of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/api/api_error.h"
#include "gateway/api/dispatcher.h"
#include "proto/push/push_request.h"

namespace api {

// What of the request the answer depends on.
struct PushAnswerStyle {
  bool only_accepted = false;  // wait=none: 202, and nothing is known but the id.
  bool show_acked = false;     // wait=acked.
  bool single_target = false;  // A uid or a connection: 404 when nobody is there.
};

[[nodiscard]] PushAnswerStyle answer_style(const push::PushRequest& request);

// Appends the body and returns the status.
int append_push_answer(std::string& body, const PushAnswerStyle& style, const PushResult& result);

// As a line of a stream, where an offline user is no error: the receipt says it.
void append_push_line(std::string& line, const PushAnswerStyle& style, const PushResult& result,
                      std::uint64_t line_number);

// {"error":{…},"line":7}
void append_error_line(std::string& line, const ApiError& error, std::uint64_t line_number);

[[nodiscard]] ApiError refusal(Admission admission);
[[nodiscard]] ApiError refused_by_shard();  // PushResult::refused.

// Goes with every 503.
inline constexpr std::string_view kRetryAfter = "Retry-After: 1\r\n";

}  // namespace api
