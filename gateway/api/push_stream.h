// An NDJSON request: one push a line, of any length, answered line by line in order. Lines are
// taken as they arrive while few enough are under way and the answers leave; what may not be taken
// yet is kept, and the connection reads no more until it is.
//
// Owner: Connection, from the request's head until its last line is taken.   Thread: its shard's.
// Bound: kLinesMax lines under way; one receive buffer of lines kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/api/answer_queue.h"
#include "gateway/api/api_context.h"
#include "gateway/api/line_splitter.h"
#include "gateway/api/saved_push.h"
#include "gateway/api/unread.h"

namespace api {

class PushStream {
 public:
  // Enough that the shards have work while answers travel; few enough that a stream that is not
  // read holds little.
  static constexpr std::size_t kLinesMax = 1'024;

  // `connection` without its request. `chunked`: the answer is.
  PushStream(ApiContext& context, AnswerQueue& answers, ReplyTo connection, bool chunked);

  // Body bytes, with push::kPadding readable bytes behind them. Only while not busy().
  void feed(std::string_view bytes);
  // The body is complete.
  void end();
  // It never will be: says so in a last line, and drops what is kept.
  void end_early(const ApiError& error);

  // Goes on where it stopped, if that is possible.
  void run();
  // Waits for answers to leave, for a claim or for room; nothing may be fed.
  [[nodiscard]] bool busy() const { return claiming_ || stalled_ || !unread_.empty() || ending_; }
  [[nodiscard]] bool can_run() const;
  // Every line is taken and the end announced: this object is not needed any more.
  [[nodiscard]] bool done() const { return done_; }

  // A shard had no room for a line, which is tried again.
  [[nodiscard]] bool stalled() const { return stalled_.has_value(); }
  [[nodiscard]] std::size_t held_bytes() const {
    return splitter_.held_bytes() + unread_.view().size();
  }
  void allow_retry() { may_retry_ = true; }

  void on_claim_decided() { claiming_ = false; }

 private:
  struct Stalled {
    SavedPush push;
    std::uint64_t fingerprint;
    std::uint64_t serial;
  };

  [[nodiscard]] bool may_take() const;
  void take_lines(std::string_view bytes);
  void take(const LineSplitter::Line& line);
  void submit(const push::PushRequest& request, std::uint64_t fingerprint, std::uint64_t serial);
  std::uint64_t open_line(std::uint64_t number);
  void refuse(std::uint64_t serial, const ApiError& error);
  void announce_end();

  ApiContext& context_;
  AnswerQueue& answers_;
  const ReplyTo connection_;
  const bool chunked_;
  LineSplitter splitter_;
  Unread unread_;
  std::optional<Stalled> stalled_;
  bool may_retry_ = false;
  bool claiming_ = false;
  bool ending_ = false;  // end() was called.
  bool done_ = false;
  std::uint64_t next_number_ = 1;  // Of the line that would come next.
};

}  // namespace api
