#include "gateway/config/toml_source.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "gateway/config/schema.h"
#include "gateway/config/suggestion.h"
#include "gateway/config/text_checks.h"
#include "gateway/config/value.h"

namespace config {
namespace {

Location location_in(const std::string& name, const toml::source_region& region) {
  return {.source = name, .line = region.begin.line, .column = region.begin.column};
}

RawValue list_or_other(const toml::array& array) {
  std::vector<std::string> items;
  for (const toml::node& node : array) {
    const auto* text = node.as_string();
    if (text == nullptr) return OtherType{"a list of other things than texts"};
    items.push_back(text->get());
  }
  return items;
}

RawValue raw_value(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::boolean:
      return node.as_boolean()->get();
    case toml::node_type::integer:
      return node.as_integer()->get();
    case toml::node_type::string:
      return node.as_string()->get();
    case toml::node_type::array:
      return list_or_other(*node.as_array());
    case toml::node_type::floating_point:
      return OtherType{"a number with a fraction"};
    case toml::node_type::table:
      return OtherType{"a table"};
    default:
      return OtherType{"a date or time"};
  }
}

// Flattens one parsed file. Lives within read_toml().
class Flattening {
 public:
  explicit Flattening(const std::string& name) : name_(name) {}

  TomlContents run(const toml::table& root) {
    for (const auto& [key, node] : root) read_top(key, node);
    // toml++ sorts keys by name; errors and profiles should come as they stand in the file.
    const auto by_position = [](const Location& where) {
      return std::tuple(where.line, where.column);
    };
    std::ranges::stable_sort(contents_.profiles, {},
                             [&](const auto& item) { return by_position(item.where); });
    std::ranges::stable_sort(contents_.assignments, {},
                             [&](const auto& item) { return by_position(item.where); });
    return std::move(contents_);
  }

 private:
  void read_top(const toml::key& key, const toml::node& node) {
    const bool known =
        key.str() == kProfilesTable ||
        std::ranges::find(global_tables(), key.str(), &Table::name) != global_tables().end();
    const auto* table = node.as_table();
    if (known && table == nullptr) {
      report(key, std::string(key.str()), fmt::format("expected a table [{}]", key.str()));
    } else if (known && key.str() == kProfilesTable) {
      for (const auto& [name, profile] : *table) read_profile(name, profile);
    } else if (known) {
      read_table(std::string(key.str()), *table);
    } else if (table != nullptr) {
      report(key, std::string(key.str()), "unknown table" + table_suggestion(key.str()));
    } else {
      assign(std::string(key.str()), key, node);
    }
  }

  void read_profile(const toml::key& key, const toml::node& node) {
    const std::string name(key.str());
    const auto* table = node.as_table();
    if (auto complaint = check_profile_name(name)) {
      report(key, std::string(kProfilesTable),
             fmt::format("{}, got {}", *complaint, in_quotes(name)));
    } else if (table == nullptr) {
      report(key, "profiles." + name, fmt::format("expected a table [profiles.{}]", name));
    } else {
      contents_.profiles.push_back({name, location_in(name_, key.source())});
      read_table("profiles." + name, *table);
    }
  }

  void read_table(const std::string& prefix, const toml::table& table) {
    for (const auto& [key, node] : table) {
      assign(fmt::format("{}.{}", prefix, key.str()), key, node);
    }
  }

  void assign(std::string name, const toml::key& key, const toml::node& node) {
    contents_.assignments.push_back(
        {std::move(name), raw_value(node), location_in(name_, key.source())});
  }

  void report(const toml::key& key, std::string name, std::string message) {
    contents_.errors.push_back(
        {location_in(name_, key.source()), std::move(name), std::move(message)});
  }

  static std::string table_suggestion(std::string_view name) {
    std::vector<std::string> tables{std::string(kProfilesTable)};
    for (const Table& table : global_tables()) tables.emplace_back(table.name);
    return suggestion_for(name, tables);
  }

  const std::string& name_;
  TomlContents contents_;
};

}  // namespace

TomlContents read_toml(std::string_view text, const std::string& name) {
  try {
    return Flattening(name).run(toml::parse(text));
  } catch (const toml::parse_error& error) {
    // Debian's toml++ is built to throw; the exception ends here.
    TomlContents contents{.is_toml = false};
    contents.errors.push_back(
        // The parser repeats pieces of the text.
        {location_in(name, error.source()), "", printable(std::string(error.description()))});
    return contents;
  }
}

}  // namespace config
