#include "gateway/cross/reloads.h"

namespace cross {

std::string_view name_of(ReloadResult result) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(ReloadResult::kCount)>
      kNames = {"applied", "bad_configuration", "bad_certificates", "bad_token_keys"};
  return kNames[static_cast<std::size_t>(result)];
}

}  // namespace cross
