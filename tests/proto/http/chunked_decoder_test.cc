#include "proto/http/chunked_decoder.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/proto/support/splits.h"

namespace http {
namespace {

using testing_support::Chunks;
using testing_support::for_each_split;

// The data, then what ended it.
std::string decode(const Chunks& chunks, std::uint64_t size_max = 1000) {
  ChunkedDecoder decoder;
  std::string data;
  for (const std::string_view chunk : chunks) {
    testing_support::Block block(chunk);
    dunlin::ConstBytes input = block.bytes();
    for (;;) {
      const auto step = decoder.next(input, size_max - data.size());
      if (const auto* piece = std::get_if<ChunkedDecoder::Chunk>(&step)) {
        data += dunlin::as_string_view(piece->bytes);
      } else if (const auto* error = std::get_if<HttpError>(&step)) {
        return data + " " + std::string(error->code);
      } else if (std::holds_alternative<ChunkedDecoder::End>(step)) {
        return data + " end";
      } else {
        break;
      }
    }
  }
  return data + " more";
}

struct Row {
  std::string wire;
  std::string expected;
};

TEST(ChunkedDecoderTest, TableAtEverySplit) {
  const Row rows[] = {
      {"0\r\n\r\n", " end"},
      {"000\r\n\r\n", " end"},
      {"5\r\nhello\r\n0\r\n\r\n", "hello end"},
      {"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "abc end"},
      {"a\r\n0123456789\r\n0\r\n\r\n", "0123456789 end"},
      {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789 end"},
      {"0000000000000001\r\nx\r\n0\r\n\r\n", "x end"},
      {"2\r\n\r\n\r\n0\r\n\r\n", "\r\n end"},
      {"1;a\r\nx\r\n0\r\n\r\n", "x end"},
      {"1;a=b;c=\"d e\"\r\nx\r\n0;f\r\n\r\n", "x end"},
      {"1;\r\nx\r\n0\r\n\r\n", "x end"},
      {"0\r\nA: b\r\nC:\r\n\r\n", " end"},
      {"", " more"},
      {"5\r\nhel", "hel more"},
      {"0\r\n", " more"},
      {"0\r\n\r", " more"},
      {"\r\n", " bad_chunk"},
      {";a\r\n", " bad_chunk"},
      {"x\r\n", " bad_chunk"},
      {"0x1\r\n", " bad_chunk"},
      {"-1\r\n", " bad_chunk"},
      {"+1\r\n", " bad_chunk"},
      {" 1\r\n", " bad_chunk"},
      {"1 \r\n", " bad_chunk"},
      {"1\n", " bad_chunk"},
      {"1\r\r\n", " bad_chunk"},
      {"1\rx", " bad_chunk"},
      {"1;a\n", " bad_chunk"},
      {std::string("1;\0\r\n", 5), " bad_chunk"},
      {"1\r\nxx", "x bad_chunk"},
      {"1\r\nx\n", "x bad_chunk"},
      {"1\r\nx\rx", "x bad_chunk"},
      {"1\r\nx\r\n\r\n", "x bad_chunk"},
      {"00000000000000001\r\n", " bad_chunk"},
      {"10000000000000000\r\n", " bad_chunk"},
      {"FFFFFFFFFFFFFFFF\r\n", " body_too_large"},
      {"3E8\r\n", " more"},
      {"3E9\r\n", " body_too_large"},
      {"1\r\nx\r\n3E7\r\n", "x more"},
      {"1\r\nx\r\n3E8\r\n", "x body_too_large"},
      {"0\r\n\n", " bad_trailer"},
      {"0\r\n\rx", " bad_chunk"},
      {"0\r\n: b\r\n\r\n", " bad_trailer"},
      {"0\r\nA b: c\r\n\r\n", " bad_trailer"},
      {"0\r\n A: b\r\n\r\n", " bad_trailer"},
      {"0\r\nA\r\n\r\n", " bad_trailer"},
      {"0\r\nA: b\rc\r\n", " bad_trailer"},
      {"0\r\nA: b\nc\r\n", " bad_trailer"},
      {"0\r\nA: b\r\n folded\r\n", " bad_trailer"},
  };
  for (const Row& row : rows) {
    for_each_split(row.wire, [&](const Chunks& chunks) {
      ASSERT_EQ(decode(chunks), row.expected)
          << row.wire << ", " << testing_support::describe(chunks);
    });
  }
}

TEST(ChunkedDecoderTest, WhatFollowsIsLeft) {
  ChunkedDecoder decoder;
  const std::string wire = "0\r\n\r\nGET /";
  dunlin::ConstBytes input = dunlin::as_bytes(wire);
  EXPECT_TRUE(std::holds_alternative<ChunkedDecoder::End>(decoder.next(input, 0)));
  EXPECT_EQ(dunlin::as_string_view(input), "GET /");
}

// Bytes that are not data are bounded over the whole body, or a request could go on for ever.
TEST(ChunkedDecoderTest, ExtensionsAndTrailersAreBounded) {
  const std::string extension(ChunkedDecoder::kExtensionSizeMax, 'x');
  EXPECT_EQ(decode({"1;" + extension + "\r\nx\r\n0\r\n\r\n"}), "x end");
  EXPECT_EQ(decode({"1;" + extension + "x\r\nx\r\n"}), " chunk_extensions_too_large");
  EXPECT_EQ(decode({"1;" + extension + "\r\nx\r\n0;x\r\n"}), "x chunk_extensions_too_large");
  const std::string value(ChunkedDecoder::kTrailerSizeMax - 5, 'v');  // "A:", CR LF, CR.
  EXPECT_EQ(decode({"0\r\nA:" + value + "\r\n\r\n"}), " end");
  EXPECT_EQ(decode({"0\r\nA:" + value + "v\r\n\r\n"}), " trailer_too_large");
}

TEST(ChunkedDecoderTest, ResetStartsAnew) {
  ChunkedDecoder decoder;
  for (int i = 0; i < 2; ++i) {
    const std::string wire = "0;abc\r\nT: v\r\n\r\n";
    dunlin::ConstBytes input = dunlin::as_bytes(wire);
    EXPECT_TRUE(std::holds_alternative<ChunkedDecoder::End>(decoder.next(input, 0)));
    decoder.reset();
  }
}

}  // namespace
}  // namespace http
