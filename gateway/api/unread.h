// Input that was received but may not be taken yet. It can be taken from where it is kept: what is
// left over then stays without being copied again.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "proto/push/padded_text.h"

namespace api {

class Unread {
 public:
  [[nodiscard]] bool empty() const { return at_ == bytes_.size(); }
  // With push::kPadding readable bytes behind it.
  [[nodiscard]] std::string_view view() const { return std::string_view(bytes_).substr(at_); }

  // Keeps `rest`: the end of view(), or other bytes when nothing is kept.
  void keep(std::string_view rest) {
    if (rest.empty()) {
      clear();
    } else if (is_within(rest)) {
      at_ = static_cast<std::size_t>(rest.data() - bytes_.data());
    } else {
      bytes_.reserve(rest.size() + push::kPadding);
      bytes_.assign(rest);
      at_ = 0;
    }
  }

  // Gives the memory back: what waits is rare.
  void clear() {
    std::string().swap(bytes_);  // An assignment would keep it.
    at_ = 0;
  }

 private:
  [[nodiscard]] bool is_within(std::string_view rest) const {
    return std::less_equal<>()(bytes_.data(), rest.data()) &&
           std::less<>()(rest.data(), bytes_.data() + bytes_.size());
  }

  std::string bytes_;
  std::size_t at_ = 0;
};

}  // namespace api
