# Writes OUTPUT, a C++ source with the file INPUT as a string: cmake -DINPUT=… -DOUTPUT=… -P embed.cmake
file(SIZE ${INPUT} size)
file(READ ${INPUT} bytes HEX)
# One literal a line of 32 bytes: every byte escaped, so that no byte can mean anything.
string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
string(REPEAT "...." 32 line)
string(REGEX REPLACE "(${line})" "\\1\"\n    \"" bytes "${bytes}")

file(WRITE ${OUTPUT} "// Made by gateway/api/embed.cmake.
#include \"gateway/api/openapi.h\"

namespace api {

static constexpr char kText[] =
    \"${bytes}\";

std::string_view openapi_json() { return {kText, ${size}}; }

}  // namespace api
")
