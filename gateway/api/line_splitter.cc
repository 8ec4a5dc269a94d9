#include "gateway/api/line_splitter.h"

namespace api {
namespace {

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

LineSplitter::Step LineSplitter::next(std::string_view& input) {
  while (!input.empty()) {
    if (clear_partial_) partial_.clear();
    clear_partial_ = false;
    const std::size_t end = input.find('\n');
    const bool complete = end != std::string_view::npos;
    const std::string_view piece = input.substr(0, end);
    input.remove_prefix(complete ? end + 1 : input.size());
    if (skipping_) {
      if (complete) ++number_;
      skipping_ = !complete;
      continue;
    }
    if (partial_.size() + piece.size() > line_size_max_) {
      partial_.clear();
      skipping_ = !complete;
      if (complete) ++number_;
      return TooLong{complete ? number_ : number_ + 1};
    }
    if (complete && partial_.empty()) {
      const Step step = end_line(push::PaddedText::promise(piece));
      if (!std::holds_alternative<dunlin::NeedInput>(step)) return step;
      continue;
    }
    partial_.append(piece);
    if (!complete) break;
    clear_partial_ = true;
    const Step step = end_line(push::PaddedText::of(partial_));
    if (!std::holds_alternative<dunlin::NeedInput>(step)) return step;
  }
  return dunlin::NeedInput{};
}

LineSplitter::Step LineSplitter::finish() {
  if (skipping_ || clear_partial_ || partial_.empty()) return dunlin::NeedInput{};
  clear_partial_ = true;
  return end_line(push::PaddedText::of(partial_));
}

LineSplitter::Step LineSplitter::end_line(push::PaddedText line) {
  ++number_;
  if (is_blank(line.view())) return dunlin::NeedInput{};
  return Line{line, number_};
}

}  // namespace api
