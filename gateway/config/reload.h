// What a changed configuration means for a gateway that runs: which keys take effect now, which
// wait for a restart, and the configuration that is in force meanwhile.
//
// Which key is which stands in the schema (global_settings.cc, profile_settings.cc) and in
// deploy/dunlin.reference.toml. Profiles are matched by name:
//   - a changed profile rules the connections that are opened from then on;
//   - an added profile takes effect now;
//   - a removed profile stays until a restart, since connections live under it.
// A profile's index therefore never changes while a process runs: added ones follow the old ones.
//
// Owner: free functions over values.   Thread: any.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "gateway/config/config.h"
#include "gateway/config/config_error.h"

namespace config {

enum class TakesEffect : std::uint8_t { kNow, kForNewConnections, kAfterRestart };

struct ReloadNote {
  std::string key;     // "log.level", "profiles.chat.room", or "profiles.chat" as a whole.
  std::string before;  // As TOML; "(hidden)" for secrets; empty for a profile that was added.
  std::string after;   // The same; empty for a profile that was removed.
  TakesEffect takes_effect = TakesEffect::kNow;
};

// `log.level: "info" -> "debug" (now)`
[[nodiscard]] std::string to_string(const ReloadNote& note);

// One note for each key that differs, in the schema's order; none when nothing differs.
[[nodiscard]] std::vector<ReloadNote> compare_for_reload(const Config& old_config,
                                                         const Config& new_config);

// New values for keys that can be reloaded, old values for the rest. Each of the two may be sound
// and the mixture not: removing api.keys together with a move of api.listen to loopback would leave
// an open API until the restart. Such a reload is refused with the reasons; the old one then stays.
[[nodiscard]] std::expected<Config, std::vector<ConfigError>> merge_reloadable(
    const Config& old_config, const Config& new_config);

}  // namespace config
