// A session's record from another process: whatever it says, the session loaded from it keeps its
// bounds, and saves and loads again to the same.
#include "proto/ws/session.h"
#include "tests/fuzz/pieces.h"

namespace {

void feed(ws::Session& session, std::string_view text) {
  static ws::Inflater inflater;
  const auto bytes = dunlin::as_bytes(text);
  fuzz::Piece piece(bytes.begin(), bytes.end());
  dunlin::Bytes input = piece;
  for (int step = 0; step < 10000; ++step) {
    const ws::Event event = session.next(input, &inflater);
    if (std::holds_alternative<ws::NeedInput>(event)) return;
  }
  fuzz::require(false);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view from = dunlin::as_string_view(std::as_bytes(std::span(data, size)));
  auto session = ws::Session::load(from);
  if (!session) return 0;
  std::string record;
  session->save(record);
  std::string_view again_from = record;
  auto again = ws::Session::load(again_from);
  fuzz::require(again && again_from.empty() && again->buffered_size() == session->buffered_size());
  feed(*session, from);
  return 0;
}
