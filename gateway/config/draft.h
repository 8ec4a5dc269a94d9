// A Config in the making: takes what the sources say, one key after the other, and remembers where
// each key was said and what was wrong.
//
// Owner: load().   Thread: the caller's.   Bound: kProfilesMax profiles.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/config.h"
#include "gateway/config/config_error.h"
#include "gateway/config/value.h"

namespace config {

// A source's word on one key.
struct Assignment {
  std::string key;  // "api.listen", "profiles.chat.room".
  RawValue value;
  Location where;
};

class Draft {
 public:
  // Enough for any site; each costs a look-up table entry and a set of metrics.
  static constexpr std::size_t kProfilesMax = 256;

  void clear_profiles();
  void add_profile(std::string name, Location where);

  // A bad value or an unknown key becomes an error; the key then keeps what it had.
  void assign(const Assignment& assignment);

  // An error about a key that already has one is not added: it would follow from the first.
  void report(ConfigError error);

  // Where the key, or else the profile it belongs to, was said last; `otherwise` if nowhere.
  [[nodiscard]] Location location_of(const std::string& key, const Location& otherwise) const;

  [[nodiscard]] bool has_failed(const std::string& key) const { return failed_keys_.contains(key); }
  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] const std::vector<ConfigError>& errors() const { return errors_; }

 private:
  void assign_global(const Assignment& assignment);
  void assign_in_profile(const Assignment& assignment);
  template <class Owner>
  void assign_to(Owner& owner, const BoundSetting<Owner>& setting, const Assignment& assignment);

  Config config_;
  std::map<std::string, Location, std::less<>> locations_;
  std::set<std::string, std::less<>> failed_keys_;
  std::vector<ConfigError> errors_;
};

}  // namespace config
