#include "bench/load/client/deflate_offer.h"

#include <gtest/gtest.h>

namespace load {
namespace {

struct Row {
  const char* answer;
  bool agrees;
};

// RFC 7692 section 7.1.
const Row kRows[] = {
    {"permessage-deflate; server_no_context_takeover", true},
    {"permessage-deflate; server_no_context_takeover; client_no_context_takeover", true},
    {"permessage-deflate;client_no_context_takeover;server_no_context_takeover", true},
    {"permessage-deflate ; server_no_context_takeover\t; server_max_window_bits = 10", true},
    {"permessage-deflate; server_no_context_takeover; server_max_window_bits=\"15\"", true},
    {"", false},
    {"permessage-deflate", false},  // It would have to remember earlier messages.
    {"permessage-deflate; client_no_context_takeover", false},
    {"permessage-deflate; server_no_context_takeover; client_max_window_bits=10", false},
    {"permessage-deflate; server_no_context_takeover; server_max_window_bits", false},
    {"permessage-deflate; server_no_context_takeover; server_max_window_bits=7", false},
    {"permessage-deflate; server_no_context_takeover; server_max_window_bits=16", false},
    {"permessage-deflate; server_no_context_takeover; server_max_window_bits=08", false},
    {"permessage-deflate; server_no_context_takeover; server_max_window_bits=", false},
    {"permessage-deflate; server_no_context_takeover=1", false},
    {"permessage-deflate; server_no_context_takeover; server_no_context_takeover", false},
    {"permessage-deflate; server_no_context_takeover; x", false},
    {"permessage-deflate; server_no_context_takeover, permessage-deflate", false},
    {"x-webkit-deflate-frame", false},
};

TEST(DeflateOffer, WhatIsAnAnswerToIt) {
  for (const Row& row : kRows) EXPECT_EQ(agrees_to_deflate(row.answer), row.agrees) << row.answer;
}

}  // namespace
}  // namespace load
