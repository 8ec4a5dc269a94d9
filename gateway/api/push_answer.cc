#include "gateway/api/push_answer.h"

#include "proto/push/json_text.h"
#include "proto/push/receipt_writer.h"

namespace api {
namespace {

void append_accepted(std::string& body, const cross::IdText& id) {
  body.append(R"({"id":")").append(id.view()).append(R"(","accepted":true})");
}

push::ReceiptAnswer receipt_answer(const cross::IdText& id, const PushAnswerStyle& style,
                                   const PushResult& result) {
  return {.id = id.view(),
          .complete = result.complete,
          .receipt = result.receipt,
          .offline = result.offline,
          .show_acked = style.show_acked};
}

}  // namespace

PushAnswerStyle answer_style(const push::PushRequest& request) {
  return {.only_accepted = request.wait == push::Wait::kNone,
          .show_acked = request.wait == push::Wait::kAcked,
          .single_target =
              (request.uids.size() == 1 || !request.connection.empty()) && request.exclude.empty()};
}

int append_push_answer(std::string& body, const PushAnswerStyle& style, const PushResult& result) {
  if (result.refused) {
    append_error(body, refused_by_shard());
    return 503;
  }
  const cross::IdText id(result.id);
  if (style.only_accepted) {
    append_accepted(body, id);
    return 202;
  }
  const push::ReceiptAnswer answer = receipt_answer(id, style, result);
  if (!style.single_target || result.receipt.matched != 0 || !result.complete) {
    push::append_receipt(body, answer);
    return 200;
  }
  body.push_back('{');
  append_error_member(body, "offline", "nobody is connected there");
  body.push_back(',');
  push::append_receipt_members(body, answer);
  body.push_back('}');
  return 404;
}

void append_push_line(std::string& line, const PushAnswerStyle& style, const PushResult& result,
                      std::uint64_t line_number) {
  if (result.refused) {
    append_error_line(line, refused_by_shard(), line_number);
    return;
  }
  const cross::IdText id(result.id);
  if (style.only_accepted) {
    append_accepted(line, id);
  } else {
    push::append_receipt(line, receipt_answer(id, style, result));
  }
}

void append_error_line(std::string& line, const ApiError& error, std::uint64_t line_number) {
  line.push_back('{');
  append_error_member(line, error.code, error.message, error.path);
  line.append(R"(,"line":)");
  push::append_number(line, line_number);
  line.push_back('}');
}

ApiError refusal(Admission admission) {
  if (admission == Admission::kDraining) {
    return {.status = 503, .code = "draining", .message = "the gateway is going down"};
  }
  if (admission == Admission::kMemoryFull) {
    return {.status = 503,
            .code = "memory_full",
            .message =
                "the gateway holds its maximum of memory and did nothing; try again after a "
                "moment"};
  }
  return refused_by_shard();
}

ApiError refused_by_shard() {
  return {.status = 503,
          .code = "ring_full",
          .message = "the gateway is busy and did nothing; try again after a moment"};
}

}  // namespace api
