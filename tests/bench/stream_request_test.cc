#include <gtest/gtest.h>

#include <string>

#include "bench/load/target/publish_request.h"

namespace load {
namespace {

TEST(StreamRequest, IsAHeadThenChunksOfLinesThenAnEnd) {
  const PublishForm form{.method = "POST",
                         .path = Template("/v1/push"),
                         .content_type = "application/x-ndjson",
                         .body = Template("{uid}={text}"),
                         .is_batch = true};
  PublishRequest request(form, "h:1", "X-Key: k");
  std::string out;
  request.append_stream_head_to(out);
  EXPECT_EQ(out,
            "POST /v1/push HTTP/1.1\r\nHost: h:1\r\nContent-Type: application/x-ndjson\r\n"
            "X-Key: k\r\nTransfer-Encoding: chunked\r\n\r\n");
  out.clear();
  request.add_line({.uid = "1", .text = "a", .channel = {}});
  request.add_line({.uid = "22", .text = "bcdefghijk", .channel = {}});
  request.append_chunk_to(out);
  EXPECT_EQ(out, "12\r\n1=a\n22=bcdefghijk\n\r\n");  // 18 bytes, in hexadecimal.

  out.clear();
  request.append_chunk_to(out);
  EXPECT_EQ(out, "") << "an empty chunk would be the end";
  PublishRequest::append_stream_end_to(out);
  EXPECT_EQ(out, "0\r\n\r\n");
}

}  // namespace
}  // namespace load
