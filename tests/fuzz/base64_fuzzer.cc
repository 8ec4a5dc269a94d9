// Base64: whatever is encoded decodes to itself, and whatever decodes is the one way to write it.
#include "proto/push/base64.h"
#include "tests/fuzz/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  std::string text;
  push::append_base64(text, bytes);
  fuzz::require(text.size() == (size + 2) / 3 * 4);
  std::string decoded = "what was there before";
  fuzz::require(push::decode_base64(text, decoded) && decoded == bytes);
  if (!push::decode_base64(bytes, decoded)) return 0;
  std::string again;
  push::append_base64(again, decoded);
  fuzz::require(again == bytes);
  return 0;
}
