// HTTP/1.x requests from a byte stream (RFC 9112): bytes in, steps out. For the opening handshake
// of WebSocket and for the internal API: keep-alive, pipelining, bodies of any size in pieces. Does
// no I/O, reads no clock. Refuses what is malformed or ambiguous, and repairs nothing.
//
// Every byte of a head is looked at once when it arrives (head_guard.h: line ends, control
// characters, sizes), and once more by llhttp when the head is complete. A head that only repeats
// the one before it is compared instead (head_memo.h). Nothing is ever rescanned.
//
// Owner: edge's and api's connections.   Thread: their shard's.   Bound: head_size_max bytes and
// header_count_max fields, kept and reused for the next request; never any body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "proto/base/bytes.h"            // ConstBytes, NeedInput
#include "proto/http/chunked_decoder.h"  // ChunkedDecoder
#include "proto/http/head_guard.h"       // HeadGuard, Limits
#include "proto/http/head_memo.h"        // HeadMemo
#include "proto/http/http_error.h"       // HttpError
#include "proto/http/request_head.h"     // RequestHead

namespace http {

using dunlin::ConstBytes;
using dunlin::NeedInput;

struct HeadComplete {
  // The same head as that of the request before, but perhaps for its Content-Length: what was
  // concluded from the others of its fields still holds, views of them too.
  bool repeated = false;
};
struct Body {
  ConstBytes bytes;  // Never empty; inside the caller's input.
};
struct RequestComplete {};

using Step = std::variant<NeedInput, HeadComplete, Body, RequestComplete, HttpError>;

class RequestParser {
 public:
  explicit RequestParser(const Limits& limits) : limits_(limits), guard_(limits) {}

  // head() points into this object.
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Takes bytes off the front of `input` up to the next step. Call until it returns NeedInput. What
  // follows a request (the next one, or WebSocket frames) stays in `input`. How the stream was cut
  // into calls changes nothing but the number of Body steps. An HttpError is final: every later
  // call returns it again.
  [[nodiscard]] Step next(ConstBytes& input);

  // Valid from HeadComplete until the first byte of the next request is taken, or beyond its
  // HeadComplete if that says `repeated`.
  [[nodiscard]] const RequestHead& head() const { return head_; }

  // A route may allow less or more than Limits say; only right after HeadComplete, for this
  // request.
  void set_body_size_max(std::uint64_t body_size_max) { body_size_max_ = body_size_max; }

  // Bytes of a head that are kept.
  [[nodiscard]] std::size_t buffered_size() const { return head_bytes_.size(); }

  // Between requests: no byte of a next one was seen, but perhaps an empty line.
  [[nodiscard]] bool idle() const { return state_ == State::kHead && guard_.blank(); }

 private:
  enum class State : std::uint8_t { kHead, kBodyBegin, kIdentity, kChunked, kFailed };

  Step read_head(ConstBytes& input);
  bool take_repeated_head(ConstBytes& input);
  void begin_request();
  Step begin_body(ConstBytes& input);
  Step read_identity(ConstBytes& input);
  Step read_chunked(ConstBytes& input);
  Step complete();
  Step fail(const HttpError& error);

  Limits limits_;
  HeadGuard guard_;
  HeadMemo memo_;
  bool kept_alive_ = false;  // This is not the first request: it may pay to learn its head.
  State state_ = State::kHead;
  std::string head_bytes_;       // The head as received; head_ points into it.
  std::vector<Header> headers_;  // Points into head_bytes_.
  RequestHead head_;
  std::uint64_t body_size_max_ = 0;
  std::uint64_t body_left_ = 0;  // Identity: what is to come.  Chunked: what may still come.
  ChunkedDecoder chunked_;
  HttpError error_{};  // Meaningful only in kFailed.
};

}  // namespace http
