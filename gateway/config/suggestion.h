// "did you mean …": the known word nearest to a mistyped one.
//
// Owner: free functions.   Thread: any.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace config {

// Ready to be appended to a message: `; did you mean "api.listen"?`, or empty when nothing is near.
// A candidate that ends in the same part after its last '.' is nearer than any misspelling: the
// key was put in the wrong table. Bound: words of more than 128 bytes get no suggestion.
[[nodiscard]] std::string suggestion_for(std::string_view word,
                                         std::span<const std::string> candidates);

}  // namespace config
