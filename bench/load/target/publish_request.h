// Writes whole HTTP requests of one PublishForm into a connection's outgoing bytes.
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

 private:
  void append_head(std::string& out, const Template::Values& values) const;

  const PublishForm& form_;
  std::string fields_;  // Everything between the request line and Content-Length.
  std::string body_;    // Scratch; keeps its memory.
};

}  // namespace load
