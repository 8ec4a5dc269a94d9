// One line on a terminal that says what is going on; silent where stderr is none.
//
// Owner: main.   Thread: one.   Bound: kLineSizeMax columns.
#pragma once

#include <cstddef>
#include <string_view>

namespace load {

class Progress {
 public:
  Progress();
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  [[nodiscard]] bool is_visible() const { return visible_; }
  void show(std::string_view line);
  void clear();

 private:
  static constexpr std::size_t kLineSizeMax = 110;

  const bool visible_;
  bool shown_ = false;
};

}  // namespace load
