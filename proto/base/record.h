// Writing and reading our own binary records: the state of a connection on its way to another
// process. Big-endian integers and counted byte strings.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"  // load_big_endian(), store_big_endian()

namespace dunlin {

template <typename Integer>
void append_integer(std::string& to, Integer value) {
  std::array<std::byte, sizeof(Integer)> bytes;
  store_big_endian(bytes.data(), value);
  to.append(as_string_view(bytes));
}

// Takes values off the front of a string. Once bytes are missing, ok() is false and every further
// value is zero or empty, so that a caller can read a whole record and check once.
class RecordReader {
 public:
  explicit RecordReader(std::string_view& from) : from_(from) {}

  template <typename Integer>
  [[nodiscard]] Integer take_integer() {
    const std::string_view bytes = take_bytes(sizeof(Integer));
    return ok_ ? load_big_endian<Integer>(as_bytes(bytes).data()) : Integer{0};
  }

  [[nodiscard]] std::string_view take_bytes(std::uint64_t size) {
    ok_ = ok_ && size <= from_.size();
    if (!ok_) return {};
    const std::string_view bytes = from_.substr(0, size);
    from_.remove_prefix(size);
    return bytes;
  }

  [[nodiscard]] bool ok() const { return ok_; }

 private:
  std::string_view& from_;
  bool ok_ = true;
};

}  // namespace dunlin
