// NDJSON lines: however a stream is cut, and whatever stands behind a piece, the lines are those
// that a plain split finds, with the same numbers.
#include "gateway/api/line_splitter.h"
#include "tests/fuzz/text.h"

namespace {

using Lines = std::vector<std::string>;

constexpr std::size_t kLineSizeMax = 20;

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

Lines plain_split(std::string_view text) {
  Lines lines;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = fuzz::take_until(text, '\n');
    if (line.size() > kLineSizeMax) {
      lines.push_back(std::to_string(number) + " too long");
    } else if (!is_blank(line)) {
      lines.push_back(std::to_string(number) + ":" + std::string(line));
    }
  }
  return lines;
}

bool add(Lines& lines, const api::LineSplitter::Step& step) {
  if (const auto* line = std::get_if<api::LineSplitter::Line>(&step)) {
    lines.push_back(std::to_string(line->number) + ":" + std::string(line->text.view()));
    return true;
  }
  if (const auto* too_long = std::get_if<api::LineSplitter::TooLong>(&step)) {
    lines.push_back(std::to_string(too_long->number) + " too long");
    return true;
  }
  return false;
}

Lines run(const std::vector<fuzz::Piece>& pieces) {
  api::LineSplitter splitter(kLineSizeMax);
  Lines lines;
  for (const fuzz::Piece& piece : pieces) {
    const fuzz::PaddedBlock block(dunlin::as_string_view(piece), '\n');
    std::string_view input = block.text().view();
    while (add(lines, splitter.next(input))) {
    }
    fuzz::require(input.empty());
  }
  add(lines, splitter.finish());
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto pieces = fuzz::pieces_of({data, size});
  if (pieces.empty()) return 0;
  const auto whole = fuzz::joined(pieces);
  const Lines expected = plain_split(dunlin::as_string_view(whole.front()));
  fuzz::require(run(whole) == expected);
  fuzz::require(run(pieces) == expected);
  fuzz::require(run(fuzz::in_single_bytes(pieces)) == expected);
  return 0;
}
