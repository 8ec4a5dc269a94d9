// The gateway's answers to questions, as JSON.
#pragma once

#include <string>

#include "gateway/api/api_error.h"
#include "gateway/api/dispatcher.h"

namespace api {

// Appends the body and returns the status. `single_connection`: the question was about one, so that
// nothing found is an error.
int append_query_answer(std::string& body, const Answer& answer, bool single_connection);

[[nodiscard]] ApiError no_such_connection();

}  // namespace api
