// Writes whole HTTP requests of one PublishForm into a connection's outgoing bytes. What is put
// into a JSON body is escaped as JSON wants it.
//
// Owner: a publisher.   Thread: its worker's.   Bound: none of its own.
#pragma once

#include <string>
#include <string_view>

#include "bench/load/target/profile.h"

namespace load {

class PublishRequest {
 public:
  // `extra_header` is a whole field line without its end, such as "Authorization: Bearer x".
  PublishRequest(const PublishForm& form, std::string_view host, std::string_view extra_header);

  void append_to(std::string& out, const Template::Values& values);

  // A batch: any number of lines, then the request that carries them. Returns without writing when
  // no line was added.
  void add_line(const Template::Values& values);
  void append_batch_to(std::string& out);

  // A request that is still being sent while it is answered: its head, then the lines that were
  // added since as one chunk, whenever there are any, then its end.
  void append_stream_head_to(std::string& out) const;
  void append_chunk_to(std::string& out);
  static void append_stream_end_to(std::string& out) { out += "0\r\n\r\n"; }

 private:
  void append_body(const Template::Values& values);
  void append_head(std::string& out, const Template::Values& values) const;
  void append_head_begin(std::string& out, const Template::Values& values) const;

  const PublishForm& form_;
  const bool is_json_;
  std::string fields_;  // Everything between the request line and Content-Length.
  std::string body_;    // Scratch, as escaped_; keeps its memory.
  std::string escaped_;
};

}  // namespace load
