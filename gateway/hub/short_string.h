// A string in 16 bytes: up to 15 characters in place (most uids), longer ones on the heap. There is
// one for each connection, which is why it is not a std::string of 32.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace hub {

class ShortString {
 public:
  ShortString() = default;
  explicit ShortString(std::string_view text) {
    if (text.size() <= kInPlaceMax) {
      if (!text.empty()) std::memcpy(bytes_, text.data(), text.size());
      bytes_[kInPlaceMax] = static_cast<char>(text.size());
      return;
    }
    char* heap = new char[text.size()];
    std::memcpy(heap, text.data(), text.size());
    const auto size = static_cast<std::uint32_t>(text.size());
    std::memcpy(bytes_, static_cast<const void*>(&heap), sizeof heap);
    std::memcpy(bytes_ + sizeof heap, &size, sizeof size);
    bytes_[kInPlaceMax] = kOnHeap;
  }
  ShortString(const ShortString&) = delete;
  ShortString(ShortString&& other) noexcept { swap(other); }
  ShortString& operator=(ShortString other) noexcept {
    swap(other);
    return *this;
  }
  ~ShortString() {
    if (bytes_[kInPlaceMax] == kOnHeap) delete[] heap();
  }

  [[nodiscard]] std::string_view view() const {
    if (bytes_[kInPlaceMax] != kOnHeap) {
      return {bytes_, static_cast<std::size_t>(bytes_[kInPlaceMax])};
    }
    std::uint32_t size = 0;
    std::memcpy(&size, bytes_ + sizeof(char*), sizeof size);
    return {heap(), size};
  }
  [[nodiscard]] bool empty() const { return view().empty(); }

 private:
  static constexpr std::size_t kInPlaceMax = 15;
  static constexpr char kOnHeap = 127;

  [[nodiscard]] char* heap() const {
    char* pointer = nullptr;
    std::memcpy(static_cast<void*>(&pointer), bytes_, sizeof pointer);
    return pointer;
  }
  void swap(ShortString& other) noexcept {
    char copy[sizeof bytes_];
    std::memcpy(copy, bytes_, sizeof bytes_);
    std::memcpy(bytes_, other.bytes_, sizeof bytes_);
    std::memcpy(other.bytes_, copy, sizeof bytes_);
  }

  alignas(8) char bytes_[kInPlaceMax + 1] = {};  // The last byte: the size in place, or kOnHeap.
};
static_assert(sizeof(ShortString) == 16);

}  // namespace hub
