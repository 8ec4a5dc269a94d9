// Makes a Config out of everything that may speak: flags, then environment, then file, then the
// shipped default; the first of these to name a key wins. Collects every error, not only the first.
//
// A file with any [profiles.NAME] table replaces all shipped profiles: what a file says is all
// there is, and a profile's unnamed keys have the defaults of config.h, not those of a shipped
// profile of the same name. Environment and flags change profiles that exist; they cannot make one.
// An empty file is refused: it is one that is being written, more likely than a wish for everything
// that is shipped.
//
// Owner: free functions over values.   Thread: any; read_environment() before threads are started.
// Bound: a configuration file has at most 1 MiB.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/config/config.h"
#include "gateway/config/config_error.h"
#include "gateway/config/rules.h"

namespace config {

// Names and values of variables. A variable DUNLIN_<TABLE>_<KEY> sets that key, in upper case, such
// as DUNLIN_API_LISTEN or DUNLIN_PROFILES_CHAT_QUEUE_SIZE_MAX ('-' in a profile's name is '_');
// items of a list are separated by commas. DUNLIN_CONFIG names the file. Other names are ignored,
// and so are those Kubernetes makes up for a service called dunlin (DUNLIN_SERVICE_HOST, …).
using Environment = std::map<std::string, std::string>;

// Reads the files that a sound configuration names; what is wrong with them.
using CheckFiles = std::function<std::vector<Finding>(const Config&)>;

// A key given on the command line; the last one for a key wins.
struct Override {
  std::string key;    // "api.listen", "profiles.chat.queue_size_max".
  std::string value;  // As in the environment.
  std::string flag;   // What errors call it: "--api", "--set api.listen".
};

struct Sources {
  std::optional<std::string> file;  // Read from disk; without it DUNLIN_CONFIG, if that is set.
  std::optional<std::string> text;  // Used in place of the file's contents; `file` only names it.
  Environment environment;
  std::vector<Override> overrides;
  std::vector<std::string> reserved_paths;  // Paths of pages; no profile may have one of them.
  bool read_key_files = true;               // Those of auth.keys, into Config::token_keys.
  CheckFiles check_files;                   // The others; may be empty.
};

[[nodiscard]] std::expected<Config, std::vector<ConfigError>> load(const Sources& sources);

// What messages call the configuration: the file's name, or "shipped configuration".
[[nodiscard]] std::string name_of(const Sources& sources);

// The variables of this process whose names start with DUNLIN_.
[[nodiscard]] Environment read_environment();

}  // namespace config
